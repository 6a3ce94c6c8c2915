// Brings the audit log from its directory into the audit database: in order, in batches, each line once. Rows
// and position are one transaction, so that whatever ends in the middle goes on where the database stands.
// Used by one thread; several processes may try at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "proxy/audit/reader.h"
#include "proxy/audit_database/batch.h"
#include "proxy/audit_database/connection.h"

namespace pgconsent::audit_database {

struct ShipOptions {
  std::uint64_t batch_lines = 20'000, batch_bytes = std::uint64_t{32} << 20;
  bool past_gaps = false;  // what is missing or damaged becomes a row of `gap` instead of an error
};

class Shipper {
 public:
  // REQUIRES: the connection lives longer.
  Shipper(std::filesystem::path directory, Connection& connection, ShipOptions options = {});
  ~Shipper();

  enum class Step { shipped, up_to_date, failed };
  // One batch. After a failure the next call tries again; with connection().error().lost it can't succeed.
  Step step();
  const std::string& error() const { return error_; }
  std::uint64_t lines() const { return lines_; }  // by this shipper
  // Of what is safely in the database. Known once a step was taken; 0: nothing.
  std::uint64_t last_id() const { return last_id_; }
  bool knows_position() const { return reader_ != nullptr; }
  const std::string& last_time() const { return last_time_; }

 private:
  struct Known {
    std::string time;
    int shape = 0;
    bool ended = false;
  };

  bool start();
  bool continues();
  bool next();
  bool collect(Batch& batch);
  bool take(Batch& batch, const audit::ReadLine& line);
  std::size_t unreadable() const;
  bool take_gap(std::uint64_t first, std::uint64_t last);
  bool take_record(Batch& batch, const audit::ReadLine& line);
  bool take_outcome(Batch& batch, const audit::ReadLine& line);
  bool damaged(const audit::ReadLine& line, const std::string& what);
  int shape_id(const std::string& text, const audit::ReadLine& line, bool& malformed);
  const Known* known(std::uint64_t record);
  bool write(const Batch& batch);
  bool write_counts(const Batch& batch);
  bool lock_position(bool& moved);
  std::string read_problem() const;
  bool fail(std::string error);
  bool database_failed();
  void forget();

  std::filesystem::path directory_;
  Connection& connection_;
  ShipOptions options_;
  std::unique_ptr<audit::Reader> reader_;  // null: to be started
  audit::ReadLine line_;
  bool has_line_ = false;  // line_ is read, not yet taken

  // As far as the database is known to have come; within a batch, as far as it was read.
  std::uint64_t last_id_ = 0, taken_id_ = 0;
  std::string last_hash_, taken_hash_, last_time_, taken_time_;
  std::size_t passed_problems_ = 0;  // of reading, before the last line taken: what they hid is known
  bool log_fault_ = false;           // the log, not the database, is why a line was not taken
  bool gap_before_ = false;          // the line before was not there: its hash can't be compared

  std::unordered_map<std::string, int> shapes_;
  std::unordered_map<std::uint64_t, Known> records_;  // lately; others are looked up
  std::unordered_map<std::string, bool> months_;      // made
  std::string error_;
  std::uint64_t lines_ = 0;
};

}  // namespace pgconsent::audit_database
