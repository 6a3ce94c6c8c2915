// Reads a message body straight through; an overrun sticks, so that the end is the only place to check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pgconsent::wire {

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::uint32_t load_u32(const char* at) {
  const auto* b = reinterpret_cast<const unsigned char*>(at);
  return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

inline std::uint16_t load_u16(const char* at) {
  const auto* b = reinterpret_cast<const unsigned char*>(at);
  return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
}

class Cursor {
 public:
  explicit Cursor(std::string_view body) : rest_(body) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint16_t u16() { return load_u16(take(2).data()); }
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::uint32_t u32() { return load_u32(take(4).data()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }

  // Exactly `size` bytes; empty after an error.
  std::string_view bytes(std::size_t size) {
    if (failed_ || size > rest_.size()) return fail(), std::string_view{};
    const auto result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }
  // Up to the next NUL, which is consumed.
  std::string_view cstring() {
    const auto end = rest_.find('\0');
    if (failed_ || end == std::string_view::npos) return fail(), std::string_view{};
    const auto result = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return result;
  }
  std::string_view rest() { return bytes(rest_.size()); }

  std::size_t left() const { return failed_ ? 0 : rest_.size(); }
  bool ok() const { return !failed_; }
  bool done() const { return !failed_ && rest_.empty(); }  // all was read, nothing was missing
  void fail() { failed_ = true, rest_ = {}; }

 private:
  std::string_view take(std::size_t size) {
    const auto result = bytes(size);
    return failed_ ? std::string_view("\0\0\0\0", 4) : result;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace pgconsent::wire
