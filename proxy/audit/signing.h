// Ed25519 signatures (RFC 8032) by OpenSSL, of checkpoints and of what retention removes.
// `openssl genpkey -algorithm ed25519 -out audit.key` makes a key, `openssl pkey -in audit.key -pubout` its
// public half. Not thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace pgconsent::audit {

class Key {
 public:
  Key() = default;
  Key(Key&&) = default;
  Key& operator=(Key&&) = default;

  // A PEM file with the private key, or only the public one. An error text, empty when fine.
  std::string load(const std::filesystem::path& file);
  explicit operator bool() const { return key_ != nullptr; }
  bool is_private() const { return private_; }
  // The first 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER).
  const std::string& id() const { return id_; }

  // Base64; empty when OpenSSL failed. REQUIRES: is_private()
  std::string sign(std::string_view text) const;
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  std::unique_ptr<evp_pkey_st, Free> key_;
  bool private_ = false;
  std::string id_;
};

// A new private key as PEM, mode 0600; never overwrites. `public_pem` is its public half. An error text,
// empty when fine.
std::string generate_key(const std::filesystem::path& file, std::string& public_pem);

}  // namespace pgconsent::audit
