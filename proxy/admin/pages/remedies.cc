#include "proxy/admin/pages/remedies.h"

#include <algorithm>

#include "proxy/admin/pages/decisions.h"

namespace pgconsent::pages {

namespace {

enforce::GenerationPtr generation_of(const Context& context, std::string_view database) {
  for (const DatabaseRules& each : context.sources.rules()) {
    if (each.database == database) return each.generation;
  }
  return nullptr;
}

std::string bases_text(const std::vector<rules::LawfulBasis>& bases) {
  std::string out;
  for (const rules::LawfulBasis basis : bases)
    out.append(out.empty() ? "" : ", ").append(rules::to_string(basis));
  return out;
}

// "Rule: public.users.email (rules.yaml:24)." is how a refusal's detail names the column's rule.
std::optional<RefusedColumn> refused_column(const rules::Policy& policy, std::string_view detail) {
  constexpr std::string_view begin = "Rule: ";
  if (!detail.starts_with(begin)) return std::nullopt;
  detail.remove_prefix(begin.size());
  if (detail.ends_with('.')) detail.remove_suffix(1);
  for (const auto& [oid, relation] : policy.relations) {
    for (const rules::ProtectedColumn& column : relation.columns) {
      if (column.is_public || column.rule != detail) continue;
      RefusedColumn out{column.name, column.category, {}};
      for (const auto& [name, purpose] : policy.purposes) {
        const rules::Decision decision = rules::decide(policy, relation, &purpose, column);
        if (decision.clearance == rules::Clearance::never) continue;
        RefusedColumn::Use& use = out.uses.emplace_back();
        use.purpose = name;
        use.bases = bases_text(decision.bases);
        for (const auto& [role, application] : policy.applications) {
          const auto& allowed = application.purposes;
          if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) use.roles.push_back(role);
        }
      }
      return out;
    }
  }
  return std::nullopt;
}

void add_column(Html& html, const RefusedColumn& column) {
  if (column.uses.empty()) {
    html << "<p>No purpose has a basis for <code>"_m << column.name << "</code>"_m;
    if (column.category.empty()) {
      html << ", since no rule names the column: give it a <code>category</code>.</p>"_m;
    } else {
      html << ": a purpose that needs it would list one for the category <code>"_m << column.category
           << "</code> under <code>lawful_basis</code>. With a <code>mask</code> in place of "
              "<code>without_basis: refuse</code> "
              "statements would run, and see the mask.</p>"_m;
    }
    return;
  }
  html << "<p>These purposes have a basis for <code>"_m << column.name << "</code>:</p><ul>"_m;
  for (const RefusedColumn::Use& use : column.uses) {
    html << "<li><b>"_m << use.purpose << "</b> ("_m << use.bases << "): "_m;
    if (use.roles.empty()) html << "no application may act for it"_m;
    for (std::size_t i = 0; i < use.roles.size(); ++i) html << (i == 0 ? "" : ", ") << use.roles[i];
    html << "</li>"_m;
  }
  html << "</ul>"_m;
}

void add_judgement(Html& html, std::string_view purpose, const Judgement& judgement) {
  html << "<tr><th scope=\"row\">"_m << (purpose.empty() ? std::string_view("none") : purpose)
       << "</th><td>"_m << decision_tag(judgement.decision) << "</td><td>"_m << judgement.message
       << "</td></tr>"_m;
}

}  // namespace

Judged judge_again(const Context& context, const std::string& database, const std::string& role,
                   const std::string& purpose, const std::string& statement) {
  Judged out;
  out.same_purpose = context.sources.judge({database, role, purpose, statement});
  const auto generation = generation_of(context, database);
  if (generation == nullptr || !out.same_purpose.known) return out;
  out.column = refused_column(generation->policy(), out.same_purpose.detail);
  const rules::Application* application = generation->policy().application(role);
  if (application == nullptr || application->exempt) return out;
  for (const std::string& other : application->purposes) {
    if (other != purpose)
      out.other_purposes.emplace_back(other, context.sources.judge({database, role, other, statement}));
  }
  return out;
}

Html remedies(const Judged& judged, bool refused) {
  Html html;
  const Judgement& now = judged.same_purpose;
  html << "<section aria-labelledby=\"now\"><h2 id=\"now\">"_m
       << (refused ? "What would allow it" : "Under the rules in force now") << "</h2>"_m;
  if (!now.known) {
    html << "<p class=\"none\">It can't be judged again: "_m << now.message << "</p></section>"_m;
    return html;
  }
  if (refused && now.decision != "refused") {
    html
        << "<p class=\"good\">Nothing more is needed: under the rules in force now it would not be refused.</p>"_m;
  } else if (refused) {
    if (!now.detail.empty()) html << "<p>"_m << now.detail << "</p>"_m;
    if (judged.column) add_column(html, *judged.column);
    if (!now.hint.empty()) html << "<p class=\"hint\">"_m << now.hint << "</p>"_m;
    if (now.detail.empty() && now.hint.empty())
      html << "<p>No change of rules allows this statement: it has to be written differently.</p>"_m;
  }
  html << "<table class=\"dense\"><caption>How it is decided now, by purpose</caption><thead><tr><th "
          "scope=\"col\">Purpose</th>"
          "<th scope=\"col\">Decision</th><th scope=\"col\">Because</th></tr></thead><tbody>"_m;
  add_judgement(html, now.purpose, now);
  for (const auto& [purpose, judgement] : judged.other_purposes) add_judgement(html, purpose, judgement);
  html
      << "</tbody></table><p class=\"note\">Judged with the search path of a new session; the other purposes are those that the role may act for.</p></section>"_m;
  return html;
}

}  // namespace pgconsent::pages
