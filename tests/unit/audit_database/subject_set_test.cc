#include "proxy/audit_database/subject_set.h"

#include <gtest/gtest.h>

#include <numeric>

namespace pgconsent::audit_database {
namespace {

std::string little(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

// One container at `high` of the kind that `body` is.
std::string bitmap(std::uint32_t high, std::uint32_t cardinality, const std::string& body,
                   bool runs = false) {
  if (runs)
    return little(12347, 2) + little(0, 2) + "\x01" + little(high, 2) + little(cardinality - 1, 2) + body;
  return little(12346, 4) + little(1, 4) + little(high, 2) + little(cardinality - 1, 2) + little(16, 4) +
         body;
}

TEST(Bitmap, Array) {
  EXPECT_EQ(decode_bitmap(bitmap(2, 3, little(1, 2) + little(5, 2) + little(65535, 2))),
            (std::vector<std::uint32_t>{131073, 131077, 196607}));
  EXPECT_EQ(decode_bitmap(little(12346, 4) + little(0, 4)), std::vector<std::uint32_t>{});
}

TEST(Bitmap, Runs) {
  EXPECT_EQ(decode_bitmap(
                bitmap(0, 5, little(2, 2) + little(3, 2) + little(2, 2) + little(9, 2) + little(1, 2), true)),
            (std::vector<std::uint32_t>{3, 4, 5, 9, 10}));
}

TEST(Bitmap, Bits) {
  std::string bits(8192, '\xff');
  bits[0] = '\xfe';
  std::vector<std::uint32_t> wanted(65535);
  std::iota(wanted.begin(), wanted.end(), 1);
  EXPECT_EQ(decode_bitmap(bitmap(0, 65535, bits)), wanted);
}

TEST(Bitmap, RefusesWhatIsNone) {
  const std::string good = bitmap(0, 2, little(1, 2) + little(5, 2));
  ASSERT_TRUE(decode_bitmap(good));
  for (std::size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(decode_bitmap(good.substr(0, i))) << i;
  EXPECT_FALSE(decode_bitmap(good + "x"));
  EXPECT_FALSE(decode_bitmap(bitmap(0, 2, little(5, 2) + little(1, 2)))) << "descending";
  EXPECT_FALSE(decode_bitmap(bitmap(0, 2, little(5, 2) + little(5, 2)))) << "twice";
  EXPECT_FALSE(decode_bitmap(bitmap(0, 5000, std::string(8192, '\x01')))) << "another count";
  EXPECT_FALSE(decode_bitmap(bitmap(0, 4, little(1, 2) + little(65534, 2) + little(3, 2), true)))
      << "run past the end";
}

TEST(Base64, Decodes) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("/+8A"), std::string("\xff\xef\0", 3));
  for (const char* bad : {"Z", "Zg=", "Zg", "Z===", "Zm9v=", "Zm 9", "Zm\xff\xff"})
    EXPECT_FALSE(decode_base64(bad)) << bad;
}

TEST(SubjectSet, IsAUnion) {
  SubjectSet set;
  set.add({5, 9});
  set.add({1, 5});
  EXPECT_EQ(set.numbers(), (std::vector<std::uint32_t>{1, 5, 9}));
  for (std::uint32_t i = 0; i < 20000; ++i) set.add({i % 5000, 100000 + i});
  EXPECT_EQ(set.size(), 25000u);
  EXPECT_TRUE(std::is_sorted(set.numbers().begin(), set.numbers().end()));
}

}  // namespace
}  // namespace pgconsent::audit_database
