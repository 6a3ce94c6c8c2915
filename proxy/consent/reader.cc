#include "proxy/consent/reader.h"

namespace pgconsent::consent {

View Reader::view() {
  View view;
  const SteadyTime confirmed = published_->confirmed.load(std::memory_order_acquire);
  const SteadyTime now = now_();
  if (confirmed == unconfirmed || now - confirmed > bound_) return view;
  if (published_->generation.load(std::memory_order_acquire) != generation_) {
    std::lock_guard lock(published_->mutex);
    tables_ = published_->tables;
    generation_ = published_->generation.load(std::memory_order_relaxed);
  }
  if (!tables_) return view;
  const Time server_now = now + published_->server_offset.load(std::memory_order_acquire);
  view.known_ = server_now < tables_->next_end();
  view.owner_ = tables_;
  view.tables_ = tables_.get();
  return view;
}

void Reader::release() {
  tables_.reset();
  generation_ = 0;
}

}  // namespace pgconsent::consent
