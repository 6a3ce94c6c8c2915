// The records whose statements have not ended yet, in the order in which they were sent: that of the entries
// in flight and of the statements in each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pgconsent::session {

class PendingOutcomes {
 public:
  struct Pending {
    std::uint64_t record = 0;     // its sequence number
    std::uint32_t statement = 0;  // its place in the message
  };

  bool empty() const { return first_ == pending_.size(); }
  const Pending& front() const { return pending_[first_]; }
  void push(Pending pending) { pending_.push_back(pending); }
  void pop() {
    if (++first_ < pending_.size()) return;
    pending_.clear();
    first_ = 0;
    if (pending_.capacity() > 64) pending_.shrink_to_fit();
  }

 private:
  std::vector<Pending> pending_;
  std::size_t first_ = 0;
};

}  // namespace pgconsent::session
