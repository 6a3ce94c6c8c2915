// A simple query that asks a protected table for one row by its key: the server plans what the guard adds
// several times slower than it runs it. So the statement is kept prepared, and run by the extended protocol;
// the client sees the answers of a simple query.
#include "proxy/session/impl.h"
#include "proxy/wire/frontend/bind.h"
#include "proxy/wire/frontend/close.h"
#include "proxy/wire/frontend/describe.h"
#include "proxy/wire/frontend/execute.h"
#include "proxy/wire/frontend/parse.h"
#include "proxy/wire/frontend/sync.h"

namespace pgconsent::session {

namespace frontend = wire::frontend;
using Kind = Entry::Kind;

// False: it has to be sent as text.
bool Session::Impl::send_key_lookup(const wire::Header& header, const enforce::PlanPtr& plan) {
  if (plan->key_lookup == nullptr || !in_flight_.empty() || unsynced_ || transaction_ == 'E') return false;
  const enforce::KeyLookup& text = *plan->key_lookup;
  auto& out = client_.own();
  const auto push = [&](Kind kind, bool swallowed) -> Entry& {
    Entry entry = make_entry(kind, plan);
    entry.swallowed = swallowed;
    entry.key_lookup = true;
    return in_flight_.push(std::move(entry));
  };

  KeyLookups::Lookup* lookup = key_lookups_.find(text.id);
  if (lookup == nullptr) {
    KeyLookups::Lookup gone;
    if (key_lookups_.add(text.id, gone)) {
      serialize(frontend::Close{wire::Target::statement, gone.statement()}, out);
      push(Kind::close, true);
      serialize(frontend::Sync{}, out);
      push(Kind::sync, true);
    }
    return false;
  }
  if (lookup->state == KeyLookups::State::failed) return false;
  if (lookup->state == KeyLookups::State::sent_as_text) {
    key_lookups_.prepared(*lookup);
    serialize(frontend::Parse{lookup->statement(), text.sql, text.parameter_types}, out);
    push(Kind::parse, true);
  }
  const std::string name = lookup->statement();
  frontend::Bind bind;
  bind.statement = name;
  bind.parameters.assign(plan->key_values.begin(), plan->key_values.end());
  serialize(bind, out);
  push(Kind::bind, true);
  serialize(frontend::Describe{wire::Target::portal, {}}, out);
  push(Kind::describe_portal, false);
  serialize(frontend::Execute{{}, 0}, out);
  audit_sent(push(Kind::execute, false), *plan, false);
  if (transaction_ != 'I') {  // a simple query leaves no portal
    serialize(frontend::Close{wire::Target::portal, {}}, out);
    push(Kind::close, true);
  }
  serialize(frontend::Sync{}, out);
  push(Kind::sync, false).changes_statement = true;  // a simple query drops the unnamed statement
  statements_.change({}, nullptr);
  client_.drop(header);
  return true;
}

}  // namespace pgconsent::session
