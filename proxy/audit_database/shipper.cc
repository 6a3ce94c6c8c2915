#include "proxy/audit_database/shipper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgconsent::audit_database {

namespace {

constexpr std::size_t most_remembered = 500'000;
constexpr std::size_t most_shapes_remembered = 50'000;

}  // namespace

Shipper::Shipper(std::filesystem::path directory, Connection& connection, ShipOptions options)
    : directory_(std::move(directory)), connection_(connection), options_(options) {}

Shipper::~Shipper() = default;

bool Shipper::fail(std::string error) {
  error_ = std::move(error);
  return false;
}

bool Shipper::database_failed() {
  const Error& error = connection_.error();
  if (error.sqlstate == "3F000" || error.sqlstate == "42P01" || error.sqlstate == "42883")
    return fail("there is no audit database here: run `pgconsent audit init`");
  return fail(error.message);
}

// What is remembered may be of a transaction that did not come to be.
void Shipper::forget() {
  reader_.reset();
  has_line_ = false;
  shapes_.clear();
  records_.clear();
  months_.clear();
}

Shipper::Step Shipper::step() {
  error_.clear();
  if (!reader_ && !start()) {
    forget();
    return Step::failed;
  }
  if (!next()) {
    if (options_.past_gaps || unreadable() == passed_problems_) return Step::up_to_date;
    error_ = read_problem();
    forget();
    return Step::failed;
  }
  Batch batch;
  bool moved = false;
  // Retention may take what is shipped: it has to be durable.
  bool done = connection_.execute("BEGIN; SET LOCAL synchronous_commit = on") ? lock_position(moved)
                                                                              : database_failed();
  done = done && !moved && collect(batch) && write(batch);
  done = done && (connection_.execute("COMMIT") || database_failed());
  if (!done) {
    if (!connection_.error().lost) connection_.execute("ROLLBACK");
    forget();
    return moved ? Step::shipped : Step::failed;  // another shipper went on: from there next time
  }
  lines_ += batch.lines;
  last_id_ = taken_id_;
  last_hash_ = taken_hash_;
  last_time_ = taken_time_;
  if (records_.size() > most_remembered) records_.clear();
  if (shapes_.size() > most_shapes_remembered) shapes_.clear();
  return Step::shipped;
}

bool Shipper::next() {
  if (!has_line_) has_line_ = reader_->next(line_);
  return has_line_;
}

bool Shipper::start() {
  Rows rows;
  if (!connection_.query("SELECT last_id, hash FROM pgconsent_audit.shipped", {}, rows))
    return database_failed();
  if (rows.empty()) return fail("the audit database has lost its position (table pgconsent_audit.shipped)");
  last_id_ = std::stoull(*rows[0][0]);
  last_hash_ = *rows[0][1];
  taken_id_ = last_id_;
  taken_hash_ = last_hash_;
  gap_before_ = last_id_ == 0;
  passed_problems_ = 0;
  reader_ = std::make_unique<audit::Reader>(directory_, last_id_);
  has_line_ = false;
  if (last_id_ > 0 && !continues()) return false;
  return true;
}

// The last line that was shipped must be this log's. Retention may have taken it since: then the next line's
// `prev` says so (take()).
bool Shipper::continues() {
  if (!next()) {
    return fail(
        reader_->is_partial()
            ? read_problem()
            : fmt::format("the log in {} ends before line {}, which is in the audit database: it is another "
                          "log, or has lost its end",
                          directory_.string(), last_id_));
  }
  if (line_.id > last_id_) return true;
  has_line_ = false;
  passed_problems_ = unreadable();
  if (line_.hash == last_hash_) return true;
  return fail(
      fmt::format("line {} in {} is not the one in the audit database: it is another log, or was changed",
                  last_id_, directory_.string()));
}

std::string Shipper::read_problem() const {
  const auto problems = reader_->problems();
  return problems.empty() ? "the log can't be read" : problems.back().message;
}

bool Shipper::lock_position(bool& moved) {
  Rows rows;
  if (!connection_.query("SELECT last_id, hash FROM pgconsent_audit.shipped FOR UPDATE", {}, rows))
    return database_failed();
  moved = rows.empty() || *rows[0][0] != std::to_string(last_id_) || *rows[0][1] != last_hash_;
  return true;
}

// As many lines as a batch takes; one at least, or it failed. What stands before a line that can't be taken
// is shipped first.
bool Shipper::collect(Batch& batch) {
  taken_id_ = last_id_;
  taken_hash_ = last_hash_;
  log_fault_ = false;
  do {
    if (!take(batch, line_)) {
      if (!log_fault_ || batch.empty()) return false;
      reader_.reset();
      has_line_ = false;
      return true;
    }
    has_line_ = false;
  } while (batch.lines < options_.batch_lines && batch.bytes < options_.batch_bytes && next());
  return true;
}

