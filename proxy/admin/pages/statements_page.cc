// The list of statements, and of those that were blocked: filtered, searched, sorted, page by page.
#include <algorithm>

#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/decisions.h"
#include "proxy/admin/pages/filter_form.h"
#include "proxy/admin/pages/list_order.h"
#include "proxy/admin/pages/numbers_text.h"
#include "rules/utf8.h"

namespace pgconsent::pages {

namespace {

constexpr int rows_on_a_page = 50;

enum Column : int {
  mark_value,
  id,
  time,
  decision,
  role,
  application,
  purpose,
  statement,
  reason,
  rows,
  took
};
constexpr const char* select_list =
    "::text, s.id, s.time::text, s.decision, s.role, s.application, s.purpose, left(s.statement, 400), "
    "s.reason, s.rows, s.server_us";

struct Listed {
  Rows rows;
  std::vector<int> order;  // of the rows, as they are shown
  bool more_before = false, more_after = false;
};

Listed find(const Context& context, const Filter& filter, const ListOrder& order) {
  Problem problem;
  auto rows = find_list(context.database, std::string(order.key->sql) + select_list, filter, order,
                        rows_on_a_page + 1, problem);
  if (!rows) throw QueryFailed(std::move(problem));
  Listed out{*std::move(rows), {}};
  const bool beyond = out.rows.size() > rows_on_a_page;
  for (int row = 0; row < std::min(out.rows.size(), rows_on_a_page); ++row) out.order.push_back(row);
  if (order.backwards) std::reverse(out.order.begin(), out.order.end());
  out.more_before = order.backwards ? beyond : !order.mark_id.empty();
  out.more_after = order.backwards ? true : beyond;
  return out;
}

class List {
 public:
  List(const Filter& filter, const ListOrder& order, const Listed& listed)
      : filter_(filter), order_(order), listed_(listed), rows_(listed.rows) {}

  Html table() {
    html_ << "<div class=\"scroll\"><table class=\"list\"><caption class=\"hidden\">Statements, "_m
          << (order_.is_default() ? "newest first" : "sorted") << "</caption><thead><tr>"_m;
    head("Time (UTC)", &sort_keys[0], "");
    html_
        << "<th scope=\"col\">Decision</th><th scope=\"col\">Application</th><th scope=\"col\">Purpose</th><th scope=\"col\" class=\"grow\">Statement</th>"_m;
    head("Rows", &sort_keys[1], "n");
    head("Took", &sort_keys[2], "n");
    html_ << "</tr></thead><tbody>"_m;
    for (const int row : listed_.order) line(row);
    if (listed_.order.empty())
      html_
          << "<tr><td colspan=\"7\" class=\"none\">No statement fits. Choose a longer period or fewer filters.</td></tr>"_m;
    html_ << "</tbody></table></div>"_m;
    pager();
    return std::move(html_);
  }

 private:
  void head(std::string_view label, const SortKey* key, std::string_view kind) {
    const bool sorted = order_.key == key;
    html_ << "<th scope=\"col\" class=\""_m << kind << "\""_m;
    if (sorted) html_ << " aria-sort=\""_m << (order_.ascending ? "ascending" : "descending") << "\""_m;
    Parameters parameters = to_parameters(filter_);
    // By anything but time all of the period is read: not of everything without being asked.
    if (key != &sort_keys[0] && filter_.period.name == "all") parameters.set("period", "24h");
    ListOrder chosen;
    chosen.key = key;
    chosen.ascending = sorted && !order_.ascending;
    chosen.add_to(parameters);
    html_ << "><a class=\"sort\" href=\"/statements?"_m << parameters.to_query() << "\">"_m << label
          << "<span aria-hidden=\"true\">"_m
          << (!sorted            ? ""
              : order_.ascending ? " ▲"
                                 : " ▼")
          << "</span></a></th>"_m;
  }

