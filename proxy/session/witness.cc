// Layer 3: the columns that arrive are held against the plan, before any row goes to the client.
#include <algorithm>

#include "proxy/session/impl.h"
#include "proxy/wire/backend/row_description.h"

namespace pgconsent::session {

const enforce::Statement* Session::Impl::statement_of(const Entry& entry) const {
  if (!entry.plan) return nullptr;
  const std::size_t index = entry.kind == Entry::Kind::query ? entry.statement : 0;
  return index < entry.plan->statements.size() ? &entry.plan->statements[index] : nullptr;
}

namespace {

bool may_arrive_raw(const enforce::Statement* statement, enforce::ColumnOrigin column) {
  if (statement == nullptr) return false;
  const auto& allowed = statement->raw_allowed;
  return std::find(allowed.begin(), allowed.end(), column) != allowed.end();
}

}  // namespace

// Held against the plan, and with the origins that the client would see directly. False: the session has
// ended.
bool Session::Impl::witness(std::string_view body, const enforce::Statement* statement, std::string& sent) {
  const auto& entry = in_flight_.front();
  wire::backend::RowDescription description;
  if (!parse(body, description)) return nonsense();
  auto expected = [&](std::size_t column) {
    return statement == nullptr ? enforce::ColumnOrigin{}
                                : statement->origin(column, description.columns.size());
  };
  bool restores = false, binary = false;
  for (std::size_t i = 0; i < description.columns.size(); ++i) {
    const auto& column = description.columns[i];
    const enforce::ColumnOrigin origin{column.table, column.attnum};
    binary |= column.format != 0;
    const enforce::ColumnOrigin shown = expected(i);
    restores |= shown.table != 0 && shown != origin;
    if (column.table == 0 || !planner_->is_protected(origin, entry.plan.get()) ||
        may_arrive_raw(statement, origin) || planner_->is_exempt(state_->login_role))
      continue;
    constexpr std::string_view message = "pgconsent: a protected column arrived unmasked";
    audit_failure(&entry, message);
    fatal({std::string(parser::sqlstate::insufficient_privilege), std::string(message),
           "The session was ended before any row was forwarded.",
           "Please report this: it is a fault of the proxy.", 0});
    return false;
  }
  if (binary && entry.kind == Entry::Kind::query) {
    for (const auto& column : description.columns) row_formats_.push_back(column.format);
  }
  sent.clear();
  if (!restores) return true;
  sent = body;
  for (std::size_t i = 0; i < description.columns.size(); ++i) {
    const enforce::ColumnOrigin origin = expected(i);
    if (origin.table == 0) continue;
    char* const at = &sent[description.columns[i].origin_at];
    wire::store_u32(at, origin.table);
    wire::store_u16(at + 4, static_cast<std::uint16_t>(origin.attnum));
  }
  return true;
}

bool Session::Impl::row_description(const wire::Header& header) {
  constexpr std::size_t max_remembered = 4096;
  const auto& entry = in_flight_.front();
  const bool last = entry.kind != Entry::Kind::query;
  const auto body = server_.available(header);
  const auto* statement = statement_of(entry);
  // Most sessions ask the same again and again: the same description of the same statement fits as it did,
  // while the rules are those that it was planned for.
  Witnessed& seen = witnessed_;
  row_formats_.clear();
  const bool current = statement != nullptr && planner_->is_current(*entry.plan);
  if (!current || statement != seen.statement || body != seen.description) {
    if (!witness(body, statement, seen.sent)) return false;
    const bool keep = current && row_formats_.empty() && body.size() <= max_remembered;
    seen.statements = keep ? entry.plan->statements : enforce::SharedList<enforce::Statement>{};
    seen.statement = keep ? statement : nullptr;
    seen.description = keep ? body : std::string_view{};
  }
  if (seen.sent.empty() || entry.swallowed) return expect(header, true, last);
  wire::Writer(server_.own(), wire::backend::RowDescription::type).bytes(seen.sent);
  if (seen.statement == nullptr) seen.sent = {};
  server_.drop(header);
  if (last) pop_entry(true);
  return true;
}

}  // namespace pgconsent::session
