// Who saw one person's data: when, which application, for which purpose, on which basis.
#include <algorithm>
#include <set>

#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/decisions.h"
#include "proxy/admin/pages/list_order.h"
#include "proxy/admin/pages/numbers_text.h"

namespace pgconsent::pages {

namespace {

constexpr int rows_on_a_page = 100;

struct Asked {
  std::string kind, key, number;
  std::set<std::string> kinds;  // of the rules in force
};

// The form is sent, so that a person's key does not stay in addresses; the page itself is known by its
// number.
Asked read(const Context& context) {
  Asked asked;
  for (const DatabaseRules& each : context.sources.rules()) {
    if (each.generation == nullptr) continue;
    for (const auto& [name, kind] : each.generation->policy().subjects) asked.kinds.insert(name);
  }
  const bool sent = context.request.method == Method::post;
  const Parameters& given = sent ? context.request.form : context.request.query;
  asked.kind = given.get("kind").substr(0, 200);
  if (sent) asked.key = given.get("key").substr(0, 500);
  asked.number = given.get("number");
  const bool digits =
      std::all_of(asked.number.begin(), asked.number.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || asked.number.size() > 10) asked.number.clear();
  if (asked.kind.empty() && !asked.kinds.empty()) asked.kind = *asked.kinds.begin();
  return asked;
}

void add_form(Html& html, const Context& context, const Asked& asked) {
  html << "<form class=\"filter\" method=\"post\" action=\"/subjects\" role=\"search\" aria-label=\"Choose a "
          "person\"><input type=\"hidden\" name=\"csrf\" value=\""_m
       << context.csrf
       << "\"><div class=\"field\"><label for=\"f-kind\">Kind</label>"
          "<select id=\"f-kind\" name=\"kind\">"_m;
  for (const std::string& kind : asked.kinds) {
    html << "<option"_m;
    if (kind == asked.kind) html << " selected"_m;
    html << ">"_m << kind << "</option>"_m;
  }
  html << "</select></div>"_m;
  if (context.sources.subject_number)
    html << "<div class=\"field wide\"><label for=\"f-key\">Key, as in the subject's table</label><input "
            "type=\"search\" id=\"f-key\" name=\"key\" "
            "maxlength=\"500\" autocomplete=\"off\" spellcheck=\"false\" value=\""_m
         << asked.key << "\"></div>"_m;
  html << "<div class=\"field\"><label for=\"f-number\">or number in the record</label><input "
          "id=\"f-number\" name=\"number\" inputmode=\"numeric\" "
          "pattern=\"[0-9]*\" maxlength=\"10\" autocomplete=\"off\" value=\""_m
       << asked.number
       << "\"></div><div class=\"buttons\"><button type=\"submit\">Show</button></div></form>"_m;
}

// A person can have had several, one after the other.
void add_numbers(Html& html, const std::string& kind, const std::vector<std::uint32_t>& numbers) {
  html << "<p>This person stands in the record under several numbers:</p><ul>"_m;
  for (const std::uint32_t number : numbers)
    html << "<li><a href=\"/subjects?kind="_m << encode(kind) << "&amp;number="_m << number << "\">"_m
         << number << "</a></li>"_m;
  html << "</ul>"_m;
}

// By application and purpose, so that the answer to "who" comes before the list.
void add_summary(Html& html, const Context& context, const Asked& asked) {
  const Rows groups = context.query(
      "SELECT l.role, l.purpose, l.decision, count(*), min(l.time)::text, max(l.time)::text, count(*) FILTER "
      "(WHERE l.decision = 'exempt') "
      "FROM (SELECT s.role, s.purpose, s.decision, s.time FROM pgconsent_audit.search(subject_kind => $1, "
      "subject_number => $2::bigint, most => 10000) s) l "
      "GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 50",
      {asked.kind, asked.number});
  html
      << "<section aria-labelledby=\"who\"><h2 id=\"who\">Who, and what for</h2><div class=\"scroll\"><table "
         "class=\"dense\"><thead><tr><th scope=\"col\">Application</th>"
         "<th scope=\"col\">Purpose</th><th scope=\"col\">Decision</th><th scope=\"col\" class=\"n\">Times</th><th scope=\"col\">First</th><th scope=\"col\">Last</th></tr></thead><tbody>"_m;
  for (int i = 0; i < groups.size(); ++i) {
    html << "<tr><th scope=\"row\">"_m << groups.text(i, 0) << "</th><td>"_m << groups.text(i, 1)
         << "</td><td>"_m << decision_tag(groups.text(i, 2)) << "</td><td class=\"n\">"_m
         << grouped(groups.number(i, 3)) << "</td><td class=\"when\">"_m
         << without_fraction(groups.text(i, 4)) << "</td><td class=\"when\">"_m
         << without_fraction(groups.text(i, 5)) << "</td></tr>"_m;
  }
  if (groups.size() == 0)
    html
        << "<tr><td colspan=\"6\" class=\"none\">Nobody, as far as the record knows whose data was shown.</td></tr>"_m;
  html
      << "</tbody></table></div><p class=\"note\">Of the newest 10 000 statements that showed something of this person. Statements of which it is not known whose data they showed are not among them.</p></section>"_m;
}

void add_list(Html& html, const Context& context, const Asked& asked) {
  const ListOrder order = parse_order(context.request.query);
  Values values{asked.kind, asked.number};
  std::string before;
  if (!order.mark_id.empty() && order.is_default()) {
    before = ", before_time => $3::timestamptz, before_id => $4::bigint";
    values.emplace_back(order.mark_value);
    values.emplace_back(order.mark_id);
  }
  const Rows rows = context.query(
      "SELECT s.id, s.time::text, s.decision, s.role, s.purpose, array_to_string(s.basis, ', '), "
      "array_to_string(s.columns, ', '), left(s.statement, 300) "
      "FROM pgconsent_audit.search(subject_kind => $1, subject_number => $2::bigint, most => " +
          std::to_string(rows_on_a_page + 1) + before + ") s",
      values);
  if (rows.size() == 0) return;
  html
      << "<section aria-labelledby=\"statements\"><h2 id=\"statements\">Statements</h2><div "
         "class=\"scroll\"><table class=\"list\"><thead><tr><th scope=\"col\">Time (UTC)</th>"
         "<th scope=\"col\">Decision</th><th scope=\"col\">Application</th><th scope=\"col\">Purpose</th><th scope=\"col\">Basis</th><th scope=\"col\" class=\"grow\">Columns and statement</th></tr></thead><tbody>"_m;
  const int shown = std::min(rows.size(), rows_on_a_page);
  for (int i = 0; i < shown; ++i) {
    html << "<tr class=\""_m << rows.text(i, 2) << "\"><td class=\"when\"><a href=\"/statements/"_m
         << rows.text(i, 0) << "\">"_m << without_fraction(rows.text(i, 1)) << "</a></td><td>"_m
         << decision_tag(rows.text(i, 2)) << "</td><td>"_m << rows.text(i, 3) << "</td><td>"_m
         << rows.text(i, 4) << "</td><td>"_m << rows.text(i, 5) << "</td><td class=\"grow\">"_m
         << rows.text(i, 6) << "<code class=\"one-line sub\">"_m << rows.text(i, 7) << "</code></td></tr>"_m;
  }
  html << "</tbody></table></div>"_m;
  if (rows.size() > shown) {
    Parameters next;
    next.add("kind", asked.kind);
    next.add("number", asked.number);
    next.add("after", mark(rows.text(shown - 1, 1), rows.text(shown - 1, 0)));
    html << "<nav class=\"pager\" aria-label=\"Pages\"><a class=\"button\" rel=\"next\" href=\"/subjects?"_m
         << next.to_query() << "\">Earlier →</a></nav>"_m;
  }
  html << "</section>"_m;
}

}  // namespace

Page subjects_page(const Context& context) {
  Asked asked = read(context);
  Page page{"Subjects", "subjects", {}, 200, ""};
  Html& html = page.body;
  html << "<h1>Who saw this person’s data</h1>"_m;
  add_form(html, context, asked);
  if (!asked.key.empty() && context.sources.subject_number) {
    const SubjectNumber found = context.sources.subject_number(asked.kind, asked.key);
    if (!found.problem.empty()) {
      html << "<p class=\"problem\" role=\"alert\">"_m << found.problem << "</p>"_m;
      return page;
    }
    if (found.numbers.empty()) {
      html
          << "<p class=\"none\">Nothing of this person was shown since subjects are recorded, or their entry was erased.</p>"_m;
      return page;
    }
    if (found.numbers.size() > 1) {
      add_numbers(html, asked.kind, found.numbers);
      return page;
    }
    asked.number = std::to_string(found.numbers.front());
  }
  if (context.request.method == Method::post && !asked.number.empty()) {
    Parameters address;
    address.add("kind", asked.kind);
    address.add("number", asked.number);
    page.location = "/subjects?" + address.to_query();
    return page;
  }
  if (asked.number.empty()) {
    html
        << "<p class=\"note\">The record holds numbers in place of people; the proxy's subject directory alone knows whose they are.</p>"_m;
    return page;
  }
  html << "<p class=\"lead\">"_m << asked.kind << ", number "_m << asked.number << " in the record</p>"_m;
  add_summary(html, context, asked);
  add_list(html, context, asked);
  return page;
}

}  // namespace pgconsent::pages
