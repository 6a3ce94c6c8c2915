// A FATAL ErrorResponse of the proxy's own, for the time before a session exists.
#pragma once

#include <string>
#include <string_view>

namespace pgconsent::net {

std::string fatal_response(std::string_view sqlstate, std::string_view message, std::string_view detail = {},
                           std::string_view hint = {});

}  // namespace pgconsent::net
