#include "proxy/admin/pages/remedies.h"

#include "proxy/admin/pages/decisions.h"

namespace pgconsent::pages {

namespace {

enforce::GenerationPtr generation_of(const Context& context, std::string_view database) {
  for (const DatabaseRules& each : context.sources.rules()) {
    if (each.database == database) return each.generation;
  }
  return nullptr;
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
