// What happened: by decision over time, by application, by purpose, and why statements were refused.
#include <algorithm>
#include <map>

#include "proxy/admin/pages/chart.h"
#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/decisions.h"
#include "proxy/admin/pages/filter_form.h"
#include "proxy/admin/pages/numbers_text.h"

namespace pgconsent::pages {

namespace {

using Counts = std::vector<std::int64_t>;  // by decision

struct Found {
  Time since, until;  // what the chart spans
  std::chrono::seconds step{0};
  std::map<std::int64_t, Counts> by_time;  // seconds since 1970
  std::map<std::string, Counts, std::less<>> by_role, by_purpose;
  Counts total = Counts(number_of_decisions);
  std::vector<std::pair<std::string, std::int64_t>> reasons;
};

constexpr std::size_t most_rows = 30;

// Whole hours are counted already (pgconsent_audit.activity): everything longer than a few hours is read from
// there.
bool by_hours(const Filter& filter, const Found& found) {
  const auto whole = [](Time time) { return time.time_since_epoch().count() % 3600 == 0; };
  for (const char* field : {"table", "column", "reason", "fingerprint"}) {
    if (!filter.value(field).empty()) return false;
  }
  return filter.search.empty() && found.step.count() % 3600 == 0 && whole(found.since) &&
         (!filter.period.until || whole(*filter.period.until));
}

std::chrono::seconds step_for(std::chrono::seconds length) {
  using namespace std::chrono_literals;
  if (length >= 24h && length <= 25h) return 1h;
  constexpr std::chrono::seconds steps[] = {1min, 2min, 5min, 10min, 30min, 1h, 3h, 6h, 12h, 24h, 168h, 720h};
  for (const auto step : steps) {
    if (length / step <= 60) return step;
  }
  return 8760h;
}

// Where one end of the period is open: where the record begins, and now.
void find_span(const Context& context, Filter& filter, Found& found) {
  found.until = filter.period.until.value_or(context.now + std::chrono::seconds(1));
  if (!filter.period.since) {
    const Rows rows = context.query(
        "SELECT extract(epoch FROM min(p.first_time))::bigint FROM pgconsent_audit.statement_shapes p");
    found.since = rows.is_null(0, 0) ? found.until - std::chrono::hours(24)
                                     : Time(std::chrono::seconds(rows.number(0, 0)));
  } else {
    found.since = *filter.period.since;
  }
  if (found.since >= found.until) found.since = found.until - std::chrono::hours(1);
  found.step = step_for(found.until - found.since);
  // Named periods begin with an hour.
  if (!filter.period.name.empty() && found.step >= std::chrono::hours(1)) {
    found.since = std::chrono::floor<std::chrono::hours>(found.since);
    if (filter.period.since) filter.period.since = found.since;
  }
}

void add_hours_conditions(const Filter& filter, Where& out) {
  if (filter.period.since)
    out.join("s.hour >= " + out.place(second_text(*filter.period.since)) + "::timestamptz");
  if (filter.period.until)
    out.join("s.hour < " + out.place(second_text(*filter.period.until)) + "::timestamptz");
  for (const char* field : {"role", "application", "purpose", "database"}) {
    if (!filter.value(field).empty()) out.add(std::string("s.") + field + " = ?", filter.value(field));
  }
}

std::optional<std::string> shapes_of(const Context& context, const Filter& filter) {
  const Question question = shapes_question(filter);
  if (question.sql.empty()) return std::nullopt;
  const Rows rows = context.query(question.sql, question.values);
  return rows.is_null(0, 0) ? "{}" : std::string(rows.text(0, 0));
}

void count(const Context& context, const Filter& filter, Found& found) {
  const bool hours = by_hours(filter, found);
  Where condition = hours ? Where{} : where(filter, shapes_of(context, filter));
  if (hours) add_hours_conditions(filter, condition);
  if (hours && !filter.value("decision").empty()) condition.add("s.decision = ?", filter.value("decision"));
  const std::string step = condition.place(std::to_string(found.step.count()));
  const Rows rows = context.query(
      "SELECT grouping(x.bucket, x.role, x.purpose), x.bucket, x.role, x.purpose, x.decision, "
      "sum(x.number)::bigint FROM (SELECT "
      "floor(extract(epoch FROM s." +
          std::string(hours ? "hour" : "time") + ") / " + step +
          "::bigint)::bigint AS bucket, s.role, s.purpose, "
          "s.decision, " +
          (hours ? "s.statements" : "1::bigint") + " AS number FROM pgconsent_audit." +
          (hours ? "access_by_application" : "statement_log") + " s" + condition.sql +
          ") x "
          "GROUP BY GROUPING SETS ((x.decision, x.bucket), (x.decision, x.role), (x.decision, x.purpose))",
      condition.values);
  for (int row = 0; row < rows.size(); ++row) {
    const std::size_t decision = decision_index(rows.text(row, 4));
    if (decision >= number_of_decisions) continue;
    const std::int64_t number = rows.number(row, 5);
    const auto add = [&](Counts& counts) {
      counts.resize(number_of_decisions);
      counts[decision] += number;
    };
    switch (rows.number(row, 0)) {  // a bit is set for what is not grouped by
      case 0b011:
        add(found.by_time[rows.number(row, 1) * found.step.count()]);
        found.total[decision] += number;
        break;
      case 0b101:
        add(found.by_role[std::string(rows.text(row, 2))]);
        break;
      case 0b110:
        add(found.by_purpose[std::string(rows.text(row, 3))]);
        break;
      default:
        break;
    }
  }
}

void find_reasons(const Context& context, const Filter& filter, Found& found) {
  const bool hours = by_hours(filter, found);
  Where condition = hours ? Where{} : where(filter, shapes_of(context, filter));
  if (hours) {
    add_hours_conditions(filter, condition);
  } else {
    condition.join("s.decision = 'refused'");
  }
  const Rows rows =
      context.query("SELECT s.reason, " + std::string(hours ? "sum(s.statements)::bigint" : "count(*)") +
                        " FROM pgconsent_audit." + (hours ? "refusals_by_reason" : "statement_log") + " s" +
                        condition.sql + " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 8",
                    condition.values);
  for (int row = 0; row < rows.size(); ++row)
    found.reasons.emplace_back(std::string(rows.text(row, 0)), rows.number(row, 1));
}

std::int64_t sum(const Counts& counts) {
  std::int64_t all = 0;
  for (const std::int64_t each : counts) all += each;
  return all;
}

std::string bucket_label(Time time, std::chrono::seconds step) {
  if (step >= std::chrono::hours(24)) return date_text(time);
  const std::string text = minute_text(time);
  return text.substr(5, 5) + " " + text.substr(11, 5);
}

struct Line {
  Time begin;
  Bucket bucket;
  Counts counts;
};
std::vector<Line> lines_of(const Found& found, const Filter& filter) {
  std::vector<Line> out;
  const std::int64_t step = found.step.count();
  const std::int64_t first = found.since.time_since_epoch().count() / step * step;
  for (std::int64_t at = first; at < found.until.time_since_epoch().count() && out.size() < 200; at += step) {
    const Time begin{std::chrono::seconds(at)};
    Filter part = filter;
    part.period = {"", begin, begin + found.step};
    const auto counts = found.by_time.find(at);
    out.push_back({begin,
                   {bucket_label(begin, found.step), "/statements?" + to_parameters(part).to_query()},
                   counts == found.by_time.end() ? Counts(number_of_decisions) : counts->second});
  }
  return out;
}

void add_panels(Html& html, const Found& found, const Filter& filter, const std::vector<Line>& lines) {
  html
      << "<section aria-labelledby=\"over-time\"><h2 id=\"over-time\">Over time</h2><div class=\"panels\">"_m;
  for (std::size_t i = 0; i < number_of_decisions; ++i) {
    const DecisionWords& words = decisions[i];
    if (i > 2 && found.total[i] == 0) continue;  // exempt and failed, where there are some
    std::vector<Bucket> buckets;
    std::vector<std::int64_t> values;
    for (const Line& line : lines) {
      buckets.push_back(line.bucket);
      buckets.back().link += std::string("&decision=") + words.name;
      values.push_back(line.counts[i]);
    }
    const std::string summary = std::string(words.label) + " statements over time, " +
                                grouped(found.total[i]) + " in all; the numbers are in the table below";
    html << "<div class=\"panel "_m << words.name << "\"><a class=\"figure\" href=\""_m
         << link_with(filter, "/statements", "decision", words.name) << "\" title=\""_m << words.about
         << "\"><span class=\"name\">"_m << words.label << "</span><span class=\"number\">"_m
         << grouped(found.total[i]) << "</span><span class=\"part\">"_m
         << percent(found.total[i], sum(found.total)) << "</span></a>"_m
         << bar_chart(words.name, summary, buckets, values) << "</div>"_m;
  }
  html << "</div>"_m;
}

void add_table(Html& html, const std::vector<Line>& lines) {
  html
      << "<details class=\"numbers\"><summary>These numbers as a table</summary><div class=\"scroll\" "
         "tabindex=\"0\" role=\"region\" "
         "aria-label=\"Statements over time\"><table class=\"dense\"><thead><tr><th scope=\"col\">From (UTC)</th>"_m;
  for (const DecisionWords& each : decisions)
    html << "<th scope=\"col\" class=\"n\">"_m << each.label << "</th>"_m;
  html << "</tr></thead><tbody>"_m;
  for (const Line& line : lines) {
    if (sum(line.counts) == 0) continue;
    html << "<tr><th scope=\"row\"><a href=\""_m << line.bucket.link << "\">"_m << second_text(line.begin)
         << "</a></th>"_m;
    for (const std::int64_t each : line.counts) html << "<td class=\"n\">"_m << grouped(each) << "</td>"_m;
    html << "</tr>"_m;
  }
  html << "</tbody></table></div></details></section>"_m;
}

void add_group(Html& html, const Filter& filter, std::string_view field, std::string_view title,
               std::string_view head, std::string_view none,
               const std::map<std::string, Counts, std::less<>>& groups) {
  std::vector<std::pair<std::string, Counts>> sorted(groups.begin(), groups.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return sum(a.second) > sum(b.second); });
  const std::int64_t most = sorted.empty() ? 0 : sum(sorted.front().second);
  html << "<section aria-labelledby=\"by-"_m << field << "\"><h2 id=\"by-"_m << field << "\">"_m << title
       << "</h2><div class=\"scroll\"><table class=\"dense\"><thead><tr><th scope=\"col\">"_m << head
       << "</th>"_m;
  for (const DecisionWords& each : decisions)
    html << "<th scope=\"col\" class=\"n\"><span class=\"dot "_m << each.name
         << "\" aria-hidden=\"true\"></span>"_m << each.label << "</th>"_m;
  html << "<th aria-hidden=\"true\"></th></tr></thead><tbody>"_m;
  for (std::size_t i = 0; i < sorted.size() && i < most_rows; ++i) {
    const auto& [name, counts] = sorted[i];
    html << "<tr><th scope=\"row\">"_m;
    if (name.empty()) {
      html << "<i>"_m << none << "</i>"_m;
    } else {
      html << "<a href=\""_m << link_with(filter, "/overview", field, name) << "\">"_m << name << "</a>"_m;
    }
    html << "</th>"_m;
    for (std::size_t d = 0; d < number_of_decisions; ++d) {
      html << "<td class=\"n\">"_m;
      if (counts[d] == 0) {
        html << "<span class=\"nothing\">0</span>"_m;
      } else {
        Filter narrowed = filter;
        narrowed.value("decision") = decisions[d].name;
        html << "<a href=\""_m << link_with(narrowed, "/statements", field, name) << "\">"_m
             << grouped(counts[d]) << "</a>"_m;
      }
      html << "</td>"_m;
    }
    html << "<td class=\"bar-cell\">"_m << share_bar(counts, most) << "</td></tr>"_m;
  }
  if (sorted.empty()) html << "<tr><td colspan=\"7\" class=\"none\">Nothing in this period.</td></tr>"_m;
  html << "</tbody></table></div>"_m;
  if (sorted.size() > most_rows)
    html << "<p class=\"note\">And "_m << sorted.size() - most_rows << " more.</p>"_m;
  html << "</section>"_m;
}

void add_reasons(Html& html, const Filter& filter, const Found& found) {
  html << "<section aria-labelledby=\"reasons\"><h2 id=\"reasons\">Why statements were refused</h2>"_m;
  if (found.reasons.empty()) {
    html << "<p class=\"none\">None was refused in this period.</p></section>"_m;
    return;
  }
  Filter refused = filter;
  refused.value("decision") = "refused";
  html
      << "<table class=\"dense\"><thead><tr><th scope=\"col\" class=\"n\">Times</th><th scope=\"col\">Reason</th></tr></thead><tbody>"_m;
  for (const auto& [reason, times] : found.reasons) {
    html << "<tr><td class=\"n\">"_m << grouped(times) << "</td><td><a href=\""_m
         << link_with(refused, "/statements", "reason", reason) << "\">"_m
         << (reason.empty() ? std::string_view("(no reason recorded)") : std::string_view(reason))
         << "</a></td></tr>"_m;
  }
  html << "</tbody></table></section>"_m;
}

}  // namespace

Page overview_page(const Context& context) {
  Filter filter = parse_filter(context.request.query, context.now, "24h");
  Found found;
  find_span(context, filter, found);
  count(context, filter, found);
  find_reasons(context, filter, found);
  const std::vector<Line> lines = lines_of(found, filter);
  Page page{"Overview", "overview", {}, 200, ""};
  Html& html = page.body;
  html << "<h1>Overview</h1>"_m << filter_form(filter, "/overview", {"role", "purpose", "database"}, false);
  add_panels(html, found, filter, lines);
  add_table(html, lines);
  html << "<div class=\"two\">"_m;
  add_group(html, filter, "role", "By application", "Application", "unknown", found.by_role);
  add_group(html, filter, "purpose", "By purpose", "Purpose", "none", found.by_purpose);
  html << "</div>"_m;
  add_reasons(html, filter, found);
  return page;
}

}  // namespace pgconsent::pages
