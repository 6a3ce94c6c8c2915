#include "proxy/audit/chain.h"

#include <openssl/evp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pgconsent::audit {

namespace {
constexpr std::string_view hash_key = ",\"hash\":\"";
constexpr std::size_t hash_field = hash_key.size() + 64 + 2;  // with the closing "}
}  // namespace

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  if (context_ != nullptr && EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(context_);
    context_ = nullptr;
  }
}

Hasher::~Hasher() {
  EVP_MD_CTX_free(context_);
}

bool Hasher::hash(std::string_view body, HexHash& out) {
  unsigned char digest[32];
  // A null type keeps the digest that the context was set up with: no lookup per record.
  if (context_ == nullptr || EVP_DigestInit_ex2(context_, nullptr, nullptr) != 1 ||
      EVP_DigestUpdate(context_, body.data(), body.size()) != 1 ||
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

std::optional<ChainEnd> read_line(std::string_view line, Hasher& hasher) {
  if (line.size() <= hash_field || line.substr(line.size() - hash_field, hash_key.size()) != hash_key)
    return {};
  std::string body(line.substr(0, line.size() - hash_field));
  body.push_back('}');
  ChainEnd end;
  if (!hasher.hash(body, end.hash) || line.substr(line.size() - 66, 64) != view(end.hash)) return {};
  nlohmann::json record = nlohmann::json::parse(body, nullptr, false);
  if (!record.is_object() || !record.contains("id") || !record["id"].is_number_unsigned()) return {};
  end.id = record["id"].get<std::uint64_t>();
  return end;
}

}  // namespace pgconsent::audit
