#include "proxy/admin/pages/layout.h"

#include "proxy/admin/pages/assets.h"

namespace pgconsent::pages {

namespace {

struct Entry {
  const char* section;
  const char* address;
  const char* label;
};
constexpr Entry navigation[] = {
    {"overview", "/overview", "Overview"},
    {"refused", "/statements?decision=refused", "Blocked queries"},
    {"statements", "/statements", "Statements"},
    {"subjects", "/subjects", "Subjects"},
    {"rules", "/rules", "Rules"},
    {"integrity", "/integrity", "Integrity"},
};

void add_navigation(Html& html, const Page& page, const Viewer& viewer) {
  html << "<nav aria-label=\"Sections\"><ul>"_m;
  for (const Entry& entry : navigation) {
    html << "<li><a href=\""_m << entry.address << "\""_m;
    if (page.section == entry.section) html << " aria-current=\"page\""_m;
    html << ">"_m << entry.label << "</a></li>"_m;
  }
  html
      << "</ul></nav><form class=\"who\" method=\"post\" action=\"/sign-out\"><input type=\"hidden\" name=\"csrf\" value=\""_m
      << viewer.csrf << "\"><span>Signed in as <b>"_m << viewer.user
      << "</b></span><button type=\"submit\" class=\"quiet\">Sign out</button></form>"_m;
}

}  // namespace

Reply in_frame(const Page& page, const Viewer* viewer) {
  Html html;
  html << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>"_m << page.title
       << " · pgconsent</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
          "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"stylesheet\" href=\""_m
       << asset_address("style.css") << "\"><link rel=\"icon\" href=\""_m << asset_address("icon.svg")
       << "\" type=\"image/svg+xml\"><script src=\""_m << asset_address("pages.js")
       << "\" defer></script></head><body"_m;
  if (viewer == nullptr) html << " class=\"alone\""_m;
  html
      << "><a class=\"skip\" href=\"#main\">Skip to the content</a><header class=\"top\"><a class=\"brand\" "
         "href=\"/overview\">"
         "<span class=\"mark\" aria-hidden=\"true\"></span>pgconsent <span class=\"what\">audit</span></a>"_m;
  if (viewer != nullptr) add_navigation(html, page, *viewer);
  html
      << "</header><main id=\"main\" tabindex=\"-1\">"_m << page.body
      << "</main><footer><p>All times are UTC. Nothing on these pages can change what they show.</p></footer>"
         "</body></html>\n"_m;
  Reply reply;
  reply.status = page.status;
  reply.body = html.take();
  return reply;
}

Page message_page(int status, std::string title, std::string_view text) {
  Page page{std::move(title), "", {}, status, ""};
  page.body << "<div class=\"message\" role=\"alert\"><h1>"_m << page.title << "</h1><p>"_m << text
            << "</p></div>"_m;
  return page;
}

Page sign_in_page(std::string_view csrf, std::string_view user, std::string_view problem,
                  std::string_view next, bool secure) {
  Page page{"Sign in", "", {}, problem.empty() ? 200 : 403, ""};
  Html& html = page.body;
  html << "<form class=\"sign-in\" method=\"post\" action=\"/sign-in\"><h1>Sign in</h1>"
          "<p class=\"note\">With a PostgreSQL role of the audit database that is a member of "
          "<code>pgconsent_auditor</code>.</p>"_m;
  if (!problem.empty())
    html << "<p class=\"problem\" role=\"alert\" id=\"problem\">"_m << problem << "</p>"_m;
  html << "<input type=\"hidden\" name=\"csrf\" value=\""_m << csrf
       << "\"><input type=\"hidden\" name=\"next\" value=\""_m << next
       << "\"><label for=\"user\">Role</label><input id=\"user\" name=\"user\" autocomplete=\"username\" "
          "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"63\" required autofocus value=\""_m
       << user
       << "\"><label for=\"password\">Password</label><input id=\"password\" name=\"password\" "
          "type=\"password\" "
          "autocomplete=\"current-password\" maxlength=\"1000\" required"_m;
  if (!problem.empty()) html << " aria-describedby=\"problem\""_m;
  html << "><button type=\"submit\">Sign in</button>"_m;
  if (!secure) html << "<p class=\"note\">Not encrypted: reachable from this machine only.</p>"_m;
  html << "</form>"_m;
  return page;
}

Reply redirect(std::string location) {
  Reply reply;
  reply.status = 303;
  reply.type = "text/plain; charset=utf-8";
  reply.headers.emplace_back("Location", std::move(location));
  reply.body = "see other\n";
  return reply;
}

}  // namespace pgconsent::pages
