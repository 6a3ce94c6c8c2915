// What became of the statements that have a record: rows, SQLSTATE, time. One outcome per record.
#include <algorithm>
#include <charconv>
#include <utility>

#include "proxy/session/impl.h"

namespace pgconsent::session {

namespace {

// "INSERT 0 5", "SELECT 5", "COPY 5": the last word, where it is a number.
std::optional<std::uint64_t> rows_of(std::string_view tag) {
  const auto space = tag.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::uint64_t rows = 0;
  const char* const end = tag.data() + tag.size();
  const auto parsed = std::from_chars(tag.data() + space + 1, end, rows);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return rows;
}

}  // namespace

// The statement in front was answered to the end. `tag`: empty when a portal was suspended or the text is
// empty.
void Session::Impl::statement_ended(Entry& entry, std::string_view tag) {
  const bool has_record = entry.outcomes > 0 && outcomes_.front().statement == entry.statement;
  if (has_record) {
    audit::Outcome outcome;
    outcome.rows = rows_of(tag);
    if (!outcome.rows && (rows_ > 0 || tag.empty())) outcome.rows = rows_;
    append_outcome(entry, outcome);
  } else if (!outcomes_.empty()) {
    ended_ = config_.clock();
  }
  next_statement();
}

void Session::Impl::next_statement() {
  rows_ = 0;
  tracing_ = Tracing::fresh;
  row_formats_.clear();
}

// Of a message with several statements those behind the one that failed are never run, nor is what the server
// skips up to a Sync. No `sqlstate`: what became of it is not known.
void Session::Impl::entry_failed(Entry& entry, std::string_view sqlstate) {
  while (entry.outcomes > 0) {
    audit::Outcome outcome;
    outcome.sqlstate = sqlstate;
    if (!sqlstate.empty()) outcome.rows = rows_;
    append_outcome(entry, outcome);
    next_statement();
  }
  next_statement();
}

// The connection broke, and the server may have gone on: what was shown is known, what was written is not.
// Whoever's data may have been must not be missing in the log.
void Session::Impl::entry_lost(Entry& entry) {
  while (entry.outcomes > 0) {
    audit::Outcome outcome;
    outcome.sqlstate = batch_error_;
    const enforce::Statement* statement = nullptr;
    if (const std::size_t at = outcomes_.front().statement; entry.plan && at < entry.plan->statements.size())
      statement = &entry.plan->statements[at];
    if (statement != nullptr && statement->moves_rows) {
      if (statement->disclosure) outcome.subjects_unknown = statement->disclosure->kinds;
      end_outcome(entry, outcome);
    } else {
      outcome.rows = rows_;
      append_outcome(entry, outcome);
    }
    next_statement();
  }
  next_statement();
}

// Of the first of the entry's records that have none.
void Session::Impl::append_outcome(Entry& entry, audit::Outcome outcome) {
  end_trace(entry, outcome);
  end_outcome(entry, outcome);
}

void Session::Impl::end_outcome(Entry& entry, audit::Outcome& outcome) {
  const auto now = config_.clock();
  const auto time = now - std::max(entry.sent_at, ended_);
  ended_ = now;
  outcome.session = config_.id;
  outcome.outcome_of = outcomes_.front().record;
  outcome.server_us =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
  outcomes_.pop();
  --entry.outcomes;
  if (config_.subjects != nullptr) {
    config_.subjects->append(outcome);
  } else {
    log_->append(outcome);
  }
}

void Session::Impl::session_ended() {
  for (; !in_flight_.empty() && !outcomes_.empty(); in_flight_.pop()) entry_lost(in_flight_.front());
}

}  // namespace pgconsent::session
