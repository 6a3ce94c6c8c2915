// Whose data the rows of the statement in front show: rows are read in passing, where its plan says that they
// hold a subject's key.
#include "proxy/session/impl.h"

namespace pgconsent::session {

using Kind = Entry::Kind;

namespace {

// Of a message that is not there yet as a whole.
constexpr std::size_t most_gathered = std::size_t{64} << 10;

const enforce::Disclosure* disclosure_of(const enforce::Plan& plan, std::size_t statement) {
  return statement < plan.statements.size() ? plan.statements[statement].disclosure.get() : nullptr;
}

bool asks(const enforce::Plan& plan) {
  if (plan.statements.empty()) return false;
  const enforce::Statement& statement = plan.statements.front();
  return statement.by_name != enforce::ByName::nothing ||
         (statement.disclosure != nullptr && !statement.disclosure->entries.empty());
}

}  // namespace

// A DataRow or CopyData.
bool Session::Impl::row(const wire::Header& header, bool fits) {
  if (fits && !in_flight_.front().swallowed) {
    if (tracing_ != Tracing::off && !trace_row(header)) return false;
    ++rows_;
  }
  return expect(header, fits, false);
}

// False: more bytes are needed.
bool Session::Impl::trace_row(const wire::Header& header) {
  if (tracing_ == Tracing::fresh) begin_trace(in_flight_.front());
  if (tracing_ == Tracing::off) return true;
  const auto body = server_.available(header);
  if (trace_->row(header.type, body, server_.whole(header))) return true;
  if (body.size() < most_gathered) return false;
  trace_->lose_row();
  return true;
}

void Session::Impl::begin_trace(const Entry& entry) {
  tracing_ = Tracing::off;
  const bool has_record = entry.outcomes > 0 && outcomes_.front().statement == entry.statement;
  const enforce::Disclosure* disclosure = has_record ? disclosure_of(*entry.plan, entry.statement) : nullptr;
  if (disclosure == nullptr) return;
  if (trace_ == nullptr) trace_ = std::make_unique<SubjectTrace>(config_.subjects);
  SubjectTrace::Source source{entry.bound.get(), {}, utf8_, entry.plan->constants(*disclosure)};
  if (entry.kind == Kind::query || entry.key_lookup) {
    source.formats = std::span<const std::uint16_t>(row_formats_);
  } else if (entry.bound != nullptr) {
    source.formats = std::span<const std::uint16_t>(entry.bound->result_formats);
  }
  trace_->begin(*disclosure, source);
  if (trace_->reads_rows()) tracing_ = Tracing::on;
}

void Session::Impl::end_trace(const Entry& entry, audit::Outcome& outcome) {
  const std::uint32_t index = outcomes_.front().statement;
  const enforce::Disclosure* disclosure = entry.plan ? disclosure_of(*entry.plan, index) : nullptr;
  if (disclosure == nullptr || index != entry.statement || !outcome.rows) return;
  if (tracing_ != Tracing::on) begin_trace(entry);
  const auto result = trace_->finish(*outcome.rows);
  outcome.cells_masked = result.cells_masked;
  if (config_.counters != nullptr) config_.counters->cells_masked.add(result.cells_masked.value_or(0));
  if (config_.subjects == nullptr) return;
  outcome.subjects_known = !result.subjects.empty() || result.unknown.empty();
  outcome.subjects = result.subjects;
  outcome.subjects_unknown = result.unknown;
}

// Is what a Bind of this statement gives asked for?
bool Session::Impl::asks_values(std::string_view name) const {
  if (config_.subjects == nullptr) return false;
  const auto statement = statements_.find(name);
  return statement && asks(*statement->plan);
}

// Null where they are not asked for, or too long to be looked at.
std::shared_ptr<const BoundValues> Session::Impl::bound_values(const wire::Header& header,
                                                               const PreparedStatement& statement) {
  const enforce::Plan& plan = *statement.plan;
  if (config_.subjects == nullptr || !asks(plan) || !client_.whole(header)) return nullptr;
  if (!parse(client_.available(header), bind_)) return nullptr;
  auto values = std::make_shared<BoundValues>();
  values->result_formats = bind_.result_formats;
  const auto* disclosure = plan.statements.front().disclosure.get();
  if (disclosure == nullptr) return values;
  for (const enforce::Disclosure::Entry& entry : disclosure->entries) {
    for (const enforce::Disclosure::Subject& subject : entry.subjects) {
      if (subject.from != enforce::Disclosure::From::parameter) continue;
      const std::size_t at = subject.index - 1;
      if (at >= bind_.parameters.size()) continue;
      if (values->parameters.size() <= at) values->parameters.resize(at + 1);
      const auto& formats = bind_.parameter_formats;
      auto& value = values->parameters[at];
      value.binary = formats.size() == 1 ? formats[0] != 0 : at < formats.size() && formats[at] != 0;
      value.known =
          bind_.parameters[at].has_value() && bind_.parameters[at]->size() <= audit::max_subject_key;
      if (at < statement.parameter_types.size()) value.type = statement.parameter_types[at];
      if (value.known) value.bytes = *bind_.parameters[at];
    }
  }
  return values;
}

}  // namespace pgconsent::session
