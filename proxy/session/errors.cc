// Errors and notices: the refused statement's error in place of the one it provoked, positions in the
// client's own text, nothing of the generated one; and what an error means for what is in flight.
#include <algorithm>
#include <charconv>
#include <deque>

#include "parser/names/generated_names.h"
#include "proxy/session/impl.h"
#include "proxy/session/refusals.h"
#include "proxy/session/sqlstates.h"
#include "proxy/session/withheld.h"
#include "proxy/wire/backend/error_response.h"
#include "proxy/wire/backend/notice_response.h"
#include "proxy/wire/frontend/sync.h"
#include "proxy/wire/frontend/terminate.h"

namespace pgconsent::session {

namespace backend = wire::backend;
namespace sqlstate = parser::sqlstate;
using Kind = Entry::Kind;

namespace {

constexpr std::size_t max_error_length = std::size_t{16} << 20;  // a cast error prints the whole value

void write_sql_error(std::string& out, const parser::SqlError& error, std::string_view severity,
                     std::string_view severity_untranslated) {
  backend::ErrorResponse response;
  const auto position = std::to_string(error.position);
  auto& fields = response.fields;
  fields.push_back({'S', severity});
  fields.push_back({'V', severity_untranslated});
  fields.push_back({'C', error.sqlstate});
  fields.push_back({'M', error.message});
  if (!error.detail.empty()) fields.push_back({'D', error.detail});
  if (!error.hint.empty()) fields.push_back({'H', error.hint});
  if (error.position > 0) fields.push_back({'P', position});
  serialize(response, out);
}

bool is_generated(std::string_view text) {
  return text.find("OPERATOR(pg_catalog.") != std::string_view::npos ||
         text.find("pgconsent") != std::string_view::npos;
}

// "permission denied for table customers", where the client has named a view.
std::optional<parser::SqlError> rights_behind_view(const enforce::Statement& statement,
                                                   std::string_view message) {
  for (const enforce::ExpandedView& view : statement.expanded) {
    for (const auto& [schema, name] : view.relations) {
      if (message.ends_with(" " + name)) return no_rights_behind_view(view.name, schema + "." + name);
    }
  }
  return std::nullopt;
}

// What the server writes to its log, of which client_min_messages may ask for a copy: the text that it got,
// durations and plans (log_statement, auto_explain). Code that raises a message has not seen it.
bool is_log(const wire::ErrorFields& fields) {
  const auto severity = field(fields, 'V');
  const bool raised = field(fields, 'R') == "exec_stmt_raise";
  return !raised && (severity == "DEBUG" || severity == "LOG" || is_generated(field(fields, 'M')));
}

// The target of a modification is sent under another name: what can't be named as the client does is left
// out. True: something was changed; `texts` holds it.
bool name_target(wire::ErrorFields& fields, const std::vector<std::string>& names,
                 std::deque<std::string>& texts) {
  const auto tells = [](const wire::ErrorField& each) {
    return (each.code == 'M' || each.code == 'H' || each.code == 'D') &&
           each.value.find(parser::target_alias) != std::string_view::npos;
  };
  const auto before = fields.size();
  bool changed = false;
  if (names.size() != 1)
    std::erase_if(fields, [&](const auto& each) { return each.code != 'M' && tells(each); });
  for (auto& each : fields) {
    if (!tells(each)) continue;
    const std::string_view name = names.size() == 1 ? std::string_view(names.front()) : "target";
    std::string& text = texts.emplace_back();
    for (std::string_view rest = each.value;;) {
      const auto at = rest.find(parser::target_alias);
      text += rest.substr(0, at);
      if (at == rest.npos) break;
      text += name;
      rest.remove_prefix(at + parser::target_alias.size());
    }
    each.value = text;
    changed = true;
  }
  return changed || fields.size() != before;
}

bool is_fatal(const wire::ErrorFields& fields) {
  auto severity = field(fields, 'V');
  if (severity.empty()) severity = field(fields, 'S');
  return severity == "FATAL" || severity == "PANIC";
}

}  // namespace

// Writes the error of what was refused, and returns its SQLSTATE; empty when it is another error.
std::string_view Session::Impl::replaced_error(const wire::ErrorFields& fields, const Entry* entry) {
  const auto message = field(fields, 'M');
  const auto severity = field(fields, 'S');
  const auto untranslated = field(fields, 'V').empty() ? severity : field(fields, 'V');
  const auto* statement = entry != nullptr ? statement_of(*entry) : nullptr;
  const auto write = [&](const parser::SqlError& error, bool at_a_row) {
    if (at_a_row) audit_failure(entry, error.message, enforce::Decision::refused);
    write_sql_error(server_.own(), error, severity, untranslated);
    return audited_sqlstate(error.sqlstate);
  };
  if (message.find(enforce::run_time_refusal_token) != std::string_view::npos) {
    return write(refused_value(statement != nullptr ? statement->run_time_refusal_rule : std::string()),
                 true);
  }
  if (message.find(enforce::write_refusal_token) != std::string_view::npos) {
    const auto refused = enforce::write_refusal_index(message);
    const bool known = statement != nullptr && refused && *refused < statement->write_refusals.size();
    return write(known ? statement->write_refusals[*refused] : refused_write(), true);
  }
  if (entry == nullptr || !entry->plan) return {};
  if (statement != nullptr && field(fields, 'C') == sqlstate::insufficient_privilege) {
    if (const auto error = rights_behind_view(*statement, message)) return write(*error, true);
  }
  const auto index = enforce::refusal_index(message);
  if (!index || *index >= entry->plan->statements.size()) return {};
  const auto& refusal = entry->plan->statements[*index].refusal;
  return refusal ? write(*refusal, false) : std::string_view{};
}

// True: the fields were changed. `texts` holds what is new in them.
bool Session::Impl::clean_fields(wire::ErrorFields& fields, const Entry* entry,
                                 std::deque<std::string>& texts) const {
  const auto* plan = entry != nullptr ? entry->plan.get() : nullptr;
  const auto before = fields.size();
  bool changed = false;
  if (plan != nullptr && (!plan->is_identity || plan->runs_generated)) {
    const bool internal = is_generated(field(fields, 'q'));
    std::erase_if(fields, [&](const wire::ErrorField& each) {
      return (internal && (each.code == 'q' || each.code == 'p')) ||
             (each.code == 'W' && is_generated(each.value));
    });
    const auto* statement = statement_of(*entry);
    changed |= name_target(
        fields, statement != nullptr ? statement->target_names : std::vector<std::string>(), texts);
    for (auto& each : fields) {
      int sent = 0;
      if (each.code != 'P') continue;
      if (std::from_chars(each.value.data(), each.value.data() + each.value.size(), sent).ec != std::errc{})
        continue;
      // With parameters for constants the places are others.
      const std::string& position =
          texts.emplace_back(std::to_string(entry->key_lookup ? 0 : plan->original_position(sent)));
      changed |= position != each.value;
      each.value = position;
    }
    std::erase_if(fields, [](const wire::ErrorField& each) { return each.code == 'P' && each.value == "0"; });
  }
  return changed || fields.size() != before;
}

Circumstances Session::Impl::circumstances(const Entry* entry) const {
  Circumstances out;
  out.touched = touched_;
  out.utf8 = utf8_;
  out.plan = entry == nullptr ? nullptr : entry->plan.get();
  out.renamed = ddl_sent_ && out.plan == nullptr;
  // Nothing runs before the statement does.
  const bool runs = entry != nullptr && (entry->kind == Kind::query || entry->kind == Kind::execute);
  const auto* statement = runs ? statement_of(*entry) : nullptr;
  const bool prepares =
      entry != nullptr && (entry->kind == Kind::parse || entry->kind == Kind::bind ||
                           entry->kind == Kind::describe_statement || entry->kind == Kind::describe_portal);
  // The end of a transaction, or SET CONSTRAINTS, checks what was left for it.
  constexpr std::uint32_t checks = enforce::has_own_answer | enforce::changes_state;
  const bool may_check = !prepares && (statement == nullptr || (statement->effects & checks) != 0);
  out.writes = (may_check && touched_) || (statement != nullptr && statement->writes);
  out.row_code = (may_check && row_code_sent_) ||
                 (statement != nullptr && (statement->runs_row_code || statement->asks_conditions));
  return out;
}

std::string_view Session::Impl::write_error(const wire::Header& header, const Entry* entry) {
  backend::ErrorResponse response;
  parse(server_.available(header), response);  // the caller has checked it
  std::deque<std::string> texts;
  if (const auto refused = replaced_error(response.fields, entry); !refused.empty()) {
    server_.drop(header);
    return refused;
  }
  const std::string_view code = audited_sqlstate(field(response.fields, 'C'));
  // What it says is judged before what it points at is mended.
  const bool exempt = state_ && planner_->is_exempt(state_->login_role);
  bool changed =
      !exempt && withhold(response.fields, *planner_, circumstances(entry), texts) != Withheld::nothing;
  changed |= clean_fields(response.fields, entry, texts);
  if (!changed) return server_.pass(header), code;
  serialize(response, server_.own());
  server_.drop(header);
  return code;
}

bool Session::Impl::error_response(const wire::Header& header) {
  if (header.body() > max_error_length && planner_ != nullptr) return nonsense();
  if (!server_.whole(header)) return header.body() > max_error_length ? (server_.pass(header), true) : false;
  backend::ErrorResponse response;
  if (!parse(server_.available(header), response)) return nonsense();
  if (is_fatal(response.fields)) server_fatal_ = true;
  if (planner_ == nullptr || phase_ == Phase::authenticating) return server_.pass(header), true;
  if (in_flight_.empty()) {
    write_error(header, nullptr);
    skipping_ = unsynced_ && !server_fatal_;
    return true;
  }
  auto& entry = in_flight_.front();
  if (server_fatal_) {
    batch_error_ = write_error(header, entry.own_query ? nullptr : &entry);
    return true;
  }
  if (entry.own_query) {
    batch_error_ = audited_sqlstate(field(response.fields, 'C'));
    own_error_ = field(response.fields, 'M');
    own_failed_ = true;
    if (unsynced_) {  // it has ended the client's batch
      for (auto& each : response.fields) {
        if (each.code == 'P' || each.code == 'W' || each.code == 'q' || each.code == 'p') each.code = 0;
      }
      std::erase_if(response.fields, [](const wire::ErrorField& each) { return each.code == 0; });
      serialize(response, server_.own());
      own_ = Own::none;
      aside_.reset();
      state_reader_.reset();
      catalog_builder_.reset();
    }
    server_.drop(header);
    drop_to_sync();
    return true;
  }
  if (!audit_answer(entry)) return false;
  // Sent as text or being prepared, it failed for itself, not for its values.
  const bool runs = entry.key_lookup && entry.kind == Kind::execute;
  if (entry.plan && entry.plan->key_lookup && !runs) key_lookups_.failed(entry.plan->key_lookup->id);
  batch_error_ = write_error(header, &entry);
  entry_failed(entry, batch_error_);
  if (entry.is_extended()) {
    drop_to_sync();
  } else if (entry.kind == Kind::query) {
    copy_in_ = false;
  }
  if (state_changes_sent_) state_dirty_ = true;
  if (ddl_sent_) private_stale_ = true;
  return true;
}

// After an error in the extended protocol the server skips to the next Sync.
void Session::Impl::drop_to_sync() {
  // It did not see the Sync that was dropped as part of a COPY, if the COPY failed before it asked for data.
  const bool sync_is_due = copy_in_ && copy_sync_dropped_ && !copy_data_sent_;
  while (!in_flight_.empty() && in_flight_.front().kind != Kind::sync) pop_entry(false);
  if (!in_flight_.empty()) return;
  skipping_ = true;
  if (!sync_is_due) return;
  serialize(wire::frontend::Sync{}, client_.own());
  in_flight_.push(Entry{});
  skipping_ = unsynced_ = false;
}

bool Session::Impl::notice_response(const wire::Header& header) {
  if (planner_ == nullptr || phase_ == Phase::authenticating) return server_.pass(header), true;
  if (header.body() > max_error_length) return server_.drop(header), true;
  if (!server_.whole(header)) return false;
  backend::NoticeResponse notice;
  if (!parse(server_.available(header), notice)) return nonsense();
  const Entry* entry = in_flight_.empty() ? nullptr : &in_flight_.front();
  std::deque<std::string> texts;
  const bool exempt = state_ && planner_->is_exempt(state_->login_role);
  const Withheld withheld =
      exempt ? Withheld::nothing : withhold(notice.fields, *planner_, circumstances(entry), texts);
  const bool logged = !exempt && is_log(notice.fields);  // perhaps of a statement before this one
  if ((entry != nullptr && entry->swallowed) || logged || withheld == Withheld::all) {
    server_.drop(header);
  } else if (clean_fields(notice.fields, entry, texts) || withheld != Withheld::nothing) {
    serialize(notice, server_.own());
    server_.drop(header);
  } else {
    server_.pass(header);
  }
  return true;
}

void Session::Impl::fatal(const parser::SqlError& error) {
  if (!server_.in_message()) write_sql_error(server_.own(), error, "FATAL", "FATAL");
  if (!client_.in_message()) serialize(wire::frontend::Terminate{}, client_.own());
  client_.forget();
  server_.forget();
  phase_ = Phase::closed;
  action_ = Action::close;
}

void Session::Impl::fatal(std::string_view sqlstate, std::string message) {
  fatal({std::string(sqlstate), std::move(message), "", "", 0});
}

}  // namespace pgconsent::session
