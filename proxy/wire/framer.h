// Walks the messages of one direction in a byte stream that arrives in pieces of any size. The owner looks at
// each message's header and decides: pass it on, drop it, or read its body first (then it is gathered,
// bounded by the owner). What passes is not copied together: the longest run goes to the sink with one
// append.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/cursor.h"

namespace pgconsent::wire {

struct Header {
  char type = 0;
  std::uint32_t length = 0;  // as on the wire: with the length word, without the type byte
  // REQUIRES: length >= 4, which the owner checks first.
  std::size_t body() const { return length - 4; }
};

class Framer {
 public:
  // Begins a call: `bytes` come after what was kept, `sink` takes what passes. Both are needed until end().
  void begin(std::string_view bytes, std::string& sink);
  // Ends a call: the run goes to the sink; what was not consumed is kept.
  void end();

  // False while the header of the next message is incomplete.
  bool header(Header& out) const {
    if (left_ > 0 || data_.size() - at_ < header_size) return false;
    out = {data_[at_], load_u32(data_.data() + at_ + 1)};
    return true;
  }
  // The next message's body as far as it is there. Valid until the message is consumed. REQUIRES: header().
  std::string_view available(const Header& header) const {
    return data_.substr(at_ + header_size, header.body());
  }
  bool whole(const Header& header) const { return data_.size() - at_ - header_size >= header.body(); }
  bool starts(std::size_t bytes) const { return data_.size() - at_ - header_size >= bytes; }

  // Consumes the next message, whose missing rest shares its fate.
  void pass(const Header& header) { consume(header, true); }
  void drop(const Header& header) {
    flush();
    consume(header, false);
    run_ = at_;
  }

  // The sink, for messages of the owner's own, in order with what passes.
  std::string& own() { return flush(), *sink_; }
  // The rest of a message that is passing has not come yet: nothing of the owner's own may be written.
  bool in_message() const { return left_ > 0 && passing_; }
  // Kept or not yet consumed bytes.
  std::size_t pending() const { return data_.size() - at_; }
  void forget() { flush(), at_ = run_ = data_.size(), left_ = 0; }

  static constexpr std::size_t header_size = 5;

 private:
  void consume(const Header& header, bool passing) {
    const std::size_t size = header_size + header.body();
    const std::size_t here = std::min(size, data_.size() - at_);
    at_ += here;
    left_ = size - here;
    passing_ = passing;
  }
  void flush() {
    if (run_ < at_) sink_->append(data_.data() + run_, at_ - run_);
    run_ = at_;
  }

  std::string kept_;
  std::string_view data_;  // what can be read: the kept bytes, or the caller's
  std::size_t at_ = 0;     // of the next message, or its rest
  std::size_t run_ = 0;    // from here to at_: passes, not yet appended
  std::size_t left_ = 0;   // bytes of the message before at_ that have not come
  bool passing_ = false;   // what becomes of them
  std::string* sink_ = nullptr;
};

}  // namespace pgconsent::wire
