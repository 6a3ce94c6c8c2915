#include "proxy/audit_database/filter.h"

#include <gtest/gtest.h>

namespace pgconsent::audit_database {
namespace {

TEST(Filter, ComparesWholeNamesOrTheirEnds) {
  Shape shape;
  shape.role = "crm";
  shape.tables = {"public.users"};
  shape.columns = {"public.users.email"};
  const auto column = [&](const char* name) {
    Filter filter;
    filter.column = name;
    return matches(shape, filter);
  };
  EXPECT_TRUE(column("email") && column("users.email") && column("public.users.email"));
  EXPECT_FALSE(column("mail") || column("s.email") || column("public.users") || column(".email"));
  Filter role;
  role.role = "cr";
  EXPECT_FALSE(matches(shape, role));
  EXPECT_TRUE(matches(shape, {}));
}

TEST(Filter, Times) {
  const auto now = std::chrono::system_clock::from_time_t(1769860800);  // 2026-01-31T12:00:00Z
  const std::pair<const char*, const char*> good[] = {
      {"2026-01-31", "2026-01-31T00:00:00.000000Z"},
      {"2026-01-31T12:30Z", "2026-01-31T12:30:00.000000Z"},
      {"2026-01-31T12:30:05Z", "2026-01-31T12:30:05.000000Z"},
      {"2026-01-31T12:30:05.25Z", "2026-01-31T12:30:05.250000Z"},
      {"24h", "2026-01-30T12:00:00.000000Z"},
      {"30min", "2026-01-31T11:30:00.000000Z"},
      {"31d", "2025-12-31T12:00:00.000000Z"}};
  for (const auto& [text, wanted] : good) EXPECT_EQ(parse_time(text, now), wanted) << text;
  for (const char* bad :
       {"", "yesterday", "2026-02-30", "2026-01-31T12:30", "2026-01-31T12:30:05+01:00", "5", "h", "-1d",
        "2026-01-31T12:30:05.Z", "2026-01-31T12:30:05.1234567Z", "99999999999999999999d"})
    EXPECT_FALSE(parse_time(bad, now)) << bad;
}

}  // namespace
}  // namespace pgconsent::audit_database
