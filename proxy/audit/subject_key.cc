#include "proxy/audit/subject_key.h"

#include <charconv>

#include "parser/names/type_oids.h"

namespace pgconsent::audit {

namespace {

constexpr std::size_t uuid_length = 36;

bool is_dash(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<SubjectKey> uuid(std::string_view text, std::string& scratch) {
  if (text.size() != uuid_length) return {};
  scratch.clear();
  for (std::size_t i = 0; i < text.size();) {
    if (is_dash(i)) {
      if (text[i++] != '-') return {};
      continue;
    }
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return {};
    scratch.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return SubjectKey{SubjectKey::Type::uuid, 0, scratch};
}

// Without a plus, leading zeros, or -0: what the server prints.
std::optional<std::int64_t> whole_number(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits.size() > 19 || (digits[0] == '0' && text.size() > 1)) return {};
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = bytes[0] & 0x80 ? ~std::uint64_t{0} : 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<SubjectKey> key_of_text(std::string_view text, std::string& scratch) {
  if (const auto value = whole_number(text)) return SubjectKey{SubjectKey::Type::integer, *value, {}};
  if (auto key = uuid(text, scratch)) return key;
  if (text.empty() || text.size() > max_subject_key) return {};
  return SubjectKey{SubjectKey::Type::text, 0, text};
}

std::optional<SubjectKey> key_of_binary(std::uint32_t type, std::string_view bytes, std::string& scratch) {
  switch (type) {
    case parser::smallint_oid:
    case parser::integer_oid:
    case parser::bigint_oid:
      if (bytes.size() != (type == parser::smallint_oid ? 2u : type == parser::integer_oid ? 4u : 8u))
        return {};
      return SubjectKey{SubjectKey::Type::integer, big_endian(bytes), {}};
    case parser::oid_oid:
      if (bytes.size() != 4) return {};
      return SubjectKey{SubjectKey::Type::integer, big_endian(bytes) & 0xffffffff, {}};
    case parser::uuid_oid:
      if (bytes.size() != 16) return {};
      return SubjectKey{SubjectKey::Type::uuid, 0, bytes};
    case parser::name_oid:
    case parser::text_oid:
    case parser::bpchar_oid:
    case parser::varchar_oid:
      return key_of_text(bytes, scratch);
    default:
      return {};
  }
}

std::string text_of(const SubjectKey& key) {
  switch (key.type) {
    case SubjectKey::Type::integer:
      return std::to_string(key.integer);
    case SubjectKey::Type::text:
      return std::string(key.bytes);
    case SubjectKey::Type::uuid:
      break;
  }
  std::string text;
  for (const char c : key.bytes) {
    if (is_dash(text.size())) text.push_back('-');
    text.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
    text.push_back("0123456789abcdef"[c & 15]);
  }
  return text;
}

}  // namespace pgconsent::audit
