#include "proxy/audit/signing.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "proxy/audit/chain.h"

namespace pgconsent::audit {

namespace {

constexpr std::size_t signature_bytes = 64, signature_base64 = 88, id_digits = 16;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

int no_passphrase(char*, int, int, void*) {
  return 0;  // instead of asking on the terminal
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string key_id(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  Hasher hasher;
  Digest digest;
  const bool done =
      hasher.digest({std::string_view(reinterpret_cast<char*>(der), static_cast<std::size_t>(size))}, digest);
  OPENSSL_free(der);
  return done ? to_hex(digest).substr(0, id_digits) : std::string();
}

}  // namespace

void Key::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

std::string Key::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string pem{std::istreambuf_iterator<char>(in), {}};
  if (!in || pem.empty()) return "can't read the key " + file.string();
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  private_ = pem.find("PRIVATE KEY") != std::string::npos;
  key_.reset(private_ ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                      : PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
  if (key_ == nullptr || EVP_PKEY_get_base_id(key_.get()) != EVP_PKEY_ED25519) {
    key_.reset();
    return file.string() + " is not an Ed25519 key in PEM without a passphrase";
  }
  id_ = key_id(key_.get());
  return id_.empty() ? "OpenSSL can't use the key " + file.string() : std::string();
}

std::string Key::sign(std::string_view text) const {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  unsigned char signature[signature_bytes];
  std::size_t size = sizeof signature;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature, &size, bytes, text.size()) != 1) {
    return {};
  }
  std::string out(signature_base64 + 1, '\0');  // OpenSSL ends it with a NUL
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), signature, static_cast<int>(size));
  out.pop_back();
  return out;
}

bool Key::verify(std::string_view text, std::string_view signature) const {
  if (key_ == nullptr || signature.size() != signature_base64) return false;
  unsigned char raw[signature_base64];
  const int size = EVP_DecodeBlock(raw, reinterpret_cast<const unsigned char*>(signature.data()),
                                   static_cast<int>(signature.size()));
  if (size < static_cast<int>(signature_bytes)) return false;
  // Several texts decode to the same bytes: only one of them is what was written.
  char again[signature_base64 + 1];
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(again), raw, signature_bytes);
  if (signature != std::string_view(again, signature_base64)) return false;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), raw, signature_bytes,
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

std::string generate_key(const std::filesystem::path& file, std::string& public_pem) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
                                                          EVP_PKEY_free);
  Bio pem(BIO_new(BIO_s_mem()), BIO_free), half(BIO_new(BIO_s_mem()), BIO_free);
  if (key == nullptr || pem == nullptr || half == nullptr ||
      PEM_write_bio_PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_PUBKEY(half.get(), key.get()) != 1) {
    return "OpenSSL can't make a key";
  }
  const std::string text = text_of(pem.get());
  public_pem = text_of(half.get());
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return "can't create " + file.string() + ": " + std::strerror(errno);
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const std::string why = std::strerror(errno);
  ::close(fd);
  return written ? std::string() : "can't write " + file.string() + ": " + why;
}

}  // namespace pgconsent::audit
