#include "proxy/admin/pages/filter.h"

#include <stdexcept>

namespace pgconsent::pages {

namespace {

constexpr std::size_t longest_value = 500;

std::size_t index_of(std::string_view field) {
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    if (field == filter_fields[i].name) return i;
  }
  throw std::logic_error("no such filter");  // a name in this program's own text
}

std::optional<Time> given_time(const Parameters& parameters, std::string_view name, Filter& filter) {
  const std::string_view text = parameters.get(name);
  if (text.empty()) return std::nullopt;
  const auto time = parse_time(text);
  if (!time)
    filter.problems.push_back("“" + std::string(text.substr(0, 40)) +
                              "” is not a time: use 2026-01-31 or 2026-01-31T08:30 (UTC)");
  return time;
}

Period read_period(const Parameters& parameters, Time now, std::string_view standard, Filter& filter) {
  Period period;
  period.since = given_time(parameters, "since", filter);
  period.until = given_time(parameters, "until", filter);
  if (period.since && period.until && *period.since >= *period.until) {
    filter.problems.emplace_back("the period ends before it begins: it is not in force");
    period = {};
  }
  if (period.since || period.until) return period;
  std::string_view name = parameters.get("period");
  for (int pass = 0; pass < 2; ++pass, name = standard) {
    for (const NamedPeriod& known : named_periods) {
      if (name != known.name) continue;
      period.name = known.name;
      if (known.length.count() > 0) period.since = now - known.length;
      return period;
    }
    if (!name.empty()) filter.problems.push_back("no such period: “" + std::string(name.substr(0, 40)) + "”");
  }
  return period;
}

}  // namespace

std::string& Filter::value(std::string_view field) {
  return values[index_of(field)];
}
const std::string& Filter::value(std::string_view field) const {
  return values[index_of(field)];
}

bool Filter::is_narrowed() const {
  for (const std::string& value : values) {
    if (!value.empty()) return true;
  }
  return !search.empty();
}

Filter parse_filter(const Parameters& parameters, Time now, std::string_view default_period) {
  Filter filter;
  filter.period = read_period(parameters, now, default_period, filter);
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    const std::string_view value = parameters.get(filter_fields[i].name);
    if (value.size() <= longest_value) {
      filter.values[i] = value;
    } else {
      filter.problems.push_back(std::string(filter_fields[i].label) + " is too long");
    }
  }
  const std::string_view search = parameters.get("q");
  if (search.size() <= longest_value) {
    filter.search = search;
  } else {
    filter.problems.emplace_back("the search is too long");
  }
  return filter;
}

Parameters to_parameters(const Filter& filter) {
  Parameters out;
  if (!filter.period.name.empty()) {
    out.add("period", filter.period.name);
  } else {
    if (filter.period.since) out.add("since", minute_text(*filter.period.since));
    if (filter.period.until) out.add("until", minute_text(*filter.period.until));
  }
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    if (!filter.values[i].empty()) out.add(filter_fields[i].name, filter.values[i]);
  }
  if (!filter.search.empty()) out.add("q", filter.search);
  return out;
}

std::string Where::place(std::string value) {
  values.emplace_back(std::move(value));
  return "$" + std::to_string(values.size());
}

void Where::join(std::string_view condition) {
  sql.append(sql.empty() ? " WHERE " : " AND ").append(condition);
}

void Where::add(std::string_view condition, std::string value) {
  const std::string placeholder = place(std::move(value)) + "::text";
  std::string out;
  for (const char c : condition) {
    if (c == '?') {
      out += placeholder;
    } else {
      out.push_back(c);
    }
  }
  join(out);
}

Question shapes_question(const Filter& filter) {
  Where shapes;
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    if (!filter.values[i].empty()) shapes.add(filter_fields[i].sql, filter.values[i]);
  }
  if (!filter.search.empty())
    shapes.add("(strpos(lower(p.statement), lower(?)) > 0 OR strpos(lower(p.reason), lower(?)) > 0)",
               filter.search);
  if (shapes.sql.empty()) return {};
  return {"SELECT array_agg(p.shape)::text FROM pgconsent_audit.statement_shapes p" + shapes.sql,
          std::move(shapes.values)};
}

Where where(const Filter& filter, const std::optional<std::string>& shapes) {
  Where out;
  if (filter.period.since)
    out.join("s.time >= " + out.place(second_text(*filter.period.since)) + "::timestamptz");
  if (filter.period.until)
    out.join("s.time < " + out.place(second_text(*filter.period.until)) + "::timestamptz");
  if (shapes) out.join("s.shape = ANY (" + out.place(*shapes) + "::integer[])");
  return out;
}

std::string search_call(const Filter& filter, std::string_view before_time, std::string_view before_id,
                        int most, Values& values) {
  std::string out = "pgconsent_audit.search(most => " + std::to_string(most);
  const auto add = [&](std::string_view name, std::string value, std::string_view type) {
    values.emplace_back(std::move(value));
    out.append(", ")
        .append(name)
        .append(" => $")
        .append(std::to_string(values.size()))
        .append("::")
        .append(type);
  };
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    if (filter.values[i].empty()) continue;
    if (filter_fields[i].search == nullptr) return {};
    add(filter_fields[i].search, filter.values[i], "text");
  }
  if (filter.period.since) add("since", second_text(*filter.period.since), "timestamptz");
  if (filter.period.until) add("until", second_text(*filter.period.until), "timestamptz");
  if (!filter.search.empty()) add("contains", filter.search, "text");
  if (!before_id.empty()) {
    add("before_time", std::string(before_time), "timestamptz");
    add("before_id", std::string(before_id), "bigint");
  }
  return out + ")";
}

}  // namespace pgconsent::pages
