// The text that Prometheus reads.
#include "proxy/admin/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace pgconsent::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

Numbers some() {
  Numbers numbers;
  numbers.connections_accepted = 7;
  numbers.connections = 3;
  numbers.sessions = 5;
  numbers.statements = {{"passed", 100}, {"masked", 12345678901}};
  numbers.refusals = {{"policy", 2}};
  numbers.plans = {{"cache", 9}};
  numbers.analysis.at_most = {{0.000002, 4}, {0.000004, 6}};
  numbers.analysis.count = 7;
  numbers.analysis.sum = 0.5;
  numbers.from_client = 11;
  numbers.audit.writable = true;
  numbers.audit.lag = 0.25;
  numbers.databases = {{"app", true, 4, 1.5, "abc"}, {"a\"b\\\n", false, 0, {}, ""}};
  return numbers;
}

TEST(Metrics, HaveTheFieldsNames) {
  const std::string text = to_metrics(some());
  for (const char* line :
       {"\npgconsent_connections_accepted_total 7\n", "\npgconsent_connections 3\n",
        "\npgconsent_sessions_total 5\n", "\npgconsent_statements_total{decision=\"passed\"} 100\n",
        "\npgconsent_statements_total{decision=\"masked\"} 12345678901\n",
        "\npgconsent_refusals_total{reason=\"policy\"} 2\n", "\npgconsent_plans_total{source=\"cache\"} 9\n",
        "\npgconsent_received_bytes_total{from=\"client\"} 11\n", "\npgconsent_audit_writable 1\n",
        "\npgconsent_audit_lag_seconds 0.25\n",
        "\npgconsent_database_rules_in_force{database=\"app\",rules=\"abc\"} 1\n",
        "\npgconsent_catalog_version{database=\"app\"} 4\n",
        "\npgconsent_catalog_age_seconds{database=\"app\"} 1.5\n"}) {
    EXPECT_THAT("\n" + text, HasSubstr(line));
  }
}

TEST(Metrics, HistogramIsCumulative) {
  EXPECT_THAT(to_metrics(some()), HasSubstr("# TYPE pgconsent_analysis_seconds histogram\n"
                                            "pgconsent_analysis_seconds_count 7\n"
                                            "pgconsent_analysis_seconds_sum 0.5\n"));
  EXPECT_THAT(to_metrics(some()), HasSubstr("pgconsent_analysis_seconds_bucket{le=\"+Inf\"} 7\n"));
}

TEST(Metrics, NamesAreEscaped) {
  EXPECT_THAT(to_metrics(some()), HasSubstr("pgconsent_catalog_version{database=\"a\\\"b\\\\\\n\"} 0\n"));
}

TEST(Metrics, WhatIsUnknownIsLeftOut) {
  EXPECT_THAT(to_metrics(some()), Not(HasSubstr("consent_index")));
  EXPECT_THAT(to_metrics(Numbers{}), Not(HasSubstr("catalog_")));
  Numbers indexed;
  indexed.consent_index_age = 0.05;
  EXPECT_THAT(to_metrics(indexed), HasSubstr("\npgconsent_consent_index_age_seconds 0.05"));
}

// One HELP and one TYPE per family, and no sample outside its family.
TEST(Metrics, AreWellFormed) {
  std::istringstream lines(to_metrics(some()));
  std::set<std::string> families;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, kind, name;
    words >> first >> kind >> name;
    if (first == "#") {
      if (kind == "HELP") {
        family = kind = "";
        words.clear();
      } else {
        ASSERT_EQ(kind, "TYPE") << line;
        family = name;
        EXPECT_TRUE(families.insert(name).second) << line;
      }
      continue;
    }
    ASSERT_FALSE(family.empty()) << line;
    EXPECT_TRUE(line.starts_with(family)) << line;
  }
  EXPECT_GT(families.size(), 15u);
}

}  // namespace
}  // namespace pgconsent::admin