  void narrowing_link(std::string_view field, std::string_view value) {
    if (value.empty()) return;
    html_ << "<a class=\"cell\" href=\""_m << link_with(filter_, "/statements", field, value) << "\">"_m
          << value << "</a>"_m;
  }

  void line(int row) {
    const std::string_view when = rows_.text(row, Column::time);
    html_ << "<tr class=\""_m << rows_.text(row, Column::decision)
          << "\"><td class=\"when\"><a href=\"/statements/"_m << rows_.text(row, Column::id)
          << "\"><time datetime=\""_m << when << "\">"_m << without_fraction(when) << "</time></a></td><td>"_m
          << decision_tag(rows_.text(row, Column::decision)) << "</td><td>"_m;
    narrowing_link("role", rows_.text(row, Column::role));
    if (const std::string_view name = rows_.text(row, Column::application);
        !name.empty() && name != rows_.text(row, Column::role))
      html_ << "<span class=\"sub\">"_m << name << "</span>"_m;
    html_ << "</td><td>"_m;
    narrowing_link("purpose", rows_.text(row, Column::purpose));
    html_ << "</td><td class=\"grow\"><code class=\"one-line\">"_m << rows_.text(row, Column::statement)
          << "</code>"_m;
    if (const std::string_view why = rows_.text(row, Column::reason); !why.empty())
      html_ << "<span class=\"sub why\">"_m << why << "</span>"_m;
    html_ << "</td><td class=\"n\">"_m;
    if (!rows_.is_null(row, Column::rows)) html_ << grouped(rows_.number(row, Column::rows));
    html_ << "</td><td class=\"n\">"_m;
    if (!rows_.is_null(row, Column::took)) html_ << duration_text(rows_.number(row, Column::took));
    html_ << "</td></tr>"_m;
  }

  std::string page_link(std::string_view name, int row) {
    Parameters parameters = to_parameters(filter_);
    order_.add_to(parameters);
    parameters.add(std::string(name), mark(rows_.text(row, Column::mark_value), rows_.text(row, Column::id)));
    return "/statements?" + parameters.to_query();
  }

  void pager() {
    html_ << "<nav class=\"pager\" aria-label=\"Pages\">"_m;
    if (listed_.more_before && !listed_.order.empty()) {
      Parameters first = to_parameters(filter_);
      order_.add_to(first);
      html_ << "<a class=\"button quiet\" href=\"/statements?"_m << first.to_query()
            << "\">First page</a><a class=\"button\" rel=\"prev\" href=\""_m
            << page_link("before", listed_.order.front()) << "\">← Previous</a>"_m;
    }
    if (listed_.more_after && !listed_.order.empty())
      html_ << "<a class=\"button\" rel=\"next\" href=\""_m << page_link("after", listed_.order.back())
            << "\">Next →</a>"_m;
    html_ << "<a class=\"button quiet download\" href=\"/statements.csv?"_m
          << to_parameters(filter_).to_query() << "\" download>Download all of these as CSV</a></nav>"_m;
  }

  const Filter& filter_;
  const ListOrder& order_;
  const Listed& listed_;
  const Rows& rows_;
  Html html_;
};

}  // namespace

Page statements_page(const Context& context) {
  const ListOrder order = parse_order(context.request.query);
  const bool by_time = order.key == &sort_keys[0];
  const Filter filter = parse_filter(context.request.query, context.now, by_time ? "all" : "24h");
  const Listed listed = find(context, filter, order);
  const bool refused = filter.value("decision") == "refused";
  Page page{refused ? "Blocked queries" : "Statements", refused ? "refused" : "statements", {}, 200, ""};
  page.body << "<h1>"_m << page.title << "</h1>"_m;
  if (refused)
    page.body
        << "<p class=\"lead\">Statements that were refused, with the reason. Open one to see what would allow it.</p>"_m;
  Parameters keep;
  order.add_to(keep);
  page.body << filter_form(filter, "/statements", {"decision", "role", "purpose", "table"}, true, keep)
            << List(filter, order, listed).table();
  return page;
}

}  // namespace pgconsent::pages
