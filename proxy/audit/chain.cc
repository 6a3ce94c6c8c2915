#include "proxy/audit/chain.h"

#include <openssl/evp.h>

#include <algorithm>

namespace pgconsent::audit {

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  if (context_ != nullptr && EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(context_);
    context_ = nullptr;
  }
}

Hasher::~Hasher() {
  EVP_MD_CTX_free(context_);
}

bool Hasher::hash(std::string_view body, HexHash& out, std::string_view end) {
  unsigned char digest[32];
  // A null type keeps the digest that the context was set up with: no lookup per record.
  if (context_ == nullptr || EVP_DigestInit_ex2(context_, nullptr, nullptr) != 1 ||
      EVP_DigestUpdate(context_, body.data(), body.size()) != 1 ||
      (!end.empty() && EVP_DigestUpdate(context_, end.data(), end.size()) != 1) ||
      EVP_DigestFinal_ex(context_, digest, nullptr) != 1) {
    return false;
  }
  for (std::size_t i = 0; i < sizeof digest; ++i) {
    out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  return true;
}

void append_hash(std::string& out, const HexHash& hash) {
  out.pop_back();
  out.append(hash_key).append(view(hash)).append("\"}\n");
}

bool Hasher::fits(const Line& line) {
  HexHash hash;
  std::string_view body = line.text.substr(0, line.text.size() - hash_field_size);
  return this->hash(body, hash, "}") && line.hash == view(hash);
}

std::optional<ChainEnd> read_line(std::string_view text, Hasher& hasher) {
  const auto line = parse_line(text);
  if (!line || !hasher.fits(*line)) return {};
  ChainEnd end;
  end.id = line->id;
  std::copy(line->hash.begin(), line->hash.end(), end.hash.begin());
  return end;
}

}  // namespace pgconsent::audit
