// Errors of checks that see raw rows: no value may pass, what helps the application must.
#include "proxy/session/withheld.h"

#include <gtest/gtest.h>

#include "tests/unit/session/fakes.h"

namespace pgconsent::session {
namespace {

std::string message_after(wire::ErrorFields fields, bool writes) {
  session_test::FakePlanner planner;
  withhold(fields, planner, true, writes);
  for (const wire::ErrorField& field : fields) {
    if (field.code == 'M') return std::string(field.value);
  }
  return {};
}

wire::ErrorFields cast_failure() {
  return {
      {'S', "ERROR"}, {'V', "ERROR"}, {'C', "22008"}, {'M', "date/time field out of range: \"03/25/1999\""}};
}

TEST(Withheld, FailedCastsOfWritesThatMayBeACheckOfRawRows) {
  EXPECT_EQ(message_after(cast_failure(), true).find("1999"), std::string::npos);
  // A query computes T' alone: its message is the one that T' gives.
  EXPECT_NE(message_after(cast_failure(), false).find("1999"), std::string::npos);
}

TEST(Withheld, NotTheClientsOwnConstantsAndParameters) {
  wire::ErrorFields constant = cast_failure(), parameter = cast_failure();
  constant.push_back({'P', "17"});
  parameter.push_back({'W', "unnamed portal parameter $1"});
  EXPECT_NE(message_after(constant, true).find("1999"), std::string::npos);
  EXPECT_NE(message_after(parameter, true).find("1999"), std::string::npos);
}

}  // namespace
}  // namespace pgconsent::session
