// One statement: what was decided and why, what would allow it, and others of its kind.
#include <algorithm>
#include <array>

#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/decisions.h"
#include "proxy/admin/pages/highlight.h"
#include "proxy/admin/pages/layout.h"
#include "proxy/admin/pages/numbers_text.h"
#include "proxy/admin/pages/parameters.h"
#include "proxy/admin/pages/remedies.h"

namespace pgconsent::pages {

namespace {

constexpr const char* sql =
    "SELECT s.id, s.time::text, s.decision, s.reason, s.role, s.application, s.client, s.database, "
    "s.session, s.purpose, "
    "s.purpose_source, s.statement, s.fingerprint, s.rows, s.cells_masked, s.sqlstate, s.duration_us, "
    "s.server_us, s.catalog, "
    "s.rules_version, s.hash, array_to_string(s.subject_kinds, E'\\x1f'), array_to_string(s.subject_counts, "
    "E'\\x1f'), array_to_string(s.rules, E'\\x1f'), array_to_string(s.basis, E'\\x1f'), "
    "array_to_string(s.tables, E'\\x1f'), array_to_string(s.columns, E'\\x1f') "
    "FROM pgconsent_audit.show($1::bigint) s ORDER BY s.time DESC LIMIT 1";
enum Column : int {
  id,
  time,
  decision,
  reason,
  role,
  application,
  client,
  database,
  session,
  purpose,
  purpose_source,
  statement,
  fingerprint,
  rows,
  cells_masked,
  sqlstate,
  duration,
  server,
  catalog,
  rules_version,
  hash,
  subject_kinds,
  subject_counts,
  rules,
  basis,
  tables,
  columns
};

std::vector<std::string> parts(std::string_view joined) {
  std::vector<std::string> out;
  while (!joined.empty()) {
    const std::size_t end = std::min(joined.find('\x1f'), joined.size());
    out.emplace_back(joined.substr(0, end));
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
  return out;
}

void add_list(Html& html, std::string_view label, const std::vector<std::string>& items,
              std::string_view field) {
  if (items.empty()) return;
  html << "<dt>"_m << label << "</dt><dd><ul class=\"plain\">"_m;
  for (const std::string& item : items) {
    html << "<li>"_m;
    if (field.empty()) {
      html << "<code>"_m << item << "</code>"_m;
    } else {
      html << "<a href=\"/statements?"_m << field << "="_m << encode(item) << "\"><code>"_m << item
           << "</code></a>"_m;
    }
    html << "</li>"_m;
  }
  html << "</ul></dd>"_m;
}

void add_value(Html& html, std::string_view label, std::string_view value, std::string_view note = {}) {
  if (value.empty()) return;
  html << "<dt>"_m << label << "</dt><dd>"_m << value;
  if (!note.empty()) html << " <span class=\"note\">"_m << note << "</span>"_m;
  html << "</dd>"_m;
}

// How the purpose came to be, in words.
std::string_view source_words(std::string_view source) {
  if (source == "role") return "the role's default";
  if (source == "startup") return "chosen when the session began";
  if (source == "session") return "chosen by the session";
  if (source == "comment") return "chosen by a comment in the statement";
  return source;
}

void add_facts(Html& html, const Rows& row) {
  html << "<section aria-labelledby=\"facts\"><h2 id=\"facts\">The record</h2><dl class=\"facts\">"_m;
  add_value(html, "When", row.text(0, Column::time));
  add_value(html, "Role", row.text(0, Column::role));
  add_value(html, "Application", row.text(0, Column::application), "as the client calls itself");
  add_value(html, "Purpose", row.text(0, Column::purpose), source_words(row.text(0, Column::purpose_source)));
  add_value(html, "Database", row.text(0, Column::database));
  add_value(html, "Client", row.text(0, Column::client));
  add_value(html, "Session", row.text(0, Column::session));
  add_list(html, "Basis", parts(row.text(0, Column::basis)), "");
  add_list(html, "Rules", parts(row.text(0, Column::rules)), "");
  add_list(html, "Tables", parts(row.text(0, Column::tables)), "table");
  add_list(html, "Columns", parts(row.text(0, Column::columns)), "column");
  if (!row.is_null(0, Column::rows)) add_value(html, "Rows", grouped(row.number(0, Column::rows)));
  if (!row.is_null(0, Column::cells_masked))
    add_value(html, "Cells masked", grouped(row.number(0, Column::cells_masked)));
  const auto kinds = parts(row.text(0, Column::subject_kinds)),
             counts = parts(row.text(0, Column::subject_counts));
  for (std::size_t i = 0; i < kinds.size() && i < counts.size(); ++i)
    add_value(html, "Persons shown", counts[i], "of kind " + kinds[i]);
  add_value(html, "SQLSTATE", row.text(0, Column::sqlstate));
  add_value(html, "Time to decide", duration_text(row.number(0, Column::duration)));
  if (!row.is_null(0, Column::server))
    add_value(html, "Time on the server", duration_text(row.number(0, Column::server)));
  add_value(html, "Rules version", row.text(0, Column::rules_version));
  add_value(html, "Number in the chain", row.text(0, Column::id));
  add_value(html, "Hash", row.text(0, Column::hash));
  html << "</dl></section>"_m;
}

// Others of the same shape, whoever sent them.
void add_likes(Html& html, const Context& context, const Rows& row) {
  const std::string fingerprint(row.text(0, Column::fingerprint));
  if (fingerprint.empty()) return;
  const Rows likes = context.query(
      "SELECT p.role, p.purpose, p.decision, sum(p.records)::bigint, min(p.first_time)::text, "
      "max(p.last_time)::text "
      "FROM pgconsent_audit.statement_shapes p WHERE p.fingerprint = $1 GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, "
      "2, 3 LIMIT 20",
      {fingerprint});
  html << "<section aria-labelledby=\"likes\"><h2 id=\"likes\">Others like it</h2><div "
          "class=\"scroll\"><table class=\"dense\"><thead><tr>"
          "<th scope=\"col\">Application</th><th scope=\"col\">Purpose</th><th "
          "scope=\"col\">Decision</th><th scope=\"col\" class=\"n\">Times</th>"
          "<th scope=\"col\">First</th><th scope=\"col\">Last</th></tr></thead><tbody>"_m;
  for (int i = 0; i < likes.size(); ++i) {
    Parameters parameters;
    parameters.add("fingerprint", fingerprint);
    parameters.add("role", std::string(likes.text(i, 0)));
    parameters.add("decision", std::string(likes.text(i, 2)));
    html << "<tr><td>"_m << likes.text(i, 0) << "</td><td>"_m << likes.text(i, 1) << "</td><td>"_m
         << decision_tag(likes.text(i, 2)) << "</td><td class=\"n\"><a href=\"/statements?"_m
         << parameters.to_query() << "\">"_m << grouped(likes.number(i, 3))
         << "</a></td><td class=\"when\">"_m << without_fraction(likes.text(i, 4))
         << "</td><td class=\"when\">"_m << without_fraction(likes.text(i, 5)) << "</td></tr>"_m;
  }
  html
      << "</tbody></table></div><p class=\"note\">All of them have the fingerprint <a href=\"/statements?fingerprint="_m
      << encode(fingerprint) << "\"><code>"_m << fingerprint << "</code></a>.</p></section>"_m;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Page statement_page(const Context& context, std::string_view given) {
  if (!is_id(given)) return message_page(404, "Not found", "There is no such statement.");
  const Rows row = context.query(sql, {std::string(given)});
  if (row.size() == 0)
    return message_page(
        404, "Not found",
        "There is no such statement in the audit database. A record may take a moment to arrive.");
  const std::string_view decided = row.text(0, Column::decision);
  const bool refused = decided == "refused" || decided == "failed";
  const Judged now =
      judge_again(context, std::string(row.text(0, Column::database)), std::string(row.text(0, Column::role)),
                  std::string(row.text(0, Column::purpose)), std::string(row.text(0, Column::statement)));
  auto names = refused ? names_in(row.text(0, Column::reason)) : std::set<std::string, std::less<>>{};
  if (refused) {
    for (const std::string& rule : parts(row.text(0, Column::rules))) names.insert(last_part(rule));
  }
  // The refusal of now tells the column; the record's reason its table.
  if (refused && now.column) names = {now.column->name};
  const bool same = now.same_purpose.known && now.same_purpose.message == row.text(0, Column::reason);
  Page page{std::string(decision_label(decided)) + " statement " + std::string(given),
            refused ? "refused" : "statements",
            {},
            200,
            ""};
  Html& html = page.body;
  html << "<nav class=\"crumbs\" aria-label=\"Way back\"><a href=\"/statements"_m
       << (refused ? "?decision=refused" : "") << "\">"_m << (refused ? "Blocked queries" : "Statements")
       << "</a></nav><h1>"_m << decision_tag(decided) << " Statement "_m << given << "</h1>"_m;
  if (!row.text(0, Column::reason).empty())
    html << "<p class=\"reason\">"_m << row.text(0, Column::reason) << "</p>"_m;
  html
      << "<section aria-labelledby=\"statement\"><h2 id=\"statement\">Statement</h2><pre class=\"sql\" tabindex=\"0\"><code>"_m
      << highlight(row.text(0, Column::statement), same && refused ? now.same_purpose.position : 0, names)
      << "</code></pre><p class=\"note\">Constants are never recorded: <code>$1</code> stands for one.</p></section>"_m;
  html << "<div class=\"two wide-left\">"_m;
  add_facts(html, row);
  html << "<div>"_m << remedies(now, refused) << "</div></div>"_m;
  add_likes(html, context, row);
  return page;
}

}  // namespace pgconsent::pages
