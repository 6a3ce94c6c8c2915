#include "proxy/consent/formats/tc_string.h"

#include <gtest/gtest.h>

namespace pgconsent::consent {
namespace {

// The string of the specification's examples: CMP 27, vendor list 15, purposes 1 to 3, vendors 2, 6 and 8.
constexpr const char* known =
    "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAA"
    "AAAAAGBAAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw";

TEST(TcString, OfTheSpecification) {
  TcString string;
  ASSERT_EQ(parse_tc_string(known, 0, string), "");
  EXPECT_EQ(string.cmp, 27);
  EXPECT_EQ(string.vendor_list, 15);
  EXPECT_EQ(string.policy, 2);
  EXPECT_EQ(string.consents, 0b111u);
  EXPECT_EQ(string.interests, 0u);
  EXPECT_EQ(time_of_tenths(string.created), "2020-02-20T23:57:39.3Z");
  EXPECT_EQ(string.created, string.updated);
}

TEST(TcString, OfOneVendor) {
  for (int vendor : {2, 6, 8}) {
    TcString string;
    ASSERT_EQ(parse_tc_string(known, vendor, string), "");
    EXPECT_EQ(string.consents, 0b111u) << vendor;
  }
  for (int vendor : {1, 3, 5, 7, 9, 65535}) {
    TcString string;
    ASSERT_EQ(parse_tc_string(known, vendor, string), "");
    EXPECT_EQ(string.consents, 0u) << vendor;
  }
}

// Whatever is cut off or changed: an answer, and never a longer life than the string's.
TEST(TcString, EveryPrefixIsAnError) {
  const std::string core = std::string(known).substr(0, std::string(known).find('.'));
  TcString string;
  for (std::size_t length = 0; length + 3 < core.size(); ++length)
    EXPECT_NE(parse_tc_string(core.substr(0, length), 0, string), "") << length;
  for (std::size_t i = 0; i < core.size(); ++i) {
    for (char c : {'=', '+', '/', ' ', '\xC3', '\0'}) {
      std::string changed = core;
      changed[i] = c;
      EXPECT_NE(parse_tc_string(changed, 0, string), "") << i;
    }
  }
  EXPECT_EQ(string.created, 0);  // left alone on failure
}

TEST(TcString, Times) {
  EXPECT_EQ(time_of_tenths(0), "1970-01-01T00:00:00.0Z");
  EXPECT_EQ(time_of_tenths((std::int64_t{1} << 36) - 1), "2187-10-06T10:21:13.5Z");
}

}  // namespace
}  // namespace pgconsent::consent
