#include "proxy/admin/pages/filter_form.h"

#include <algorithm>

#include "proxy/admin/pages/decisions.h"

namespace pgconsent::pages {

using namespace literals;

namespace {

void add_period(Html& html, const Period& period) {
  html
      << "<div class=\"field\"><label for=\"f-period\">Period</label><select id=\"f-period\" name=\"period\">"_m;
  if (period.name.empty()) html << "<option value=\"\" selected>As given</option>"_m;
  for (const NamedPeriod& each : named_periods) {
    html << "<option value=\""_m << each.name << "\""_m;
    if (period.name == each.name) html << " selected"_m;
    html << ">"_m << each.label << "</option>"_m;
  }
  html << "</select></div>"_m;
}

void add_times(Html& html, const Period& period) {
  const bool given = period.name.empty();
  html
      << "<div class=\"field\"><label for=\"f-since\">From (UTC)</label><input type=\"datetime-local\" id=\"f-since\" name=\"since\" value=\""_m
      << (given && period.since ? minute_text(*period.since) : std::string())
      << "\"></div><div class=\"field\"><label for=\"f-until\">To (UTC)</label><input type=\"datetime-local\" id=\"f-until\" name=\"until\" value=\""_m
      << (given && period.until ? minute_text(*period.until) : std::string()) << "\"></div>"_m;
}

void add_decision(Html& html, std::string_view chosen) {
  html
      << "<div class=\"field\"><label for=\"f-decision\">Decision</label><select id=\"f-decision\" name=\"decision\"><option value=\"\">Any</option>"_m;
  for (const DecisionWords& each : decisions) {
    html << "<option value=\""_m << each.name << "\""_m;
    if (chosen == each.name) html << " selected"_m;
    html << ">"_m << each.label << "</option>"_m;
  }
  html << "</select></div>"_m;
}

void add_text(Html& html, const FilterField& field, std::string_view value) {
  html << "<div class=\"field\"><label for=\"f-"_m << field.name << "\">"_m << field.label
       << "</label><input id=\"f-"_m << field.name << "\" name=\""_m << field.name
       << "\" spellcheck=\"false\" autocapitalize=\"none\" maxlength=\"500\" value=\""_m << value
       << "\"></div>"_m;
}

// Fields without an input stay in force, and can be taken away.
void add_tokens(Html& html, const Filter& filter, std::string_view action,
                std::initializer_list<std::string_view> fields) {
  Html tokens;
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    const FilterField& field = filter_fields[i];
    const bool has_input = std::find(fields.begin(), fields.end(), field.name) != fields.end();
    if (has_input || filter.values[i].empty()) continue;
    html << "<input type=\"hidden\" name=\""_m << field.name << "\" value=\""_m << filter.values[i]
         << "\">"_m;
    tokens << "<li><span>"_m << field.label << ": <b>"_m << filter.values[i] << "</b></span><a href=\""_m
           << link_with(filter, action, field.name, "") << "\" aria-label=\"Remove the filter by "_m
           << field.label << "\">×</a></li>"_m;
  }
  if (!tokens.empty()) html << "<ul class=\"tokens\" aria-label=\"Also in force\">"_m << tokens << "</ul>"_m;
}

}  // namespace

Html filter_form(const Filter& filter, std::string_view action,
                 std::initializer_list<std::string_view> fields, bool with_search, const Parameters& keep) {
  Html html;
  html << "<form class=\"filter\" method=\"get\" role=\"search\" aria-label=\"Filter\" action=\""_m << action
       << "\">"_m;
  for (const auto& [name, value] : keep.all())
    html << "<input type=\"hidden\" name=\""_m << name << "\" value=\""_m << value << "\">"_m;
  if (with_search)
    html << "<div class=\"field wide\"><label for=\"f-q\">Search</label><input type=\"search\" id=\"f-q\" "
            "name=\"q\" maxlength=\"500\" "
            "placeholder=\"in statement or reason\" spellcheck=\"false\" value=\""_m
         << filter.search << "\"></div>"_m;
  add_period(html, filter.period);
  for (std::size_t i = 0; i < filter_fields.size(); ++i) {
    if (std::find(fields.begin(), fields.end(), filter_fields[i].name) == fields.end()) continue;
    if (std::string_view(filter_fields[i].name) == "decision") {
      add_decision(html, filter.values[i]);
    } else {
      add_text(html, filter_fields[i], filter.values[i]);
    }
  }
  add_times(html, filter.period);
  html << "<div class=\"buttons\"><button type=\"submit\">Apply</button><a class=\"button quiet\" href=\""_m
       << action << "\">Reset</a></div>"_m;
  add_tokens(html, filter, action, fields);
  html << "</form>"_m << filter_problems(filter);
  return html;
}

Html filter_problems(const Filter& filter) {
  Html html;
  if (filter.problems.empty()) return html;
  html << "<ul class=\"problem\" role=\"alert\">"_m;
  for (const std::string& problem : filter.problems) html << "<li>"_m << problem << "</li>"_m;
  html << "</ul>"_m;
  return html;
}

std::string link_with(const Filter& filter, std::string_view path, std::string_view field,
                      std::string_view value) {
  Parameters parameters = to_parameters(filter);
  parameters.set(field, std::string(value));
  const std::string query = parameters.to_query();
  return query.empty() ? std::string(path) : std::string(path) + "?" + query;
}

}  // namespace pgconsent::pages
