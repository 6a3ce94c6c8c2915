// One HTTP connection of the admin listener, with or without TLS. Private to proxy/admin; on the listener's
// thread only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>
#include <optional>

#include "proxy/admin/answer.h"
#include "proxy/admin/listener.h"

namespace pgconsent::admin {

using PlainStream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
using TlsStream = boost::beast::ssl_stream<PlainStream>;

// What all connections share; outlives them.
struct ExchangeContext {
  const Sources& sources;
  const ListenerLimits& limits;
  pages::Site* site;  // null: no pages
  std::size_t& open;  // counts the connections
};

template <typename Stream>
class Exchange : public std::enable_shared_from_this<Exchange<Stream>> {
 public:
  // `address`: who it is, for the pages.
  Exchange(Stream stream, std::string address, ExchangeContext context);
  ~Exchange();
  void start();

 private:
  using Error = boost::beast::error_code;
  class Ticket;

  void read();
  void on_header(Error error);
  void on_request(Error error);
  void refuse(Error error);
  void ask_pages();
  void reply(pages::Reply reply);
  void write(Response response);
  void write_stream(pages::Reply reply);
  void next_piece();
  void on_piece(std::string piece, pages::Stream::State state);
  void close();

  Stream stream_;
  const std::string address_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Response response_;
  // A body in pieces:
  http::response<http::empty_body> head_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;
  std::shared_ptr<pages::Stream> body_;
  std::string piece_;
  const ExchangeContext context_;
  int answered_ = 0;
};

extern template class Exchange<PlainStream>;
extern template class Exchange<TlsStream>;

}  // namespace pgconsent::admin
