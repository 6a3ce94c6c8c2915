// One HTTP connection of the admin listener. Private to proxy/admin; on the listener's thread only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>

#include "proxy/admin/listener.h"
#include "proxy/admin/pages.h"

namespace pgconsent::admin {

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Socket = Protocol::socket;

  // `open` counts the connections; it and `sources` outlive this object.
  Exchange(Socket socket, const Sources& sources, const ListenerLimits& limits, std::size_t& open);
  ~Exchange();
  void read();

 private:
  void on_read(boost::beast::error_code error);
  void write(Response response);
  void close();

  boost::beast::basic_stream<Protocol> stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  const Sources& sources_;
  const ListenerLimits& limits_;
  std::size_t& open_;
  int answered_ = 0;
};

}  // namespace pgconsent::admin
