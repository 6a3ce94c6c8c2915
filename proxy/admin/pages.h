// What is answered to one HTTP request: /metrics, /health, /ready, or an error.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "proxy/admin/sources.h"

namespace pgconsent::admin {

namespace http = boost::beast::http;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response answer(const Request& request, const Sources& sources);
// For a request that could not be read: the connection ends with it.
Response failure(http::status status);

}  // namespace pgconsent::admin
