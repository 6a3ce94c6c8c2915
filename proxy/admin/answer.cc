#include "proxy/admin/answer.h"

#include <boost/beast/http/rfc7230.hpp>

#include "proxy/admin/metrics.h"

namespace pgconsent::admin {

namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";

Response page(http::status status, std::string body, const char* type = plain_text) {
  Response response(status, 11);
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.body() = std::move(body);
  return response;
}

std::string said(http::status status) {
  return std::string(http::obsolete_reason(status)) + "\n";
}

Response ready(const Sources& sources) {
  std::string text;
  for (const std::string& problem : sources.problems()) text += problem + "\n";
  if (text.empty()) return page(http::status::ok, "ready\n");
  return page(http::status::service_unavailable, std::move(text));
}

std::string_view view(boost::core::string_view text) {
  return {text.data(), text.size()};
}

std::string_view path_of(const Request& request) {
  const std::string_view target = view(request.target());
  return target.substr(0, target.find('?'));
}

Response page_for(const Request& request, const Sources& sources) {
  const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
  const std::string_view path = path_of(request);
  if (!is_open_path(request)) return page(http::status::not_found, said(http::status::not_found));
  if (!reads) {
    Response response = page(http::status::method_not_allowed, said(http::status::method_not_allowed));
    response.set(http::field::allow, "GET, HEAD");
    return response;
  }
  if (path == "/metrics") return page(http::status::ok, to_metrics(sources.numbers()), metrics_type);
  if (path == "/ready") return ready(sources);
  return page(http::status::ok, "alive\n");
}

// What every answer needs to fit its request.
Response finished(const Request& request, Response response) {
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.content_length(response.body().size());
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

}  // namespace

bool is_open_path(const Request& request) {
  const std::string_view path = path_of(request);
  return path == "/metrics" || path == "/health" || path == "/ready";
}

Response answer(const Request& request, const Sources& sources) {
  return finished(request, page_for(request, sources));
}

Response failure(http::status status) {
  Response response = page(status, said(status));
  response.keep_alive(false);
  response.content_length(response.body().size());
  return response;
}

std::optional<pages::Request> to_page_request(const Request& request, std::string address, bool secure) {
  pages::Request out;
  switch (request.method()) {
    case http::verb::get:
    case http::verb::head:
      out.method = pages::Method::get;
      break;
    case http::verb::post:
      out.method = pages::Method::post;
      break;
    default:
      return std::nullopt;
  }
  const std::string_view target = view(request.target()), path = path_of(request);
  auto decoded = pages::decode_path(path);
  if (!decoded || !decoded->starts_with('/')) return std::nullopt;
  out.path = *std::move(decoded);
  if (path.size() < target.size()) out.query = pages::parse_urlencoded(target.substr(path.size() + 1));
  if (out.method == pages::Method::post) {
    if (!view(request[http::field::content_type]).starts_with("application/x-www-form-urlencoded"))
      return std::nullopt;
    out.form = pages::parse_urlencoded(request.body());
  }
  out.cookies = pages::parse_cookies(view(request[http::field::cookie]));
  out.host = view(request[http::field::host]);
  out.origin = view(request[http::field::origin]);
  out.fetch_site = view(request["Sec-Fetch-Site"]);
  out.address = std::move(address);
  out.secure = secure;
  return out;
}

Response to_response(const Request& request, pages::Reply reply) {
  Response response(static_cast<http::status>(reply.status), 11);
  response.set(http::field::content_type, reply.type);
  for (const auto& [name, value] : reply.headers) response.insert(name, value);
  response.body() = std::move(reply.body);
  return finished(request, std::move(response));
}

}  // namespace pgconsent::admin
