// Which statements a page is about: read from its address and written back to it, so that every view has a
// link.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/pages/database.h"
#include "proxy/admin/pages/parameters.h"
#include "proxy/admin/pages/time_text.h"

namespace pgconsent::pages {

struct Period {
  std::string name;  // "24h", "7d", …; empty: from `since` and `until` as they were given
  std::optional<Time> since, until;
};
struct NamedPeriod {
  const char* name;
  const char* label;
  std::chrono::seconds length;  // 0: everything
};
inline constexpr std::array<NamedPeriod, 6> named_periods = {{
    {"1h", "Last hour", std::chrono::hours(1)},
    {"24h", "Last 24 hours", std::chrono::hours(24)},
    {"7d", "Last 7 days", std::chrono::hours(24 * 7)},
    {"30d", "Last 30 days", std::chrono::hours(24 * 30)},
    {"365d", "Last year", std::chrono::hours(24 * 365)},
    {"all", "Everything", std::chrono::hours(0)},
}};

// A field that must have exactly the value given; of names (table, column) their end after a dot is enough.
struct FilterField {
  const char* name;  // in the address
  const char* label;
  const char* sql;     // over the shape `p`; ? is the value
  const char* search;  // the parameter of pgconsent_audit.search(); null: it has none
};
inline constexpr std::array<FilterField, 9> filter_fields = {{
    {"decision", "Decision", "p.decision = ?", "decision"},
    {"role", "Application", "p.role = ?", "role"},
    {"application", "Client's name", "p.application = ?", "application"},
    {"purpose", "Purpose", "p.purpose = ?", "purpose"},
    {"database", "Database", "p.database = ?", "database"},
    {"table", "Table",
     "EXISTS (SELECT FROM unnest(p.tables) n WHERE n = ? OR right(n, length(?) + 1) = '.' || ?)",
     "table_name"},
    {"column", "Column",
     "EXISTS (SELECT FROM unnest(p.columns) n WHERE n = ? OR right(n, length(?) + 1) = '.' || ?)",
     "column_name"},
    {"reason", "Reason", "p.reason = ?", nullptr},
    {"fingerprint", "Fingerprint", "p.fingerprint = ?", "fingerprint"},
}};

struct Filter {
  Period period;
  std::array<std::string, filter_fields.size()> values;
  std::string search;                 // in statement or reason
  std::vector<std::string> problems;  // what was given and could not be understood; it is not in force

  std::string& value(std::string_view field);
  const std::string& value(std::string_view field) const;
  bool is_narrowed() const;  // by anything but the period
};
Filter parse_filter(const Parameters& parameters, Time now, std::string_view default_period);
// Only what differs from the defaults.
Parameters to_parameters(const Filter& filter);

// A condition with its parameters.
struct Where {
  std::string sql;  // " WHERE …", or empty
  Values values;
  // Adds a condition in which ? is the value.
  void add(std::string_view condition, std::string value);
  // The placeholder of a value that is not a condition by itself.
  std::string place(std::string value);
  void join(std::string_view condition);
};
struct Question {
  std::string sql;  // empty: there is nothing to ask
  Values values;
};
// Which shapes of statements the filter asks for: their array as text, or NULL for none. Empty where it asks
// for all. Asked first and by itself, so that the server sees how many there are when it plans the rest.
Question shapes_question(const Filter& filter);
// Over the view pgconsent_audit.statement_log as `s`. `shapes`: the answer to that question.
Where where(const Filter& filter, const std::optional<std::string>& shapes);
// The call of pgconsent_audit.search(), which finds the newest quickly whatever is asked for; `before_…`
// empty: from the newest of all. Empty when the filter asks for what it does not know.
std::string search_call(const Filter& filter, std::string_view before_time, std::string_view before_id,
                        int most, Values& values);

}  // namespace pgconsent::pages
