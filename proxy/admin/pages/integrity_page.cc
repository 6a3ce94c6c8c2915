// Can the record be trusted: the log as the proxy writes it, what has arrived in the audit database, and a
// check now.
#include <fmt/format.h>

#include "proxy/admin/pages/context.h"
#include "proxy/admin/pages/numbers_text.h"

namespace pgconsent::pages {

namespace {

void add_fact(Html& html, std::string_view label, std::string_view value, std::string_view state = {}) {
  html << "<dt>"_m << label << "</dt><dd"_m;
  if (!state.empty()) html << " class=\""_m << state << "\""_m;
  html << ">"_m << value << "</dd>"_m;
}

void add_log(Html& html, const LogState& log) {
  html << "<section aria-labelledby=\"log\"><h2 id=\"log\">The log of this proxy</h2><dl class=\"facts\">"_m;
  add_fact(html, "State", log.writable ? "is written" : "can't be written: protected statements are refused",
           log.writable ? "good" : "bad");
  add_fact(html, "Directory", log.directory);
  add_fact(html, "Records since the start", grouped(static_cast<std::int64_t>(log.records)));
  add_fact(html, "Waiting to be written", grouped(static_cast<std::int64_t>(log.pending)));
  add_fact(html, "Oldest of these has waited", fmt::format("{:.3f} s", log.lag), log.lag > 5 ? "bad" : "");
  if (log.lost > 0)
    add_fact(html, "Refusals that were only counted", grouped(static_cast<std::int64_t>(log.lost)), "bad");
  add_fact(html, "Shipping to the audit database",
           log.shipping_works ? "works" : "fails: the proxy's log says why, and it goes on by itself",
           log.shipping_works ? "good" : "bad");
  add_fact(html, "All of it was there", fmt::format("{:.1f} s ago", log.shipping_lag),
           log.shipping_lag > 60 ? "bad" : "");
  html << "</dl></section>"_m;
}

void add_database(Html& html, const Context& context) {
  const Rows state = context.query(
      "SELECT c.last_id, c.hash, c.last_time::text, c.shipped_at::text, extract(epoch FROM now() - "
      "c.shipped_at)::bigint, "
      "c.gaps, c.missing_lines FROM pgconsent_audit.completeness c");
  html
      << "<section aria-labelledby=\"arrived\"><h2 id=\"arrived\">What has arrived in the audit database</h2>"_m;
  if (state.size() == 0 || state.is_null(0, 3)) {
    html << "<p class=\"none\">Nothing yet.</p></section>"_m;
    return;
  }
  html << "<dl class=\"facts\">"_m;
  add_fact(html, "Last line", state.text(0, 0));
  add_fact(html, "Written at", state.text(0, 2));
  add_fact(html, "Its hash", state.text(0, 1));
  add_fact(html, "Arrived at", state.text(0, 3));
  const bool whole = state.number(0, 5) == 0;
  add_fact(html, "Complete",
           whole ? "yes: no line is missing" : "no: " + grouped(state.number(0, 6)) + " lines are missing",
           whole ? "good" : "bad");
  html << "</dl>"_m;
  if (!whole) {
    const Rows gaps = context.query(
        "SELECT first_id, last_id, reason, noticed_at::text FROM pgconsent_audit.gaps ORDER BY 1 DESC LIMIT "
        "50");
    html
        << "<table class=\"dense\"><caption>What is missing</caption><thead><tr><th scope=\"col\">Lines</th><th scope=\"col\">Why</th><th scope=\"col\">Noticed</th></tr></thead><tbody>"_m;
    for (int i = 0; i < gaps.size(); ++i)
      html << "<tr><td>"_m << gaps.text(i, 0) << " to "_m << gaps.text(i, 1) << "</td><td>"_m
           << gaps.text(i, 2) << "</td><td class=\"when\">"_m << without_fraction(gaps.text(i, 3))
           << "</td></tr>"_m;
    html << "</tbody></table>"_m;
  }
  html << "</section>"_m;
}

void add_items(Html& html, const std::vector<std::string>& items) {
  constexpr std::size_t most = 200;
  if (items.empty()) return;
  html << "<ul>"_m;
  for (std::size_t i = 0; i < items.size() && i < most; ++i) html << "<li>"_m << items[i] << "</li>"_m;
  html << "</ul>"_m;
  if (items.size() > most)
    html << "<p>And "_m << items.size() - most
         << " more: <code>pgconsent audit verify</code> lists all.</p>"_m;
}

void add_outcome(Html& html, const Verification& found) {
  const bool good = found.ran && found.problems.empty();
  html << "<div role=\"status\" class=\""_m << (good ? "good" : "problem") << "\"><p><b>"_m;
  if (good) {
    html << "All "_m << grouped(static_cast<std::int64_t>(found.lines)) << " lines of "_m
         << grouped(static_cast<std::int64_t>(found.segments))
         << " segments are there, unchanged and in order</b> ("_m << fmt::format("{:.1f} s", found.seconds)
         << ").</p>"_m;
  } else {
    html << (found.ran ? "The log is not what was written:" : "The check could not run:") << "</b></p>"_m;
  }
  add_items(html, found.problems);
  html << "</div>"_m;
  if (!found.ran) return;
  html << "<dl class=\"facts\">"_m;
  add_fact(html, "Hash of the last line", found.head);
  add_fact(html, "Checkpoints that fit",
           grouped(static_cast<std::int64_t>(found.checkpoints)) + ", of these signed " +
               grouped(static_cast<std::int64_t>(found.signed_checkpoints)));
  add_fact(html, "Last checkpoint",
           found.last_checkpoint == 0 ? "none" : "at line " + std::to_string(found.last_checkpoint));
  html << "</dl>"_m;
  add_items(html, found.notes);
}

void add_verification(Html& html, const Context& context, const Verification* verification) {
  if (!context.sources.verify) return;
  html << "<section aria-labelledby=\"verify\"><h2 id=\"verify\">Check now</h2>"_m;
  if (verification != nullptr) add_outcome(html, *verification);
  html << "<form method=\"post\" action=\"/integrity/verify\"><input type=\"hidden\" name=\"csrf\" value=\""_m
       << context.csrf
       << "\"><button type=\"submit\">Verify the whole log</button><p class=\"note\">Reads every segment and "
          "follows the "
          "chain of hashes, as <code>pgconsent audit verify</code> does.</p></form></section>"_m;
}

Page page_with(const Context& context, const Verification* verification) {
  Page page{"Integrity", "integrity", {}, 200, ""};
  page.body << "<h1>Integrity of the record</h1>"_m;
  add_verification(page.body, context, verification);
  page.body << "<div class=\"two\">"_m;
  add_log(page.body, context.sources.log());
  add_database(page.body, context);
  page.body << "</div>"_m;
  return page;
}

}  // namespace

Page integrity_page(const Context& context) {
  return page_with(context, nullptr);
}

Page verify_page(const Context& context) {
  if (!context.sources.verify || context.request.method != Method::post) return integrity_page(context);
  const Verification verification = context.sources.verify();
  return page_with(context, &verification);
}

}  // namespace pgconsent::pages
