#include <gtest/gtest.h>

#include "proxy/consent/store/statements.h"

namespace pgconsent::consent {
namespace {

TEST(KindSql, AKeyIsNotCutToLength) {
  const std::string sql = kind_sql(
      {"patient", "\"public\".\"p\"", "\"code\"", "pg_catalog.\"varchar\"(8) COLLATE \"pg_catalog\".\"C\""},
      64);
  EXPECT_NE(sql.find("subject pg_catalog.\"varchar\"(8) COLLATE"), std::string::npos);
  EXPECT_EQ(sql.find("::pg_catalog.\"varchar\"(8)"), std::string::npos);
  EXPECT_NE(sql.find("given_1 bigint"), std::string::npos);
  EXPECT_EQ(sql.find('@'), std::string::npos);
}

}  // namespace
}  // namespace pgconsent::consent