bool Shipper::take(Batch& batch, const audit::ReadLine& line) {
  if (line.id != taken_id_ + 1) {
    if ((taken_id_ != 0 || unreadable() > 0) && !take_gap(taken_id_ + 1, line.id - 1)) return false;
    gap_before_ = true;
  }
  if (!gap_before_ && line.prev != taken_hash_ &&
      !damaged(line, "does not continue the line before it: the log is another one, or was changed"))
    return false;
  if (!is_time(line.time)) return damaged(line, "has no time");
  bool taken = true;
  switch (line.kind) {
    case audit::LineKind::record:
      taken = take_record(batch, line);
      break;
    case audit::LineKind::outcome:
      taken = take_outcome(batch, line);
      break;
    case audit::LineKind::log:
      batch.add_log_line(line);
      break;
  }
  if (!taken) return false;
  gap_before_ = false;
  passed_problems_ = unreadable();
  taken_id_ = line.id;
  taken_hash_ = line.hash;
  taken_time_ = line.time;
  return true;
}

// Something is there and can't be read; what is not there any more may have been removed on purpose.
std::size_t Shipper::unreadable() const {
  const auto problems = reader_->problems();
  return static_cast<std::size_t>(std::count_if(
      problems.begin(), problems.end(),
      [](const audit::ReadProblem& problem) { return problem.kind != audit::ReadProblem::Kind::missing; }));
}

bool Shipper::take_gap(std::uint64_t first, std::uint64_t last) {
  const std::string reason = reader_->is_partial() ? read_problem() : "not in the directory";
  log_fault_ = !options_.past_gaps;
  if (log_fault_)
    return fail(fmt::format(
        "lines {} to {} are missing: {} (`pgconsent audit ship --past-gaps` goes on without them)", first,
        last, reason));
  Rows rows;
  return connection_.query("INSERT INTO pgconsent_audit.gap (first_id, last_id, reason) VALUES ($1, $2, $3)",
                           {std::to_string(first), std::to_string(last), reason}, rows) ||
         database_failed();
}

// True: it goes on, and the gap is noted.
bool Shipper::damaged(const audit::ReadLine& line, const std::string& what) {
  const std::string where =
      fmt::format("line {} (segment {}, line {} there) {}", line.id, line.segment, line.number, what);
  log_fault_ = !options_.past_gaps;
  if (log_fault_) return fail(where + " (`pgconsent audit ship --past-gaps` goes on without it)");
  Rows rows;
  return connection_.query(
             "INSERT INTO pgconsent_audit.gap (first_id, last_id, reason) VALUES ($1, $1, $2) ON "
             "CONFLICT (first_id) DO NOTHING",
             {std::to_string(line.id), where}, rows) ||
         database_failed();
}

bool Shipper::take_record(Batch& batch, const audit::ReadLine& line) {
  const auto record = parse_record(line.fields);
  if (!record) return damaged(line, "is not a record");
  auto found = shapes_.find(record->shape);
  if (found == shapes_.end()) {
    bool malformed = false;
    const int id = shape_id(record->shape, line, malformed);
    if (malformed) return damaged(line, "is not a record");
    if (id == 0) return database_failed();
    found = shapes_.emplace(record->shape, id).first;
  }
  batch.add_record(line, *record, found->second);
  records_[line.id] = {std::string(line.time), found->second};
  return true;
}

bool Shipper::take_outcome(Batch& batch, const audit::ReadLine& line) {
  const auto outcome = parse_outcome(line.fields);
  if (!outcome) return damaged(line, "is not an outcome");
  if (records_.find(line.outcome_of) == records_.end() && known(line.outcome_of) == nullptr)
    return database_failed();
  Known& record = records_[line.outcome_of];
  if (record.ended) return damaged(line, fmt::format("is a second outcome of record {}", line.outcome_of));
  record.ended = true;
  batch.add_outcome(line, *outcome,
                    {record.time.empty() ? std::string(line.time) : record.time, record.shape});
  return true;
}

// Looks it up in the database. Null: that failed.
const Shipper::Known* Shipper::known(std::uint64_t record) {
  Rows rows;
  if (!connection_.query(
          "SELECT to_char(r.time, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), r.shape, EXISTS (SELECT FROM "
          "pgconsent_audit.outcome o WHERE o.record_time = r.time AND o.outcome_of = r.id) FROM "
          "pgconsent_audit.record r WHERE r.id = $1",
          {std::to_string(record)}, rows))
    return nullptr;
  Known& out = records_[record];
  if (!rows.empty()) out = {*rows[0][0], std::stoi(*rows[0][1]), rows[0][2] == "t"};
  return &out;
}

}  // namespace pgconsent::audit_database
