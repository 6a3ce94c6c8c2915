#include "proxy/consent/subject_key.h"

#include <charconv>

namespace pgconsent::consent {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// As the server prints it: 8-4-4-4-12 digits.
std::optional<SubjectKey> uuid_from_text(std::string_view text) {
  if (text.size() != 36) return {};
  SubjectKey key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return {};
      continue;
    }
    int digit = hex_digit(text[i]);
    if (digit < 0) return {};
    key.high = key.high << 4 | key.low >> 60;
    key.low = key.low << 4 | static_cast<unsigned>(digit);
  }
  return key;
}

std::optional<SubjectKey> integer_from_text(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return integer_key(value);
}

std::optional<SubjectKey> integer_from_binary(std::string_view bytes) {
  switch (bytes.size()) {
    case 2:
      return integer_key(static_cast<std::int16_t>(big_endian(bytes)));
    case 4:
      return integer_key(static_cast<std::int32_t>(big_endian(bytes)));
    case 8:
      return integer_key(static_cast<std::int64_t>(big_endian(bytes)));
  }
  return {};
}

}  // namespace

std::optional<SubjectKey> key_from_text(KeyType type, const HashSecret& secret, std::string_view text) {
  switch (type) {
    case KeyType::integer:
      return integer_from_text(text);
    case KeyType::uuid:
      return uuid_from_text(text);
    case KeyType::text:
      return siphash(secret, text);
  }
  return {};
}

std::optional<SubjectKey> key_from_binary(KeyType type, const HashSecret& secret, std::string_view bytes) {
  switch (type) {
    case KeyType::integer:
      return integer_from_binary(bytes);
    case KeyType::uuid:
      if (bytes.size() != 16) return {};
      return SubjectKey{big_endian(bytes.substr(0, 8)), big_endian(bytes.substr(8))};
    case KeyType::text:
      return siphash(secret, bytes);
  }
  return {};
}

}  // namespace pgconsent::consent
