// The audit log: JSON lines with a hash chain (design section 9), appended by any worker, written in groups
// to segments (segments.h), on disk before anybody is shown anything. Thread-safe. Nothing in a record may
// hold a raw value, a literal or a parameter.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/options.h"

namespace pgconsent::audit {

struct LogLine;

struct Record {
  std::uint64_t session = 0;
  std::string_view client;  // address:port
  std::string_view role, application, database;
  std::string_view purpose, purpose_source;
  std::string_view decision;  // allowed masked refused failed exempt
  std::string_view reason;
  const std::vector<std::string>* rules = nullptr;
  const std::vector<std::string>* basis = nullptr;
  const std::vector<std::string>* tables = nullptr;
  const std::vector<std::string>* columns = nullptr;
  std::string_view fingerprint, statement;
  std::uint64_t catalog_version = 0;
  std::string_view rules_version;
  std::uint64_t duration_us = 0;  // spent in the proxy until the decision
};

// What became of a statement that has a record: a line of its own, once the statement has ended. Nothing
// waits for it: after a crash a record may be without one, and nothing is known then.
struct Outcome {
  std::uint64_t session = 0;
  std::uint64_t outcome_of = 0;  // the record's sequence number, which is its id
  std::optional<std::uint64_t> rows, cells_masked;
  std::string_view sqlstate;               // empty: it did not fail
  std::optional<std::uint64_t> server_us;  // from when the server could begin with it to its end
  // Numbers of the subject directory by kind, ascending and each once, as portable Roaring bitmaps.
  struct Subjects {
    std::string_view kind, bitmap;
  };
  bool subjects_known = false;                    // `subjects` says something, also when it is empty
  std::span<const Subjects> subjects;             // of those whose data were disclosed
  std::span<const std::string> subjects_unknown;  // kinds of which there may be others
};

class Log {
 public:
  struct OpenResult {
    std::unique_ptr<Log> log;  // null on error
    std::string error;
  };
  // Opens or creates the directory's current segment and goes on with the chain. Refuses a file whose last
  // line is not a record (a torn last line after a crash is cut off and said so in a record of its own).
  static OpenResult open(const Options& options);
  virtual ~Log() = default;

  // What append() returns when nothing was taken: the record will never be written.
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
  // Takes the record into the pending group; returns its sequence number, which is its id, for written().
  virtual std::uint64_t append(const Record& record) = 0;
  virtual std::uint64_t append(const Outcome& outcome) = 0;
  virtual std::uint64_t append(const LogLine&) { return never; }  // about what belongs to the log
  // Is the record in the file, as safely as Options::sync asks? Cheap.
  virtual bool written(std::uint64_t sequence) const = 0;
  // Writes the whole pending group and waits for the disk. False when the file can't be written: the group
  // stays pending and healthy() is false until a later flush succeeds.
  virtual bool flush() = 0;
  // The same without waiting for fdatasync: with Sync::off it is done on return; with Sync::always the log's
  // own thread does it, and on_progress() tells.
  virtual void start_flush() { flush(); }
  // Called by the log's own thread after each group, written or failed, with Sync::always only. Has to be
  // quick. An empty function ends it: once this returns, the one before is not called any more.
  virtual void on_progress(std::function<void()> listener) { (void)listener; }

  // For whoever watches. Thread-safe; since the process began.
  struct Statistics {
    std::uint64_t records = 0, lost = 0;
    std::uint64_t interruptions = 0;  // how often healthy() became false
    std::uint64_t pending_records = 0, pending_bytes = 0;
    std::chrono::steady_clock::duration lag{0};  // how long the oldest pending record has waited
  };
  virtual Statistics statistics() const { return {}; }
  // False: protected statements must be refused.
  virtual bool healthy() const = 0;
  // What hinders sealing, checkpoints or retention, which nobody waits for; empty: nothing.
  virtual std::string problem() const { return {}; }
  // Retention leaves segments alone that hold this id or a later one: they are still to be shipped.
  virtual void keep_from(std::uint64_t id) { (void)id; }
};

}  // namespace pgconsent::audit
