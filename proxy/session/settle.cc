// What decides about plans besides the text is asked from the server, lazily: before the next text that
// depends on it.
#include <utility>

#include "parser/names/encodings.h"
#include "proxy/session/dialect.h"
#include "proxy/session/impl.h"
#include "proxy/wire/backend/data_row.h"
#include "proxy/wire/backend/ready_for_query.h"
#include "proxy/wire/frontend/bind.h"
#include "proxy/wire/frontend/close.h"
#include "proxy/wire/frontend/execute.h"
#include "proxy/wire/frontend/flush.h"
#include "proxy/wire/frontend/parse.h"
#include "proxy/wire/frontend/sync.h"

namespace pgconsent::session {

namespace frontend = wire::frontend;
using Kind = Entry::Kind;

namespace {

constexpr int max_own_failures = 3;
constexpr std::size_t max_own_row = std::size_t{64} << 20;

}  // namespace

bool Session::Impl::settled() {
  if (!unsettled()) return true;
  if (!drained()) return false;
  names_sent_ = false;
  if (!unsettled() || transaction_ == 'E') return true;
  if (needs_reload_) {
    needs_reload_ = false;
    demand_catalog(catalog_in_force());  // it may lack the change that was just committed
    return false;
  }
  if (state_dirty_) {
    ask_state();
    return false;
  }
  if (transaction_ == 'I' && !unsynced_) {
    private_stale_ = false;
    return true;
  }
  ask_catalog();
  return false;
}

// A plan for the empty text tells the version.
std::uint64_t Session::Impl::catalog_in_force() {
  const auto result = planner_->plan({}, *state_, true);
  if (const auto* needs = std::get_if<enforce::NeedsCatalog>(&result)) return needs->newer_than;
  return std::get<enforce::PlanPtr>(result)->catalog_version;
}

// Is everything answered that was sent? Asks the server not to keep its answers.
bool Session::Impl::drained() {
  if (in_flight_.empty()) return true;
  if (unsynced_ && !flushed_) {
    serialize(frontend::Flush{}, client_.own());
    flushed_ = true;
  }
  return false;
}

void Session::Impl::ask_state() {
  begin_own(Own::state);
  state_reader_ = std::make_unique<StateReader>();
  ask(state_query(), 0);
  end_own();
}

void Session::Impl::ask_catalog() {
  begin_own(Own::catalog);
  catalog_builder_ = std::make_unique<catalog::SnapshotBuilder>();
  std::uint32_t index = 0;
  for (const auto query : catalog::catalog_queries()) ask(query, index++);
  end_own();
}

void Session::Impl::begin_own(Own own) {
  own_ = own;
  own_failed_ = false;
}

// Names of its own, closed again at once: nothing of the client's is disturbed, and nothing is left to be
// seen.
void Session::Impl::ask(std::string_view sql, std::uint32_t index) {
  auto& out = client_.own();
  const auto sent = [&](Kind kind) {
    Entry entry;
    entry.kind = kind;
    entry.swallowed = entry.own_query = true;
    entry.statement = index;
    in_flight_.push(std::move(entry));
  };
  serialize(frontend::Close{wire::Target::statement, reserved_name}, out), sent(Kind::close);
  serialize(frontend::Parse{reserved_name, sql, {}}, out), sent(Kind::parse);
  frontend::Bind bind;
  bind.portal = bind.statement = reserved_name;
  serialize(bind, out), sent(Kind::bind);
  serialize(frontend::Execute{reserved_name, 0}, out), sent(Kind::execute);
  serialize(frontend::Close{wire::Target::portal, reserved_name}, out), sent(Kind::close);
  serialize(frontend::Close{wire::Target::statement, reserved_name}, out), sent(Kind::close);
}

void Session::Impl::end_own() {
  if (unsynced_) {
    // A Sync would end the client's own batch, and with it an implicit transaction.
    serialize(frontend::Flush{}, client_.own());
    flushed_ = true;
    in_flight_.back().ends_own = true;
    return;
  }
  serialize(frontend::Sync{}, client_.own());
  Entry entry;
  entry.kind = Kind::sync;
  entry.swallowed = entry.own_query = entry.ends_own = true;
  in_flight_.push(std::move(entry));
}

void Session::Impl::own_row(const wire::Header& header) {
  wire::backend::DataRow row;
  const auto index = in_flight_.front().statement;
  bool fits = header.body() <= max_own_row && parse(server_.available(header), row);
  if (fits && own_ == Own::state) fits = state_reader_->row(row.values);
  if (fits && own_ == Own::isolation) fits = isolation_row(row.values);
  if (fits && own_ == Own::catalog) fits = catalog_builder_->row(index, row.values);
  if (!fits) {
    own_failed_ = true;
    own_error_ = "unexpected row";
  }
  server_.drop(header);
}

void Session::Impl::own_finished() {
  const auto own = std::exchange(own_, Own::none);
  if (own == Own::prepare) return prepared_aside(own_failed_);
  if (own == Own::isolation && !own_failed_) {
    own_failed_ = in_flight_.age().isolation() == SnapshotAge::Isolation::unknown;
    own_error_ = "rows are missing";
    if (!own_failed_) {
      own_failures_ = 0;
      return;
    }
  }
  parser::SnapshotPtr catalog;
  if (!own_failed_ && own == Own::catalog) catalog = catalog_builder_->finish(0);
  if (!own_failed_ && (own == Own::state ? !state_reader_->complete() : catalog == nullptr)) {
    own_failed_ = true;
    own_error_ = "rows are missing";
  }
  if (!own_failed_ && own == Own::state && state_reader_->needs_temporary()) {
    begin_own(Own::state);
    ask(temporary_query(), 0);
    end_own();
    return;
  }
  if (!own_failed_) {
    own_failures_ = 0;
    if (own == Own::state) {
      state_known();
    } else {
      private_stale_ = false;
      set_private_catalog(std::move(catalog));
    }
  } else if (++own_failures_ >= max_own_failures) {
    fatal(parser::sqlstate::connection_failure,
          "pgconsent: can't read the session's state from the server: " + own_error_);
  } else if (phase_ == Phase::settling) {
    ask_state();
    return;
  }  // else the next text asks again
  state_reader_.reset();
  catalog_builder_.reset();
}

void Session::Impl::state_known() {
  auto state = std::move(state_reader_->state);
  state.login_role = state_ ? state_->login_role : state_reader_->session_user;
  if (state_) state.private_catalog = state_->private_catalog;
  unsafe_strings_ = !state_reader_->standard_conforming_strings;
  utf8_ = state_reader_->client_encoding == "UTF8";
  unsafe_encoding_ = parser::is_unsafe_encoding(state_reader_->client_encoding);
  if (state.purpose == startup_purpose_) state.purpose_source = startup_purpose_source_;
  state.may_revert = state_changes_sent_;
  purpose_error_.reset();
  if (!state.purpose.empty()) purpose_error_ = planner_->check_purpose(state.login_role, state.purpose);
  state_ = StateTable::of_this_thread().intern(std::move(state));
  state_dirty_ = false;
  state_catalog_ = catalog_in_force();
  if (phase_ != Phase::settling) return;
  serialize(wire::backend::ReadyForQuery{}, server_.own());
  phase_ = Phase::ready;
}

void Session::Impl::set_private_catalog(parser::SnapshotPtr catalog) {
  auto state = *state_;
  state.private_catalog = std::move(catalog);
  state_ = StateTable::of_this_thread().intern(std::move(state));
}

void Session::Impl::sent_effects(std::uint32_t effects) {
  if (effects == 0) return;
  if (effects & enforce::changes_state) state_dirty_ = state_changes_sent_ = true;
  if (effects & enforce::changes_catalog) private_stale_ = ddl_sent_ = true;
  constexpr std::uint32_t names = enforce::names_statement | enforce::forgets_statements |
                                  enforce::names_portal | enforce::forgets_portals;
  if (effects & names) names_sent_ = true;
  if (effects & enforce::ends_transaction) {
    // Back to what it was before, perhaps: ROLLBACK TO, or SET LOCAL at COMMIT.
    if (state_changes_sent_) state_dirty_ = true;
    if (ddl_sent_) private_stale_ = true;
  }
}

// After ReadyForQuery with status idle. Transactions that were sent after it may have begun changes of their
// own: then the flags stay, which costs a question too many.
void Session::Impl::transaction_ended() {
  const bool last = in_flight_.empty();
  portals_.clear_if([](const PortalPtr& portal) { return !portal->outlives_transaction; });
  if (state_changes_sent_) {
    state_dirty_ = true;
    state_changes_sent_ = !last;
  }
  if (ddl_sent_) {
    needs_reload_ = true;
    private_stale_ = ddl_sent_ = !last;
    if (state_ && state_->private_catalog) set_private_catalog(nullptr);
  }
  if (last) touched_ = row_code_sent_ = false;
}

}  // namespace pgconsent::session
