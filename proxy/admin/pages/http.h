// A request and its reply as plain data: what the pages see of HTTP. The listener turns them into bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/admin/pages/parameters.h"

namespace pgconsent::pages {

enum class Method { get, post };  // HEAD is a GET whose body is not sent

struct Request {
  Method method = Method::get;
  std::string path;    // decoded, without the query
  Parameters query;    // of the target
  Parameters form;     // of the body
  Parameters cookies;  // of the header
  std::string host, origin, fetch_site;
  std::string address;  // the peer's, without its port
  bool secure = false;  // over TLS
};

// The pieces of a long body, made one after the other.
class Stream {
 public:
  enum class State {
    more,
    last,
    failed
  };  // failed: the connection is cut, so that nobody takes it for whole
  using Done = std::function<void(std::string piece, State state)>;
  virtual ~Stream() = default;
  // `done` is called once, on any thread, or dropped when the pages end.
  virtual void next(Done done) = 0;
};

struct Reply {
  int status = 200;
  std::string type = "text/html; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<Stream> stream;  // not null: the body
};

}  // namespace pgconsent::pages
