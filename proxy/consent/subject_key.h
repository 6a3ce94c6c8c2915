// A data subject's key in 128 bits. Whole numbers and uuids as they are; texts by a keyed hash, so that a
// table of keys has one shape. Two keys of one kind are equal exactly where PostgreSQL's `=` says so, for
// smallint, integer, bigint, uuid, and text or varchar with a deterministic collation. No other type fits:
// char(n) ignores blanks, citext and nondeterministic collations ignore case, 1.0 = 1 for numeric.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/consent/siphash.h"

namespace pgconsent::consent {

enum class KeyType : std::uint8_t { integer, uuid, text };

using SubjectKey = Hash128;

// What a DataRow holds: PostgreSQL's text or binary format. Empty for bytes that are no value of the type.
std::optional<SubjectKey> key_from_text(KeyType type, const HashSecret& secret, std::string_view text);
std::optional<SubjectKey> key_from_binary(KeyType type, const HashSecret& secret, std::string_view bytes);

inline SubjectKey integer_key(std::int64_t value) {
  return {0, static_cast<std::uint64_t>(value)};
}

}  // namespace pgconsent::consent
