// Asking the consent index. A Reader belongs to one thread; a View is taken from it for a few rows (one
// buffer's worth), asked, and dropped: what it knows is as old as it is. Lookups take no lock; view() takes
// one only after a rebuild.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "proxy/consent/follower.h"
#include "proxy/consent/tables.h"

namespace pgconsent::consent {

constexpr SteadyTime unconfirmed = always;

// What the index's writer tells readers. Written in the order tables, offset, confirmed; read the other way.
struct Published {
  std::atomic<SteadyTime> confirmed{unconfirmed};  // when the tables were last known to be up to date
  std::atomic<Time> server_offset{0};        // the latest that the server's clock may show, minus steady time
  std::atomic<std::uint64_t> generation{0};  // of `tables`
  mutable std::mutex mutex;                  // guards `tables`
  std::shared_ptr<const Tables> tables;
};

// One scope of a view. Valid as long as the view.
class ScopeView {
 public:
  bool is_known() const noexcept { return known_; }
  State state(const SubjectKey& key) const noexcept {
    if (!known_) return {};
    std::optional<std::uint32_t> slot = shard_ == nullptr ? std::nullopt : kind_->slot(key);
    if (slot) return shard_->test(*slot);
    State nothing;
    nothing.known = true;
    return nothing;
  }
  // state().consents(), which looks at one bitmap only.
  Answer consents(const SubjectKey& key) const noexcept {
    if (!known_) return Answer::unknown;
    if (shard_ == nullptr) return Answer::no;
    std::optional<std::uint32_t> slot = kind_->slot(key);
    return slot && shard_->is_given(*slot) ? Answer::yes : Answer::no;
  }

 private:
  friend class View;
  const Kind* kind_ = nullptr;
  const Shard* shard_ = nullptr;
  bool known_ = false;
};

class View {
 public:
  bool is_known() const noexcept { return known_; }
  ScopeView scope(KindNumber kind, Scope scope) const noexcept {
    ScopeView view;
    if (!known_) return view;
    view.kind_ = tables_->kind(kind);
    view.known_ = view.kind_ != nullptr;
    view.shard_ = tables_->shard(kind, scope);
    return view;
  }

 private:
  friend class Reader;
  std::shared_ptr<const Tables> owner_;
  const Tables* tables_ = nullptr;
  bool known_ = false;
};

class Reader {
 public:
  Reader(const Published& published, const SteadyClock& now, SteadyTime bound)
      : published_(&published), now_(now), bound_(bound) {}

  // Unknown where the last confirmation is older than the bound, where there are no tables, and where a
  // consent has ended that the writer has not ended yet.
  View view();
  // An idle thread need not keep tables alive that a rebuild has replaced.
  void release();

 private:
  const Published* published_;
  SteadyClock now_;
  SteadyTime bound_;
  std::shared_ptr<const Tables> tables_;
  std::uint64_t generation_ = 0;
};

}  // namespace pgconsent::consent
