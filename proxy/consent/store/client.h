// The store as the commands use it: over the control connection, through the store's own functions.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "proxy/consent/formats/event_reader.h"

namespace pgconsent::consent {

struct Outcome {
  std::string error;      // empty: done
  bool could_run = true;  // false: the server or a file is at fault, not the input
};

struct SubjectState {
  struct Entry {
    std::string purpose, category, consent, since, until;
    bool objected = false;
  };
  bool restricted = false;
  std::vector<Entry> entries;                                            // those of which something is known
  std::vector<std::vector<std::pair<std::string, std::string>>> events;  // field, value; the oldest first
};

struct ImportOptions {
  std::filesystem::path file, rejects;
  ReaderOptions read;
  std::string kind;    // for records without one
  bool again = false;  // a file that was read to its end
  std::size_t batch = 20000;
};
struct ImportReport {
  std::int64_t accepted = 0, rejected = 0, skipped = 0;  // skipped: recorded by an earlier run
};

// What ends when a person asks to be erased: all consent, and all processing that a restriction ends.
struct Erasure {
  std::string kind, subject, method, evidence;
};
struct ErasureResult {
  std::vector<std::string> withdrawn;  // purposes; empty: nothing was given
  bool restricted = false;             // now; false: it was before
};

class StoreClient {
 public:
  explicit StoreClient(const std::string& connection);  // libpq's; opened by the first call
  ~StoreClient();

  Outcome record(const Event& event, std::string& record_id);
  // All in one transaction. What has ended already is not ended again.
  Outcome erase(const Erasure& erasure, ErasureResult& result);
  Outcome show(const std::string& kind, const std::string& subject, SubjectState& state);
  // In batches of one transaction each; an import that was interrupted goes on where it stopped.
  Outcome import(const ImportOptions& options, ImportReport& report);
  // All events, of one kind or (empty) of all, the oldest first.
  Outcome export_events(const std::string& kind, const ReaderOptions& format, std::ostream& out);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgconsent::consent
