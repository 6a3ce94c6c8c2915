#include "proxy/session/dialect.h"
#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"
#include "proxy/wire/frontend/query.h"

namespace pgconsent::session {

bool Session::Impl::on_query(const wire::Header& header) {
  if (header.body() > config_.max_statement_bytes) {
    send_query(header, refusal("", statement_too_long(config_.max_statement_bytes)));
    return true;
  }
  if (!client_.whole(header)) return false;
  wire::frontend::Query message;
  if (!parse(client_.available(header), message)) {
    send_query(header, refusal("", invalid_message_format(), false));  // NUL inside the text
    return true;
  }
  if (!settled()) return wait();
  auto plan = decide(message.text);
  if (plan) plan = with_names(plan);
  if (!plan) return wait();
  const auto snapshot = snapshot_for(*plan);
  if (snapshot == Snapshot::wait) return wait();
  if (snapshot == Snapshot::too_old) plan = refusal(message.text, snapshot_error(false));
  send_query(header, plan);
  return true;
}

void Session::Impl::send_query(const wire::Header& header, const enforce::PlanPtr& plan) {
  if (send_key_lookup(header, plan)) return;
  Entry entry;
  entry.kind = Entry::Kind::query;
  entry.plan = plan;
  entry.changes_statement = true;  // a simple query drops the unnamed statement
  statements_.change({}, nullptr);
  audit_sent(entry, *plan, false);
  sent_effects(plan->effects());
  copy_barrier_ = entry.may_copy = may_copy(plan->original);
  if (plan->is_identity) {
    client_.pass(header);
  } else {
    serialize(wire::frontend::Query{plan->sql}, client_.own());
    client_.drop(header);
  }
  in_flight_.push(std::move(entry));
  transaction_may_end((plan->effects() & enforce::ends_transaction) != 0);
  if (unsynced_) batch_ends();
}

}  // namespace pgconsent::session
