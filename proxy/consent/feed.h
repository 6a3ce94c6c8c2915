// Where the index gets consent from. One connection, used by one thread; interrupt() by any. Throws nothing:
// `error` is not empty when a call has failed, and then the feed is not used any more.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proxy/consent/record.h"

namespace pgconsent::consent {

class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  // First of all: the snapshot holds every change up to `mark` and none after it.
  virtual void begin(const Mark& mark, Time server_time) = 0;
  // False: enough, stop.
  virtual bool rows(std::span<const Record> records) = 0;
};

class ConsentFeed {
 public:
  virtual ~ConsentFeed() = default;

  // Everything that holds now or will begin later, one record per subject and scope.
  virtual std::string snapshot(SnapshotSink& sink) = 0;

  struct Batch {
    std::string error;
    // Not empty: the changes after `after` can't be followed; why. The store's change at `after` is another
    // one or is gone, or there is so much that reading everything is cheaper.
    std::string lost;
    // Those after `after`, in order; a step of several records is never cut.
    std::vector<Change> changes;
    bool more = false;  // there are others after these
    // The last change that was committed when the call was made (or later). Where changes and head leave
    // something out, the index finds it by the numbers.
    std::int64_t head = 0;
    Time server_time = 0;  // taken during the call
  };
  // Sees every transaction that was committed before the call.
  virtual Batch read(const Mark& after, std::size_t limit) = 0;

  // Until the store announces a change, `timeout`, or interrupt(). May wake without reason; may not hear:
  // announcements only say when to look.
  virtual std::string wait(std::chrono::microseconds timeout) = 0;

  // Makes the call in progress, and every later one, return soon.
  virtual void interrupt() = 0;
};

// A new connection. Null and `error` where there is none.
using ConnectFeed = std::function<std::unique_ptr<ConsentFeed>(std::string& error)>;

}  // namespace pgconsent::consent
