// SQL identifiers and literals as generated text. Names are always in catalog form (folded, unquoted).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgconsent::parser {

using Oid = std::uint32_t;      // 0 is PostgreSQL's InvalidOid
inline constexpr Oid first_user_oid = 16384;  // FirstNormalObjectId: what is below came with the server
using AttrNumber = std::int16_t;  // pg_attribute.attnum; system columns are negative

struct QualifiedName {
  std::string schema;  // empty: not qualified
  std::string name;
  auto operator<=>(const QualifiedName&) const = default;
};

// Always in double quotes, so that no keyword list is needed: email -> "email".
std::string quote_identifier(std::string_view name);
void append_identifier(std::string& out, std::string_view name);

// "schema"."name"
std::string quote_qualified(const QualifiedName& name);

// 'text' for standard_conforming_strings = on; a backslash needs no escape there.
std::string quote_literal(std::string_view text);

}  // namespace pgconsent::parser
