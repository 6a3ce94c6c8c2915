#include "proxy/audit/chain.h"

#include <openssl/evp.h>

#include <algorithm>

namespace pgconsent::audit {

namespace {

void append_hex(const Digest& digest, char* out) {
  for (std::size_t i = 0; i < digest.size(); ++i) {
    out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
}

}  // namespace

std::string to_hex(const Digest& digest) {
  std::string out(2 * digest.size(), '0');
  append_hex(digest, out.data());
  return out;
}

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  if (context_ != nullptr && EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(context_);
    context_ = nullptr;
  }
}

Hasher::~Hasher() {
  EVP_MD_CTX_free(context_);
}

bool Hasher::digest(std::initializer_list<std::string_view> parts, Digest& out) {
  // A null type keeps the digest that the context was set up with: no lookup per record.
  if (context_ == nullptr || EVP_DigestInit_ex2(context_, nullptr, nullptr) != 1) return false;
  for (std::string_view part : parts) {
    if (EVP_DigestUpdate(context_, part.data(), part.size()) != 1) return false;
  }
  return EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1;
}

bool Hasher::hash(std::string_view body, HexHash& out) {
  Digest result;
  if (!digest({body}, result)) return false;
  append_hex(result, out.data());
  return true;
}

bool Hasher::fits(const Line& line) {
  Digest result;
  if (!digest({line.text.substr(0, line.text.size() - hash_field_size), "}"}, result)) return false;
  HexHash hash;
  append_hex(result, hash.data());
  return line.hash == view(hash);
}

StreamHash::StreamHash() : context_(EVP_MD_CTX_new()) {
  if (context_ != nullptr) EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr);
}

StreamHash::~StreamHash() {
  EVP_MD_CTX_free(context_);
}

bool StreamHash::update(std::string_view bytes) {
  return context_ != nullptr && EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
}

std::string StreamHash::finish() {
  Digest digest;
  return context_ != nullptr && EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1 ? to_hex(digest)
                                                                                          : std::string();
}

void append_hash(std::string& out, const HexHash& hash) {
  out.pop_back();
  out.append(hash_key).append(view(hash)).append("\"}\n");
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
