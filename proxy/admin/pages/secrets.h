// Tokens for cookies and forms. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace pgconsent::pages {

// 256 random bits as 43 characters of base64url; empty when the system has no randomness: nothing may rest on
// it.
std::string random_token();
// HMAC-SHA-256, likewise 43 characters.
std::string keyed_digest(std::string_view key, std::string_view text);
// SHA-256 in lower-case hex.
std::string digest(std::string_view text);
// In time that only the length of `given` tells. Never true of empty texts.
bool same_secret(std::string_view expected, std::string_view given);

}  // namespace pgconsent::pages
