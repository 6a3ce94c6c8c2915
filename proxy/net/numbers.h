// What the admin listener shows: gathered from the workers' counters and what they share. Private to
// proxy/net.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/admin/sources.h"
#include "proxy/net/shared.h"

namespace pgconsent::net {

class Worker;

// Any thread, as long as the workers exist.
admin::Numbers measure(const Shared& shared, const std::vector<std::unique_ptr<Worker>>& workers);
// Why no traffic should be sent here.
std::vector<std::string> problems(const Shared& shared);

}  // namespace pgconsent::net
