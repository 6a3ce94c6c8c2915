// The auditors' pages of this proxy: where they find the audit database and the rules in force. Private to
// proxy/net.
#pragma once

#include <memory>

#include "proxy/net/shared.h"

namespace pgconsent::pages {
class Site;
}

namespace pgconsent::net {

// Null without `admin.pages`. `shared` outlives it.
std::shared_ptr<pages::Site> make_pages(const config::Config& config, Shared& shared);

}  // namespace pgconsent::net
