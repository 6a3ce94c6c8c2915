#include "proxy/consent/shard.h"

namespace pgconsent::consent {

void Shard::put(std::uint32_t slot, const Record& record, TimeRange now) {
  const bool holds = record.given && record.valid_from <= now.earliest && now.latest < record.valid_until;
  // What ends access goes first, what opens it last.
  if (!holds) given_.set(slot, false);
  restricted_.set(slot, record.restricted);
  objected_.set(slot, record.objected);
  withdrawn_.set(slot, record.withdrawn);
  schedule(slot, record, now);
  if (holds) given_.set(slot, true);
}

void Shard::schedule(std::uint32_t slot, const Record& record, TimeRange now) {
  const bool comes =
      record.given && record.valid_from < record.valid_until && now.latest < record.valid_until;
  const bool ends = comes && record.valid_until != never;
  const bool starts = comes && now.earliest < record.valid_from;
  const bool was_scheduled = scheduled_.test(slot);
  if (was_scheduled) ++idle_entries_;
  // With both limits too: where the clock is known badly the end may be looked at before the start.
  if (was_scheduled || (starts && ends)) windows_[slot] = {comes, record.valid_from, record.valid_until};
  if (!ends && !starts) return;
  scheduled_.set(slot, true);
  if (ends) ends_.add(record.valid_until, slot);
  if (starts) starts_.add(record.valid_from, slot);
}

bool Shard::now_holds(std::uint32_t slot, bool otherwise, TimeRange now) const {
  auto window = windows_.find(slot);
  if (window == windows_.end()) return otherwise;
  const Window& w = window->second;
  return w.given && w.from <= now.earliest && now.latest < w.until;
}

void Shard::advance(TimeRange now) {
  while (auto slot = starts_.take(now.earliest)) given_.set(*slot, now_holds(*slot, true, now));
  // After the starts: what began and ended since the last look has ended.
  while (auto slot = ends_.take(now.latest)) given_.set(*slot, now_holds(*slot, false, now));
}

std::size_t Shard::bytes() const {
  constexpr std::size_t node = sizeof(std::pair<const std::uint32_t, Window>) + 2 * sizeof(void*);
  return sizeof *this + given_.bytes() + withdrawn_.bytes() + objected_.bytes() + restricted_.bytes() +
         scheduled_.bytes() + windows_.size() * node + windows_.bucket_count() * sizeof(void*) +
         starts_.bytes() + ends_.bytes();
}

}  // namespace pgconsent::consent
