// The rules in force: columns by purposes, on which basis, with which mask; and what no rule covers.
#include <algorithm>

#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/numbers_text.h"
#include "proxy/openness/statement.h"
#include "rules/builtin_store.h"
#include "rules/mask_parser.h"

namespace pgconsent::pages {

namespace {

using openness::ColumnEntry;
using openness::ColumnUse;
using openness::TableGroup;
using rules::Clearance;

constexpr std::size_t most_tables = 200, most_names = 300;

std::string mask_text(const rules::ProtectedColumn& column) {
  if (column.without_basis == rules::WithoutBasis::refuse) return "refuse";
  if (column.without_basis == rules::WithoutBasis::hide_row) return "hide_row";
  const rules::Mask& mask = column.mask;
  const std::string name(rules::to_string(mask.kind));
  switch (mask.kind) {
    case rules::Mask::Kind::constant:
      return name + "('" + mask.text + "')";
    case rules::Mask::Kind::partial:
      return name + "(" + std::to_string(mask.prefix) + ",'" + mask.text + "'," +
             std::to_string(mask.suffix) + ")";
    case rules::Mask::Kind::round:
    case rules::Mask::Kind::range:
      return name + "(" + std::to_string(mask.step) + ")";
    case rules::Mask::Kind::null:
    case rules::Mask::Kind::email:
    case rules::Mask::Kind::hash:
    case rules::Mask::Kind::pseudonym:
    case rules::Mask::Kind::year:
    case rules::Mask::Kind::month:
      return name;
  }
  return name;
}

std::string words(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string bases_text(const std::vector<rules::LawfulBasis>& bases) {
  std::string out;
  for (const rules::LawfulBasis basis : bases) {
    if (!out.empty()) out += ", ";
    out += words(rules::to_string(basis));
  }
  return out;
}

void add_use(Html& html, const rules::ProtectedColumn& column, const ColumnUse& use) {
  if (use.refused) {
    html << "<td class=\"use refused\"><b>refused</b></td>"_m;
    return;
  }
  switch (use.clearance) {
    case Clearance::always:
      html << "<td class=\"use allowed\"><b>clear</b>"_m;
      break;
    case Clearance::by_row:
      html << "<td class=\"use row\"><b>by row</b>"_m;
      break;
    case Clearance::never:
      html << "<td class=\"use masked\"><b>"_m << (column.is_public ? "no rows" : "masked") << "</b>"_m;
      break;
  }
  if (use.clearance != Clearance::never && !use.bases.empty())
    html << "<span class=\"sub\">"_m << bases_text(use.bases) << "</span>"_m;
  html << "</td>"_m;
}

void add_column(Html& html, const ColumnEntry& entry) {
  const rules::ProtectedColumn& column = *entry.rule;
  const bool unnamed = !column.is_public && column.category.empty();
  html << "<tr"_m;
  if (unnamed) html << " class=\"uncovered\""_m;
  html << "><th scope=\"row\"><code>"_m << column.name << "</code></th><td>"_m;
  if (column.is_public) {
    html << "<span class=\"nothing\">public</span>"_m;
  } else if (unnamed) {
    html << "<b>no rule names it</b>"_m;
  } else {
    html << column.category;
  }
  html << "</td><td>"_m;
  if (!column.is_public) html << "<code>"_m << mask_text(column) << "</code>"_m;
  html << "</td>"_m;
  for (const ColumnUse& use : entry.uses) {
    if (column.is_public && use.clearance == Clearance::always) {
      html << "<td class=\"use\"><span class=\"nothing\">public</span></td>"_m;
    } else {
      add_use(html, column, use);
    }
  }
  html << "</tr>"_m;
}

std::string subjects_text(const rules::ProtectedRelation& relation) {
  std::string out;
  for (const rules::SubjectPath& path : relation.subjects) {
    if (out.find(path.kind) != out.npos) continue;
    if (!out.empty()) out += relation.all_subjects ? " and " : " or ";
    out += path.kind;
  }
  return out.empty() ? "no subject: masked for everybody" : out;
}

void add_table(Html& html, const TableGroup& group, const openness::Statement& statement, bool open) {
  const rules::ProtectedRelation& relation = *group.table->rule;
  html << "<details class=\"matrix\" id=\"table-"_m << relation.name << "\""_m;
  if (open) html << " open"_m;
  html << "><summary><h3>"_m << relation.name << "</h3><span class=\"note\">"_m << subjects_text(relation);
  if (group.parts > 0) html << ", with "_m << group.parts << " partitions or children"_m;
  html
      << "</span></summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rules of "_m
      << relation.name << "\"><table class=\"dense\"><caption class=\"hidden\">What each purpose sees of "_m
      << relation.name
      << "</caption><thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Category</th><th scope=\"col\">Without a basis</th>"_m;
  for (const rules::Purpose* purpose : statement.purposes)
    html << "<th scope=\"col\" title=\""_m << purpose->description.in("en") << "\">"_m << purpose->name
         << "</th>"_m;
  html << "</tr></thead><tbody>"_m;
  for (const ColumnEntry& column : group.table->columns) add_column(html, column);
  html << "</tbody></table></div></details>"_m;
}

struct Uncovered {
  std::vector<std::string> columns, never_clear, tables;
};

bool is_system(std::string_view schema) {
  return schema == "pg_catalog" || schema == "information_schema" || schema == rules::store_schema ||
         schema.starts_with("pg_toast");
}

Uncovered find_uncovered(const openness::Statement& statement, const std::vector<TableGroup>& groups) {
  Uncovered out;
  for (const TableGroup& group : groups) {
    for (const ColumnEntry& column : group.table->columns) {
      if (column.rule->is_public) continue;
      const std::string name = group.table->rule->name + "." + column.rule->name;
      const bool ever = std::any_of(column.uses.begin(), column.uses.end(),
                                    [](const ColumnUse& use) { return use.clearance != Clearance::never; });
      if (column.rule->category.empty()) {
        out.columns.push_back(name);
      } else if (!ever) {
        out.never_clear.push_back(name);
      }
    }
  }
  for (const auto& [oid, relation] : statement.generation->catalog().relations) {
    const bool table = relation.kind == parser::RelationKind::table ||
                       relation.kind == parser::RelationKind::partitioned_table ||
                       relation.kind == parser::RelationKind::foreign_table;
    if (!table || relation.is_partition || is_system(relation.schema)) continue;
    const rules::Policy& policy = statement.policy();
    if (policy.relation(oid) == nullptr && !policy.consent_relations.contains(oid) &&
        !policy.store_relations.contains(oid))
      out.tables.push_back(relation.schema + "." + relation.name);
  }
  std::sort(out.tables.begin(), out.tables.end());
  return out;
}

void add_names(Html& html, std::string_view id, std::string_view title, std::string_view about,
               const std::vector<std::string>& names) {
  html << "<details class=\"uncovered-list\""_m;
  if (!names.empty() && names.size() <= 12) html << " open"_m;
  html << "><summary id=\""_m << id << "\"><b>"_m << grouped(static_cast<std::int64_t>(names.size()))
       << "</b> "_m << title << "</summary><p class=\"note\">"_m << about << "</p><ul class=\"columns\">"_m;
  for (std::size_t i = 0; i < names.size() && i < most_names; ++i)
    html << "<li><code>"_m << names[i] << "</code></li>"_m;
  html << "</ul>"_m;
  if (names.size() > most_names)
    html << "<p class=\"note\">And "_m << names.size() - most_names
         << " more: <code>pgconsent check</code> lists all.</p>"_m;
  html << "</details>"_m;
}

void add_uncovered(Html& html, const openness::Statement& statement, const Uncovered& uncovered) {
  html << "<section aria-labelledby=\"uncovered\"><h2 id=\"uncovered\">What is not covered</h2>"_m;
  add_names(html, "no-rule", "columns of protected tables that no rule names",
            "They are masked for every purpose.", uncovered.columns);
  add_names(html, "never", "columns that no purpose has a basis for",
            "Nobody but exempt roles sees them: perhaps they need not be kept.", uncovered.never_clear);
  add_names(
      html, "no-table", "tables that no rule names",
      statement.policy().refuse_unlisted_tables
          ? "Statements that read them are refused."
          : "They are public to whoever the server lets read them: check that they hold no personal data.",
      uncovered.tables);
  html << "</section>"_m;
}

void add_applications(Html& html, const openness::Statement& statement) {
  html
      << "<section aria-labelledby=\"applications\"><h2 id=\"applications\">Who may act for which purpose</h2><div class=\"scroll\"><table class=\"dense\"><thead><tr><th scope=\"col\">Role</th>"_m;
  for (const rules::Purpose* purpose : statement.purposes)
    html << "<th scope=\"col\">"_m << purpose->name << "</th>"_m;
  html << "</tr></thead><tbody>"_m;
  for (const auto& [role, application] : statement.policy().applications) {
    html << "<tr><th scope=\"row\"><a href=\"/overview?role="_m << encode(role) << "\">"_m << role
         << "</a></th>"_m;
    if (application.exempt) {
      html << "<td class=\"use exempt\" colspan=\""_m << std::max<std::size_t>(1, statement.purposes.size())
           << "\"><b>exempt</b> sees raw data, every statement is in the record</td></tr>"_m;
      continue;
    }
    for (const rules::Purpose* purpose : statement.purposes) {
      const auto& allowed = application.purposes;
      const auto found = std::find(allowed.begin(), allowed.end(), purpose->name);
      html << "<td>"_m
           << (found == allowed.end()     ? ""
               : found == allowed.begin() ? "yes, by default"
                                          : "yes")
           << "</td>"_m;
    }
    html << "</tr>"_m;
  }
  html << "</tbody></table></div></section>"_m;
}

void add_choice(Html& html, const std::vector<DatabaseRules>& all, std::string_view chosen,
                std::string_view search) {
  html
      << "<form class=\"filter\" method=\"get\" action=\"/rules\" role=\"search\" aria-label=\"Filter\"><div "
         "class=\"field wide\"><label for=\"f-q\">Table, column or category</label>"
         "<input type=\"search\" id=\"f-q\" name=\"q\" maxlength=\"200\" spellcheck=\"false\" value=\""_m
      << search
      << "\"></div><div class=\"field\"><label for=\"f-database\">Database</label><select id=\"f-database\" name=\"database\">"_m;
  for (const DatabaseRules& each : all) {
    html << "<option"_m;
    if (each.database == chosen) html << " selected"_m;
    html << ">"_m << each.database << "</option>"_m;
  }
  html
      << "</select></div><div class=\"buttons\"><button type=\"submit\">Apply</button><a class=\"button quiet\" href=\"/rules\">Reset</a></div></form>"_m;
}

bool fits(const TableGroup& group, std::string_view search) {
  if (search.empty() || group.table->rule->name.find(search) != std::string::npos) return true;
  return std::any_of(group.table->columns.begin(), group.table->columns.end(),
                     [&](const ColumnEntry& column) {
                       return column.rule->name.find(search) != std::string::npos ||
                              column.rule->category.find(search) != std::string::npos;
                     });
}

}  // namespace

Page rules_page(const Context& context) {
  Page page{"Rules", "rules", {}, 200, ""};
  Html& html = page.body;
  html << "<h1>Rules in force</h1>"_m;
  const std::vector<DatabaseRules> all = context.sources.rules();
  const std::string_view wanted = context.request.query.get("database"),
                         search = context.request.query.get("q");
  const auto chosen = std::find_if(all.begin(), all.end(), [&](const DatabaseRules& each) {
    return wanted.empty() || each.database == wanted;
  });
  if (chosen == all.end()) {
    html << "<p class=\"none\">"_m
         << (all.empty() ? "No database is in use yet." : "That database is not in use now.") << "</p>"_m;
    return page;
  }
  add_choice(html, all, chosen->database, search);
  if (chosen->generation == nullptr) {
    html
        << "<p class=\"problem\" role=\"alert\">The rules do not fit this database's tables: every statement is refused there. <code>pgconsent check</code> says why.</p>"_m;
    return page;
  }
  const openness::Statement statement = openness::make_statement(chosen->generation, chosen->database, "");
  const std::vector<TableGroup> groups = openness::groups_of(statement);
  html
      << "<p class=\"note\">Version <code>"_m << statement.policy().digest
      << "</code>. <b>clear</b>: the basis holds for every row. <b>by row</b>: decided "
         "by each person's consent, objection or a condition. <b>masked</b>: no basis.</p><section aria-labelledby=\"tables\"><h2 id=\"tables\">Tables, columns and purposes</h2>"_m;
  std::size_t shown = 0;
  for (const TableGroup& group : groups) {
    if (!fits(group, search)) continue;
    if (++shown <= most_tables) add_table(html, group, statement, shown <= 8);
  }
  if (shown == 0) html << "<p class=\"none\">No table fits.</p>"_m;
  if (shown > most_tables)
    html << "<p class=\"note\">"_m << shown - most_tables << " more tables: search for their names.</p>"_m;
  html << "</section>"_m;
  add_uncovered(html, statement, find_uncovered(statement, groups));
  add_applications(html, statement);
  return page;
}

}  // namespace pgconsent::pages
