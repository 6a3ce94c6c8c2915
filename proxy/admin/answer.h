// What is answered to one HTTP request: /metrics, /health, /ready, an error; and the pages' replies as
// messages.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>

#include "proxy/admin/pages/http.h"
#include "proxy/admin/sources.h"

namespace pgconsent::admin {

namespace http = boost::beast::http;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

// Is it one of the paths that need no signing in?
bool is_open_path(const Request& request);
// The answer to those; status 404 for others.
Response answer(const Request& request, const Sources& sources);
// For a request that could not be read: the connection ends with it.
Response failure(http::status status);

// As the pages take it; nothing where they can't (a method or a path of no use).
std::optional<pages::Request> to_page_request(const Request& request, std::string address, bool secure);
// Its headers and, unless it is a stream, its body.
Response to_response(const Request& request, pages::Reply reply);

}  // namespace pgconsent::admin
