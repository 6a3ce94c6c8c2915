#include "proxy/consent/siphash.h"

#include <bit>
#include <cstring>
#include <random>

namespace pgconsent::consent {

namespace {

static_assert(std::endian::native == std::endian::little);

class State {
 public:
  explicit State(const HashSecret& secret)
      : v0_(secret.first ^ 0x736f6d6570736575),
        v1_(secret.second ^ 0x646f72616e646f6d ^ 0xee),
        v2_(secret.first ^ 0x6c7967656e657261),
        v3_(secret.second ^ 0x7465646279746573) {}

  void absorb(std::uint64_t word) {
    v3_ ^= word;
    rounds(2);
    v0_ ^= word;
  }

  std::uint64_t squeeze(bool first) {
    (first ? v2_ : v1_) ^= first ? 0xee : 0xdd;
    rounds(4);
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0_ += v1_, v1_ = std::rotl(v1_, 13), v1_ ^= v0_, v0_ = std::rotl(v0_, 32);
      v2_ += v3_, v3_ = std::rotl(v3_, 16), v3_ ^= v2_;
      v0_ += v3_, v3_ = std::rotl(v3_, 21), v3_ ^= v0_;
      v2_ += v1_, v1_ = std::rotl(v1_, 17), v1_ ^= v2_, v2_ = std::rotl(v2_, 32);
    }
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace

HashSecret HashSecret::random() {
  std::random_device device;
  auto word = [&] { return std::uint64_t{device()} << 32 | device(); };
  HashSecret secret;
  secret.first = word();
  secret.second = word();
  return secret;
}

Hash128 siphash(const HashSecret& secret, std::string_view bytes) {
  State state(secret);
  std::uint64_t last = std::uint64_t{bytes.size()} << 56;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    state.absorb(word);
  }
  std::uint64_t tail = 0;
  if (!bytes.empty()) std::memcpy(&tail, bytes.data(), bytes.size());
  state.absorb(last | tail);
  Hash128 hash;
  hash.low = state.squeeze(true);
  hash.high = state.squeeze(false);
  return hash;
}

}  // namespace pgconsent::consent
