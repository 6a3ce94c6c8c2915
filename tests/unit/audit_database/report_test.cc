#include "proxy/audit_database/report.h"

#include <gtest/gtest.h>

namespace pgconsent::audit_database {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Total total(std::string role, std::string decision, std::uint64_t records) {
  Total out;
  out.shape.role = std::move(role);
  out.shape.application = "web";
  out.shape.purpose = "support";
  out.shape.purpose_source = "role";
  out.shape.decision = std::move(decision);
  out.shape.columns = {"public.t.email"};
  out.shape.basis = {"public.t.email: contact: consent"};
  out.records = records;
  out.fingerprint_since = "2026-01-01T00:00:00.000000Z";
  return out;
}

const Rows& rows(const Report& report, std::string_view id) {
  for (const ResultTable& table : report.tables) {
    if (table.id == id) return table.rows;
  }
  static const Rows none;
  return none;
}

TEST(PeriodReport, CountsByWhatIsAsked) {
  std::vector<Total> totals{total("a", "refused", 2), total("b", "refused", 3), total("a", "masked", 7),
                            total("x", "exempt", 1)};
  totals[0].shape.reason = totals[1].shape.reason = "no";
  totals[2].rows = 10;
  totals[3].shape.tables = {"public.t"};
  totals[3].fingerprint_since = "2026-03-01T00:00:00.000000Z";
  const Report report = period_report(totals, {"2026-02-01T00:00:00.000000Z", ""});
  EXPECT_EQ(rows(report, "refusals"), (Rows{{"no", "b", "web", "3"}, {"no", "a", "web", "2"}}));
  EXPECT_EQ(rows(report, "masked_columns"), (Rows{{"web", "a", "public.t.email", "7", "10"}}));
  EXPECT_EQ(rows(report, "exempt"), (Rows{{"x", "web", "public.t", "1", "0"}}));
  EXPECT_EQ(rows(report, "new_statements").size(), 1u);
}

TEST(BreachReport, NamesEachSubjectOnceWithAllCategories) {
  std::vector<Total> totals{total("a", "masked", 2), total("a", "allowed", 1), total("a", "refused", 1)};
  totals[1].shape.basis = {"public.t.\"a: b\": identity: contract, consent"};
  totals[0].subjects["customer"].add({1, 2});
  totals[1].subjects["customer"].add({2});
  totals[0].subjects_recorded = 1;
  totals[1].subjects_recorded = 1;
  const Report report = breach_report(totals, {}, [](const std::string&, std::uint32_t n) {
    return n == 2 ? std::string("c2") : std::string();
  });
  EXPECT_EQ(rows(report, "categories"), (Rows{{"customer", "contact", "2"}, {"customer", "identity", "1"}}));
  EXPECT_EQ(rows(report, "subjects"),
            (Rows{{"customer", "", "contact", "support", "public.t.email"},
                  {"customer", "c2", "contact, identity", "support", "public.t.email"}}));
  EXPECT_EQ(report.notices.size(), 3u)
      << "one statement without subjects, one subject without name, a caveat";
  EXPECT_EQ(report.doubts, std::vector<std::string>{report.notices[0]});
}

TEST(SubjectReport, SaysWhatItMayLack) {
  std::vector<Total> totals{total("a", "masked", 3), total("a", "refused", 1), total("a", "allowed", 2)};
  totals[0].subjects_recorded = 3;
  totals[2].subjects_recorded = 2;
  EXPECT_TRUE(doubts_of(totals, "customer").empty());
  totals[0].subjects_unknown = {"employee"};
  EXPECT_TRUE(doubts_of(totals, "customer").empty());
  EXPECT_EQ(doubts_of(totals).size(), 1u);
  totals[0].subjects_unknown = {"customer"};
  EXPECT_EQ(doubts_of(totals, "customer").size(), 1u);
  totals[2].subjects_recorded = 1;
  EXPECT_EQ(doubts_of(totals, "customer").size(), 2u);
  Entry entry;
  entry.shape = totals[0].shape;
  const Report report = subject_report({entry}, "customer", "7", {}, doubts_of(totals, "customer"));
  EXPECT_EQ(report.doubts.size(), 2u);
  EXPECT_EQ(report.notices, report.doubts);
  EXPECT_EQ(rows(report, "by_application").at(0).at(3), "contact");
}

TEST(MinimiseReport, KnowsByRulesAndByCells) {
  std::vector<Total> totals{total("a", "masked", 2), total("b", "masked", 2), total("c", "allowed", 1),
                            total("c", "masked", 1)};
  totals[1].shape.columns = {"public.t.name"};
  totals[1].rows = totals[1].cells_masked = 4;
  const Report report = minimise_report(
      totals, {}, {{"public.t.email", "contact", {"marketing"}}, {"public.t.iban", "bank", {}}});
  EXPECT_EQ(rows(report, "always_masked"),
            (Rows{{"a", "web", "public.t.email", "2", "0", "no basis for contact under purpose support"},
                  {"b", "web", "public.t.name", "2", "4", "all cells were masked"}}));
  EXPECT_EQ(rows(report, "unused"), (Rows{{"public.t.iban", "bank"}}));
}

}  // namespace
}  // namespace pgconsent::audit_database
