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

bool Session::Impl::row_description(const wire::Header& header) {
  const auto& entry = in_flight_.front();
  const auto body = server_.available(header);
  wire::backend::RowDescription description;
  if (!parse(body, description)) return nonsense();
  const auto* statement = statement_of(entry);
  const auto* origins = statement == nullptr ? nullptr : &statement->origins;
  const bool has_origins = origins != nullptr && origins->size() == description.columns.size();
  bool restores = false;
  for (std::size_t i = 0; i < description.columns.size(); ++i) {
    const auto& column = description.columns[i];
    const enforce::ColumnOrigin origin{column.table, column.attnum};
    restores |= has_origins && (*origins)[i].table != 0 && (*origins)[i] != origin;
    if (column.table == 0) continue;
    if (!planner_->is_protected(origin) || may_arrive_raw(statement, origin) ||
        planner_->is_exempt(state_->login_role)) {
      continue;
    }
    constexpr std::string_view message = "pgconsent: a protected column arrived unmasked";
    audit_failure(statement, message);
    fatal({std::string(parser::sqlstate::insufficient_privilege), std::string(message),
           "The session was ended before any row was forwarded.",
           "Please report this: it is a fault of the proxy.", 0});
    return false;
  }
  const bool last = entry.kind != Entry::Kind::query;
  if (!restores || entry.swallowed) return expect(header, true, last);

  auto& out = server_.own();
  const auto body_at = out.size() + wire::Framer::header_size;
  wire::Writer(out, wire::backend::RowDescription::type).bytes(body);
  for (std::size_t i = 0; i < description.columns.size(); ++i) {
    if ((*origins)[i].table == 0) continue;
    char* const at = &out[body_at + description.columns[i].origin_at];
    wire::store_u32(at, (*origins)[i].table);
    wire::store_u16(at + 4, static_cast<std::uint16_t>((*origins)[i].attnum));
  }
  server_.drop(header);
  if (last) pop_entry(true);
  return true;
}

}  // namespace pgconsent::session
