// A data subject's key, from what the wire holds to one shape: whole numbers, uuids, and the text of
// everything else. A text that is a whole number or a uuid as the server prints it counts as that, whatever
// its type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgconsent::audit {

inline constexpr std::size_t max_subject_key = 1024;  // longer ones have no number

struct SubjectKey {
  enum class Type : std::uint8_t { integer, uuid, text };
  Type type = Type::integer;
  std::int64_t integer = 0;
  std::string_view bytes;  // uuid: 16 of them; text
  bool operator==(const SubjectKey&) const = default;
};

// Optimised for whole numbers. `scratch` holds a uuid's bytes. Empty for an empty or too long text.
std::optional<SubjectKey> key_of_text(std::string_view text, std::string& scratch);
// PostgreSQL's binary format; `type`: the column's OID. Empty for types whose binary form is not known here.
std::optional<SubjectKey> key_of_binary(std::uint32_t type, std::string_view bytes, std::string& scratch);
// As the server prints it.
std::string text_of(const SubjectKey& key);

}  // namespace pgconsent::audit
