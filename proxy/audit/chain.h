// The hash chain over the records (README): SHA-256 of each line without its hash field.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/audit/line.h"

struct evp_md_ctx_st;

namespace pgconsent::audit {

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
  bool hash(std::string_view body, HexHash& out, std::string_view end = {});
  // Is the line's hash the one of its text?
  bool fits(const Line& line);

 private:
  evp_md_ctx_st* context_;
};

// `…}` at `start` of `out` becomes `…,"hash":"…"}` and a newline.
void append_hash(std::string& out, const HexHash& hash);

struct ChainEnd {
  std::uint64_t id = 0;
  HexHash hash{};
};
// The id and hash of a line (without newline), if it is a record whose hash is right.
std::optional<ChainEnd> read_line(std::string_view line, Hasher& hasher);

}  // namespace pgconsent::audit
