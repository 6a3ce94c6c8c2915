// A consent store in memory, with the faults that a real one may have. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "proxy/consent/feed.h"

namespace pgconsent::consent {

class FakeStore {
 public:
  using Cell = std::tuple<KindNumber, std::uint64_t, std::uint64_t, Scope>;
  static Cell cell(const Record& r) { return {r.kind, r.key.high, r.key.low, r.scope}; }

  std::int64_t put(const Record& record) {
    std::lock_guard lock(mutex);
    state[cell(record)] = record;
    Change change;
    change.mark = {head + 1, ++fingerprints};
    change.record = record;
    return add(std::move(change));
  }

  std::int64_t erase(KindNumber kind, const SubjectKey& key) {
    std::lock_guard lock(mutex);
    std::erase_if(state,
                  [&](const auto& entry) { return entry.second.kind == kind && entry.second.key == key; });
    Change change;
    change.mark = {head + 1, ++fingerprints};
    change.kind = Change::Kind::erase_subject;
    change.record.kind = kind;
    change.record.key = key;
    return add(std::move(change));
  }

  void announce() { heard.notify_all(); }

  std::mutex mutex;
  std::condition_variable heard;
  std::map<Cell, Record> state;
  std::map<std::int64_t, Change> changes;
  std::int64_t head = 0;
  std::uint64_t fingerprints = 100;
  std::uint64_t announced = 0;
  std::set<std::int64_t> hidden;  // committed, but not seen by read()
  bool is_down = false;
  bool announces = true;
  std::atomic<int> connections{0}, snapshots{0};
  std::function<Time()> clock;
  std::function<void()> in_snapshot;  // called between rows, without the lock

 private:
  std::int64_t add(Change change) {
    changes[++head] = std::move(change);
    if (announces) ++announced, heard.notify_all();
    return head;
  }
};

class FakeFeed final : public ConsentFeed {
 public:
  explicit FakeFeed(FakeStore& store) : store_(store) { ++store_.connections; }

  std::string snapshot(SnapshotSink& sink) override {
    ++store_.snapshots;
    std::unique_lock lock(store_.mutex);
    if (store_.is_down) return "down";
    const auto state = store_.state;
    Mark mark;
    if (store_.head > 0) mark = {store_.head, fingerprint(store_.head)};
    const Time now = store_.clock();
    lock.unlock();
    sink.begin(mark, now);
    std::vector<Record> rows;
    for (const auto& [cell, record] : state) {
      rows.push_back(record);
      if (rows.size() < 100) continue;
      if (store_.in_snapshot) store_.in_snapshot();
      if (interrupted_) return "interrupted";
      if (!sink.rows(rows)) return "enough";
      rows.clear();
    }
    sink.rows(rows);
    return {};
  }

  Batch read(const Mark& after, std::size_t limit) override {
    std::lock_guard lock(store_.mutex);
    Batch batch;
    if (store_.is_down) batch.error = "down";
    batch.head = store_.head;
    batch.server_time = store_.clock();
    if (after.sequence != 0 && fingerprint(after.sequence) != after.fingerprint)
      batch.lost = "another history";
    for (auto i = store_.changes.upper_bound(after.sequence); i != store_.changes.end(); ++i) {
      if (store_.hidden.contains(i->first)) continue;
      if (batch.changes.size() == limit) {
        batch.more = true;
        break;
      }
      batch.changes.push_back(i->second);
    }
    return batch;
  }

  std::string wait(std::chrono::microseconds timeout) override {
    std::unique_lock lock(store_.mutex);
    store_.heard.wait_for(lock, timeout, [this] { return interrupted_ || store_.announced != heard_; });
    heard_ = store_.announced;
    return store_.is_down ? "down" : "";
  }

  void interrupt() override {
    interrupted_ = true;
    store_.heard.notify_all();
  }

 private:
  std::uint64_t fingerprint(std::int64_t sequence) const {
    auto change = store_.changes.find(sequence);
    return change == store_.changes.end() ? 0 : change->second.mark.fingerprint;
  }

  FakeStore& store_;
  std::atomic<bool> interrupted_{false};
  std::uint64_t heard_ = 0;
};

}  // namespace pgconsent::consent
