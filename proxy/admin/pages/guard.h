// What every reply carries and every request must, against forged requests and foreign content. Private.
#pragma once

#include <string>

#include "proxy/admin/pages/http.h"

namespace pgconsent::pages {

// Content-Security-Policy and its companions.
void add_protection(Reply& reply, bool secure);
// Set-Cookie; an empty value takes it away.
std::string cookie(std::string_view name, std::string_view value, bool secure);
// With TLS a browser takes these names for nobody's but this very host's.
std::string session_cookie_name(bool secure);
std::string sign_in_cookie_name(bool secure);

// A POST that another site made the browser send. (Each form has a token, too.)
bool is_foreign(const Request& request);
// Without TLS only the machine itself is served, by a name that means it: else another site's name that
// resolves to it could speak with it.
bool is_own_host(const Request& request);
// Where to go after signing in: a path of these pages, or the overview.
std::string safe_next(std::string_view given);

}  // namespace pgconsent::pages
