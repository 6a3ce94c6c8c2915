// The hash chain over the lines (README): SHA-256 of each line without its hash field.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/audit/line.h"

struct evp_md_ctx_st;

namespace pgconsent::audit {

using Digest = std::array<unsigned char, 32>;
std::string to_hex(const Digest& digest);

using HexHash = std::array<char, 64>;
inline std::string_view view(const HexHash& hash) {
  return {hash.data(), hash.size()};
}

// Reuses one digest context; not thread-safe.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  // False when OpenSSL fails, which means that nothing may be recorded.
  bool digest(std::initializer_list<std::string_view> parts, Digest& out);
  bool hash(std::string_view body, HexHash& out);
  // Is the line's hash the one of its text?
  bool fits(const Line& line);

 private:
  evp_md_ctx_st* context_;
};

// SHA-256 of bytes that come in pieces.
class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(const StreamHash&) = delete;
  StreamHash& operator=(const StreamHash&) = delete;
  bool update(std::string_view bytes);
  std::string finish();  // lower-case hex; empty when OpenSSL failed

 private:
  evp_md_ctx_st* context_;
};

// `…}` at `start` of `out` becomes `…,"hash":"…"}` and a newline.
void append_hash(std::string& out, const HexHash& hash);

struct ChainEnd {
  std::uint64_t id = 0;
  HexHash hash{};
};
// The id and hash of a line (without newline), if its hash is right.
std::optional<ChainEnd> read_line(std::string_view line, Hasher& hasher);

}  // namespace pgconsent::audit
