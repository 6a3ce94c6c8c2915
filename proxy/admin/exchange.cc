#include "proxy/admin/exchange.h"

#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace pgconsent::admin {

namespace beast = boost::beast;

Exchange::Exchange(Socket socket, const Sources& sources, const ListenerLimits& limits, std::size_t& open)
    : stream_(std::move(socket)),
      buffer_(limits.header_bytes + 1024),
      sources_(sources),
      limits_(limits),
      open_(open) {
  ++open_;
}

Exchange::~Exchange() {
  --open_;
}

void Exchange::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
  parser_->body_limit(0);
  stream_.expires_after(limits_.timeout);
  http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
}

void Exchange::on_read(beast::error_code error) {
  if (!error) return write(answer(parser_->get(), sources_));
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return write(failure(http::status::request_header_fields_too_large));
  if (error == http::error::body_limit || error == http::error::unexpected_body)
    return write(failure(http::status::payload_too_large));
  const bool nothing_said = error == http::error::end_of_stream || error == http::error::partial_message;
  if (error.category() == make_error_code(http::error::bad_method).category() && !nothing_said)
    return write(failure(http::status::bad_request));
  close();  // gone, or too slow
}

void Exchange::write(Response response) {
  response_ = std::move(response);
  if (++answered_ >= limits_.requests) response_.keep_alive(false);
  stream_.expires_after(limits_.timeout);
  http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (error || self->response_.need_eof() || !self->response_.keep_alive()) return self->close();
    self->read();
  });
}

void Exchange::close() {
  beast::error_code ignored;
  stream_.socket().shutdown(Socket::shutdown_both, ignored);
  stream_.close();
}

}  // namespace pgconsent::admin
