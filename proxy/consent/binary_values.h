// PostgreSQL's binary formats, as far as a consent store needs them: read straight through, checked once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/consent/record.h"

namespace pgconsent::consent {

class BinaryCursor {
 public:
  explicit BinaryCursor(std::string_view bytes) : rest_(bytes) {}

  bool is_good() const { return is_good_; }
  bool is_at_end() const { return rest_.empty(); }

  void skip(std::size_t count) { take(count); }
  std::int16_t int16() { return static_cast<std::int16_t>(number(2)); }
  std::int32_t int32() { return static_cast<std::int32_t>(number(4)); }
  std::int64_t int64() { return static_cast<std::int64_t>(number(8)); }
  // A length and so many bytes; NULL is the length -1.
  std::optional<std::string_view> value() {
    const std::int32_t length = int32();
    if (length == -1) return {};
    if (length < 0) is_good_ = false;
    return take(length < 0 ? 0 : static_cast<std::size_t>(length));
  }

 private:
  std::string_view take(std::size_t count) {
    if (rest_.size() < count) {
      is_good_ = false;
      rest_ = {};
      return {};
    }
    std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (char c : take(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

inline std::optional<std::int64_t> binary_int64(std::string_view bytes) {
  BinaryCursor cursor(bytes);
  const std::int64_t value = cursor.int64();
  if (!cursor.is_good() || !cursor.is_at_end()) return {};
  return value;
}

// timestamptz: microseconds since 2000; the ends of the range are the infinities.
inline std::optional<Time> binary_time(std::string_view bytes) {
  constexpr Time epoch = 946'684'800'000'000;
  std::optional<std::int64_t> value = binary_int64(bytes);
  if (value && *value != always && *value != never) *value += epoch;
  return value;
}

// Calls `element(subscript, value)` for each element of an array; false unless it has one dimension.
template <class Element>
bool read_array(std::string_view bytes, Element element) {
  BinaryCursor cursor(bytes);
  const std::int32_t dimensions = cursor.int32();
  cursor.skip(8);  // has nulls, element type
  if (dimensions == 0) return cursor.is_good() && cursor.is_at_end();
  const std::int32_t count = cursor.int32();
  const std::int32_t first = cursor.int32();
  if (dimensions != 1) return false;
  for (std::int64_t i = 0; i < count && cursor.is_good(); ++i) element(first + i, cursor.value());
  return cursor.is_good() && cursor.is_at_end();
}

}  // namespace pgconsent::consent
