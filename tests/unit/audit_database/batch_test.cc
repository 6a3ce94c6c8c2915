#include "proxy/audit_database/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "proxy/audit_database/connection.h"

namespace pgconsent::audit_database {
namespace {

using ::testing::HasSubstr;

class BatchTest : public ::testing::Test {
 protected:
  audit::Line line(std::uint64_t id, std::string_view time) {
    audit::Line out;
    out.id = id;
    out.time = time;
    out.hash = "ab";
    out.text = "12345";
    return out;
  }
  void ended(std::vector<std::uint32_t> numbers) {
    Outcome outcome;
    outcome.rows = 3;
    outcome.subjects_known = true;
    outcome.subjects.push_back({"cust\tomer", "\x01\x02", std::move(numbers)});
    audit::Line of = line(9, "2026-02-01T00:00:00.000000Z");
    of.outcome_of = 4;
    batch.add_outcome(of, outcome, {"2026-01-31T23:59:59.000000Z", 5});
  }
  const std::string& rows(Batch::TableIndex table) const { return batch.tables[table].rows; }
  Batch batch;
};

TEST_F(BatchTest, RecordsAreCountedByShapeAndHour) {
  batch.add_record(line(1, "2026-01-31T23:10:00.000000Z"), {7, 2, 30, "a\\b\n", ""}, 5);
  batch.add_record(line(2, "2026-01-31T23:50:00.000000Z"), {7, 2, 31, "c", ""}, 5);
  EXPECT_EQ(rows(Batch::record),
            "2026-01-31T23:10:00.000000Z\t1\t7\ta\\\\b\\n\t5\t2\t30\t\\\\xab\n"
            "2026-01-31T23:50:00.000000Z\t2\t7\tc\t5\t2\t31\t\\\\xab\n");
  EXPECT_EQ((batch.activity[{"2026-01-31T23:00:00Z", 5}].statements), 2u);
  EXPECT_EQ(batch.shapes[5].records, 2u);
  EXPECT_EQ(batch.shapes[5].last, "2026-01-31T23:50:00.000000Z");
  EXPECT_EQ(batch.months, std::set<std::string>{"2026-01-01"});
  EXPECT_EQ(batch.bytes, 10u);
}

TEST_F(BatchTest, AnOutcomeStandsByItsRecord) {
  ended({7, 40000});
  EXPECT_THAT(rows(Batch::outcome), HasSubstr("2026-01-31T23:59:59.000000Z\t4\t2026-02-01T00:00:00."
                                              "000000Z\t9\t3\t\\N\t\\N\t\\N\t{\"cust\\tomer\"}"
                                              "\t{\"2\"}\t{\"\\\\\\\\x0102\"}\t\\N\t\\\\xab"));
  EXPECT_EQ(
      rows(Batch::disclosure),
      "cust\\tomer\t7\t2026-01-31T23:59:59.000000Z\t4\ncust\\tomer\t40000\t2026-01-31T23:59:59.000000Z\t4\n");
  EXPECT_EQ(batch.months, std::set<std::string>{"2026-01-01"});
  EXPECT_EQ((batch.activity[{"2026-01-31T23:00:00Z", 5}].rows), 3u);
}

TEST_F(BatchTest, LargeSetsAreChunks) {
  std::vector<std::uint32_t> numbers(most_single_subjects);
  std::iota(numbers.begin(), numbers.end(), 32768 + 1);  // dense: bits
  numbers.push_back(2 * 32768 + 32767);                  // alone: offsets
  ended(numbers);
  EXPECT_EQ(rows(Batch::disclosure), "");
  EXPECT_EQ(rows(Batch::disclosure_set),
            "cust\\tomer\t1\t2026-01-31T23:59:59.000000Z\t4\t\\N\t\\\\xfeffffff01\n"
            "cust\\tomer\t2\t2026-01-31T23:59:59.000000Z\t4\t{32767}\t\\N\n");
}

TEST(ArrayLiteral, GoesThereAndBack) {
  const std::vector<std::string> list{"", "a,b", "{c}", "q\"uote", "back\\slash", "NULL", "ünï"};
  EXPECT_EQ(parse_array(array_literal(list)), list);
  EXPECT_EQ(parse_array("{}"), std::vector<std::string>{});
  EXPECT_EQ(parse_array("{plain,\"two words\",{}"), (std::vector<std::string>{"plain", "two words", "{"}));
}

}  // namespace
}  // namespace pgconsent::audit_database
