#include "proxy/wire/framer.h"

namespace pgconsent::wire {

void Framer::begin(std::string_view bytes, std::string& sink) {
  sink_ = &sink;
  if (kept_.empty()) {
    data_ = bytes;
  } else {
    kept_.append(bytes);
    data_ = kept_;
  }
  at_ = run_ = 0;
  if (left_ == 0) return;
  const std::size_t here = std::min(left_, data_.size());
  left_ -= here;
  at_ = here;
  if (!passing_) run_ = at_;
}

void Framer::end() {
  flush();
  const bool from_kept = !kept_.empty();
  if (at_ == data_.size()) {
    // An idle session keeps no buffer.
    if (kept_.capacity() > 256) kept_ = std::string();
    kept_.clear();
  } else if (from_kept) {
    kept_.erase(0, at_);
  } else {
    kept_.assign(data_.substr(at_));
  }
  data_ = kept_;
  at_ = run_ = 0;
}

}  // namespace pgconsent::wire
