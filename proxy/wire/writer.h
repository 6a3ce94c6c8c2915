// Appends one message to a buffer; the length word is filled in at the end of the writer's life.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgconsent::wire {

inline void store_u32(char* at, std::uint32_t value) {
  at[0] = static_cast<char>(value >> 24), at[1] = static_cast<char>(value >> 16);
  at[2] = static_cast<char>(value >> 8), at[3] = static_cast<char>(value);
}

inline void store_u16(char* at, std::uint16_t value) {
  at[0] = static_cast<char>(value >> 8), at[1] = static_cast<char>(value);
}

class Writer {
 public:
  Writer(std::string& out, char type) : out_(out), length_at_(out.size() + 1) {
    const char header[5] = {type, 0, 0, 0, 0};
    out_.append(header, 5);
  }
  // Packets before the session proper (startup, SSLRequest, …) have no type byte.
  explicit Writer(std::string& out) : out_(out), length_at_(out.size()) { out_.append(4, '\0'); }
  ~Writer() { store_u32(&out_[length_at_], static_cast<std::uint32_t>(out_.size() - length_at_)); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Writer& u8(std::uint8_t value) { return out_.push_back(static_cast<char>(value)), *this; }
  Writer& u16(std::uint16_t value) {
    char bytes[2];
    store_u16(bytes, value);
    return out_.append(bytes, 2), *this;
  }
  Writer& u32(std::uint32_t value) {
    char bytes[4];
    store_u32(bytes, value);
    return out_.append(bytes, 4), *this;
  }
  Writer& bytes(std::string_view value) { return out_.append(value), *this; }
  // REQUIRES: no NUL in `value`.
  Writer& cstring(std::string_view value) { return out_.append(value).push_back('\0'), *this; }

 private:
  std::string& out_;
  std::size_t length_at_;
};

}  // namespace pgconsent::wire
