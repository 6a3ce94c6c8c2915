#include "proxy/admin/pages.h"

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

Response page_for(const Request& request, const Sources& sources) {
  const bool reads = request.method() == http::verb::get || request.method() == http::verb::head;
  std::string_view path(request.target().data(), request.target().size());
  path = path.substr(0, path.find('?'));
  const bool known = path == "/metrics" || path == "/health" || path == "/ready";
  if (!known) return page(http::status::not_found, said(http::status::not_found));
  if (!reads) {
    Response response = page(http::status::method_not_allowed, said(http::status::method_not_allowed));
    response.set(http::field::allow, "GET, HEAD");
    return response;
  }
  if (path == "/metrics") return page(http::status::ok, to_metrics(sources.numbers()), metrics_type);
  if (path == "/ready") return ready(sources);
  return page(http::status::ok, "alive\n");
}

}  // namespace

Response answer(const Request& request, const Sources& sources) {
  Response response = page_for(request, sources);
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.content_length(response.body().size());
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

Response failure(http::status status) {
  Response response = page(status, said(status));
  response.keep_alive(false);
  response.content_length(response.body().size());
  return response;
}

}  // namespace pgconsent::admin
