// Throw-away keys and certificates, made once per test run.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace pgconsent::net {

struct Certificate {
  std::filesystem::path certificate, key;
};

// Self-signed: its own CA. `names` as in subjectAltName: "DNS:localhost,IP:127.0.0.1".
inline Certificate make_certificate(const std::filesystem::path& directory, const std::string& name,
                                    const std::string& names) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* x509 = X509_new();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -60);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key);
  X509_NAME* subject = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, subject);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x509, key, EVP_sha256());
  Certificate out{directory / (name + ".crt"), directory / (name + ".key")};
  FILE* file = std::fopen(out.certificate.c_str(), "w");
  PEM_write_X509(file, x509);
  std::fclose(file);
  file = std::fopen(out.key.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(x509);
  EVP_PKEY_free(key);
  return out;
}

struct TestCertificates {
  TestCertificates() {
    char name[] = "/tmp/pgconsent-tls-XXXXXX";
    directory = ::mkdtemp(name);
    server = make_certificate(directory, "server", "DNS:localhost,IP:127.0.0.1");
    client = make_certificate(directory, "client", "DNS:client");
    stranger = make_certificate(directory, "stranger", "DNS:stranger");
  }
  ~TestCertificates() {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  std::filesystem::path directory;
  Certificate server, client, stranger;
};

inline TestCertificates& certificates() {
  static TestCertificates all;
  return all;
}

}  // namespace pgconsent::net
