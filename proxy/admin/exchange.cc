#include "proxy/admin/exchange.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <type_traits>
#include <utility>

#include "proxy/admin/pages/site.h"

namespace pgconsent::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;

// The pages' way back, from any thread. Without an answer the connection ends: it must not be left waiting.
template <typename Stream>
class Exchange<Stream>::Ticket {
 public:
  explicit Ticket(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Ticket() {
    if (exchange_) post([](Exchange& exchange) { exchange.close(); });
  }
  Ticket(const Ticket&) = delete;

  // Runs `action` on the listener's thread; the exchange goes there, too, so that it never ends elsewhere.
  template <typename Action>
  void post(Action action) {
    auto executor = exchange_->stream_.get_executor();
    asio::post(executor, [exchange = std::move(exchange_), action = std::move(action)]() mutable {
      action(*exchange);
    });
    exchange_ = nullptr;
  }

 private:
  std::shared_ptr<Exchange> exchange_;
};

template <typename Stream>
Exchange<Stream>::Exchange(Stream stream, std::string address, ExchangeContext context)
    : stream_(std::move(stream)),
      address_(std::move(address)),
      buffer_(context.limits.header_bytes + context.limits.body_bytes + 1024),
      context_(context) {
  ++context_.open;
}

template <typename Stream>
Exchange<Stream>::~Exchange() {
  --context_.open;
}

template <typename Stream>
void Exchange<Stream>::start() {
  if constexpr (std::is_same_v<Stream, TlsStream>) {
    beast::get_lowest_layer(stream_).expires_after(context_.limits.timeout);
    stream_.async_handshake(asio::ssl::stream_base::server, [self = this->shared_from_this()](Error error) {
      if (error) return beast::get_lowest_layer(self->stream_).close();
      self->read();
    });
  } else {
    read();
  }
}

template <typename Stream>
void Exchange<Stream>::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(context_.limits.header_bytes));
  parser_->body_limit(context_.limits.body_bytes);
  beast::get_lowest_layer(stream_).expires_after(context_.limits.timeout);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = this->shared_from_this()](Error error, std::size_t) { self->on_header(error); });
}

// Only a form of the pages may have a body.
template <typename Stream>
void Exchange<Stream>::on_header(Error error) {
  if (error) return refuse(error);
  const bool has_body = parser_->chunked() || parser_->content_length().value_or(0) > 0;
  const bool is_form = context_.site != nullptr && parser_->get().method() == http::verb::post &&
                       !is_open_path(parser_->get());
  if (has_body && !is_form) return write(failure(http::status::payload_too_large));
  http::async_read(
      stream_, buffer_, *parser_,
      [self = this->shared_from_this()](Error read_error, std::size_t) { self->on_request(read_error); });
}

template <typename Stream>
void Exchange<Stream>::on_request(Error error) {
  if (error) return refuse(error);
  if (context_.site == nullptr || is_open_path(parser_->get()))
    return write(answer(parser_->get(), context_.sources));
  ask_pages();
}

template <typename Stream>
void Exchange<Stream>::refuse(Error error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return write(failure(http::status::request_header_fields_too_large));
  if (error == http::error::body_limit || error == http::error::unexpected_body)
    return write(failure(http::status::payload_too_large));
  const bool nothing_said = error == http::error::end_of_stream || error == http::error::partial_message;
  if (error.category() == make_error_code(http::error::bad_method).category() && !nothing_said)
    return write(failure(http::status::bad_request));
  close();  // gone, or too slow
}

template <typename Stream>
void Exchange<Stream>::ask_pages() {
  auto request = to_page_request(parser_->get(), address_, std::is_same_v<Stream, TlsStream>);
  if (!request) return write(failure(http::status::bad_request));
  beast::get_lowest_layer(stream_).expires_never();  // the audit database's own time limit counts
  auto ticket = std::make_shared<Ticket>(this->shared_from_this());
  context_.site->handle(*std::move(request), [ticket](pages::Reply reply) {
    ticket->post(
        [reply = std::move(reply)](Exchange& exchange) mutable { exchange.reply(std::move(reply)); });
  });
}

template <typename Stream>
void Exchange<Stream>::reply(pages::Reply reply) {
  const bool head = parser_->get().method() == http::verb::head;
  if (reply.stream && !head) return write_stream(std::move(reply));
  write(to_response(parser_->get(), std::move(reply)));
}

template <typename Stream>
void Exchange<Stream>::write(Response response) {
  response_ = std::move(response);
  if (++answered_ >= context_.limits.requests) response_.keep_alive(false);
  beast::get_lowest_layer(stream_).expires_after(context_.limits.timeout);
  http::async_write(stream_, response_, [self = this->shared_from_this()](Error error, std::size_t) {
    if (error || self->response_.need_eof() || !self->response_.keep_alive()) return self->close();
    self->read();
  });
}

template <typename Stream>
void Exchange<Stream>::write_stream(pages::Reply reply) {
  if (parser_->get().version() < 11) return write(failure(http::status::http_version_not_supported));
  body_ = std::move(reply.stream);
  Response response = to_response(parser_->get(), std::move(reply));
  head_ = http::response<http::empty_body>(std::move(response.base()));
  head_.erase(http::field::content_length);
  head_.chunked(true);
  head_.keep_alive(false);
  serializer_.emplace(head_);
  beast::get_lowest_layer(stream_).expires_after(context_.limits.timeout);
  http::async_write_header(stream_, *serializer_,
                           [self = this->shared_from_this()](Error error, std::size_t) {
                             if (error) return self->close();
                             self->next_piece();
                           });
}

template <typename Stream>
void Exchange<Stream>::next_piece() {
  beast::get_lowest_layer(stream_).expires_never();
  auto ticket = std::make_shared<Ticket>(this->shared_from_this());
  body_->next([ticket](std::string piece, pages::Stream::State state) {
    ticket->post([piece = std::move(piece), state](Exchange& exchange) mutable {
      exchange.on_piece(std::move(piece), state);
    });
  });
}

template <typename Stream>
void Exchange<Stream>::on_piece(std::string piece, pages::Stream::State state) {
  using State = pages::Stream::State;
  if (state == State::failed || (piece.empty() && state == State::more)) return close();
  piece_ = std::move(piece);
  beast::get_lowest_layer(stream_).expires_after(context_.limits.download_timeout);
  const auto end = [self = this->shared_from_this()] {
    asio::async_write(self->stream_, http::make_chunk_last(), [self](Error, std::size_t) { self->close(); });
  };
  if (piece_.empty()) return end();  // an empty chunk would end the body
  asio::async_write(stream_, http::make_chunk(asio::const_buffer(piece_.data(), piece_.size())),
                    [self = this->shared_from_this(), state, end](Error error, std::size_t) {
                      if (error) return self->close();
                      state == State::more ? self->next_piece() : end();
                    });
}

template <typename Stream>
void Exchange<Stream>::close() {
  auto& plain = beast::get_lowest_layer(stream_);
  const auto cut = [](PlainStream& stream) {
    Error ignored;
    stream.socket().shutdown(PlainStream::socket_type::shutdown_both, ignored);
    stream.close();
  };
  if constexpr (std::is_same_v<Stream, TlsStream>) {
    plain.expires_after(context_.limits.timeout);
    stream_.async_shutdown(
        [self = this->shared_from_this(), cut](Error) { cut(beast::get_lowest_layer(self->stream_)); });
  } else {
    cut(plain);
  }
}

template class Exchange<PlainStream>;
template class Exchange<TlsStream>;

}  // namespace pgconsent::admin
