// The audit records of this session: appended when a statement is sent, in the file before its first answer
// goes out.
#include "proxy/session/impl.h"

namespace pgconsent::session {

using enforce::Decision;

namespace {

void fill(audit::Record& record, const enforce::AuditFacts& facts) {
  if (record.reason.empty()) record.reason = facts.reason;
  record.rules = &facts.rules;
  record.basis = &facts.bases;
  record.tables = &facts.tables;
  record.columns = &facts.columns;
  record.fingerprint = facts.fingerprint;
  record.statement = facts.statement;
}

}  // namespace

// `refused_only`: a Parse, which is where a refused statement fails, and is recorded; the others are recorded
// once per Execute.
void Session::Impl::audit_sent(Entry& entry, const enforce::Plan& plan, bool refused_only) {
  if (config_.counters != nullptr)
    config_.counters->sent(plan, !refused_only, entry.kind != Entry::Kind::execute);
  for (const auto& statement : plan.statements) {
    const bool runs = statement.decision != Decision::refused && !statement.runs_later && !refused_only;
    const bool untouched = statement.decision == Decision::untouched;
    touched_ |= runs && (statement.writes || (!untouched && statement.decision != Decision::exempt));
    row_code_sent_ |= runs && (statement.runs_row_code || statement.asks_conditions);
    if (untouched) continue;
    if (statement.decision == Decision::refused ? entry.kind == Entry::Kind::execute : !runs) continue;
    if (log_ == nullptr) continue;
    audit::Record record = record_of(&plan);
    record.decision = enforce::to_string(statement.decision);
    record.duration_us = decision_us_;
    fill(record, statement.audit);
    entry.audit = log_->append(record);
    entry.audited = true;
    ++entry.outcomes;
    outcomes_.push({entry.audit, static_cast<std::uint32_t>(&statement - plan.statements.begin())});
  }
}

// The session's. One that is not allowed may be any text of the client's.
std::string_view Session::Impl::audited_purpose() const {
  if (!state_) return {};
  return purpose_error_ ? std::string_view("(not allowed)") : std::string_view(state_->purpose);
}

// Who acts, and for which purpose. `plan` may be null.
audit::Record Session::Impl::record_of(const enforce::Plan* plan) const {
  audit::Record record;
  record.session = config_.id;
  record.client = config_.client_address;
  record.role = state_ ? std::string_view(state_->login_role) : user_;
  record.application = application_name_;
  record.database = database_;
  if (plan != nullptr) {
    record.purpose = plan->purpose;
    record.purpose_source = plan->purpose_source;
    record.catalog_version = plan->catalog_version;
    record.rules_version = plan->rules_version;
  } else {
    record.purpose = audited_purpose();
    record.purpose_source = "session";
  }
  return record;
}

// False: the record is not written yet, and the answer stays where it is until on_server() is called again;
// or it can't be, and the session has ended.
bool Session::Impl::audit_answer(Entry& entry) {
  if (entry.answered) return true;
  if (entry.audited && !log_->written(entry.audit)) {
    log_->start_flush();
    if (!log_->written(entry.audit)) {
      audit_awaited_ = log_->healthy() && entry.audit != audit::Log::never ? entry.audit : 0;
      if (audit_awaited_ == 0) fatal(parser::sqlstate::io_error, "pgconsent: the audit log can't be written");
      return false;
    }
  }
  entry.answered = true;
  return true;
}

bool Session::Impl::audit_is_due() const {
  return audit_awaited_ == 0 || log_->written(audit_awaited_) || !log_->healthy();
}

void Session::Impl::audit_failure(const Entry* entry, std::string_view reason, enforce::Decision decision) {
  if (decision == Decision::refused && config_.counters != nullptr)
    config_.counters->refused(RefusalReason::row);
  if (log_ == nullptr) return;
  const auto* statement = entry != nullptr ? statement_of(*entry) : nullptr;
  audit::Record record = record_of(entry != nullptr ? entry->plan.get() : nullptr);
  record.reason = reason;
  if (statement != nullptr) fill(record, statement->audit);
  record.decision = decision == Decision::refused ? enforce::to_string(decision) : "failed";
  audit::Outcome outcome;
  outcome.session = config_.id;
  outcome.outcome_of = log_->append(record);
  outcome.rows = rows_;
  outcome.sqlstate = parser::sqlstate::insufficient_privilege;
  log_->append(outcome);
  log_->start_flush();
}

bool Session::Impl::audit_writable() {
  if (log_ == nullptr || log_->healthy()) return true;
  log_->start_flush();
  return log_->healthy();
}

}  // namespace pgconsent::session
