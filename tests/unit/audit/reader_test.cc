#include "proxy/audit/reader.h"

#include <sys/stat.h>

#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

class ReaderTest : public AuditTest {
 protected:
  void write(int records) {
    auto log = open();
    for (int i = 0; i < records; ++i) log->append(sample());
  }
  std::vector<std::uint64_t> ids(Reader& reader) {
    std::vector<std::uint64_t> found;
    for (ReadLine line; reader.next(line);) found.push_back(line.id);
    return found;
  }
  void overwrite(const std::string& text) { std::ofstream(file(), std::ios::binary) << text; }
  using Ids = std::vector<std::uint64_t>;
};

TEST_F(ReaderTest, GivesTheLinesFromAnIdOn) {
  write(4);
  Reader all(directory), later(directory, 3), beyond(directory, 9);
  EXPECT_EQ(ids(all), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(ids(later), (Ids{3, 4}));
  EXPECT_EQ(ids(beyond), Ids{});
  EXPECT_EQ(later.next_id(), 5u);
  EXPECT_FALSE(all.is_partial() || later.is_partial() || beyond.is_partial());
}

TEST_F(ReaderTest, TakesLinesApart) {
  write(1);
  Reader reader(directory);
  ReadLine line;
  ASSERT_TRUE(reader.next(line));
  EXPECT_EQ(line.kind, LineKind::record);
  EXPECT_EQ(line.text, lines()[0]);
  EXPECT_EQ(line.prev, std::string(64, '0'));
  EXPECT_TRUE(line.fields.starts_with("\"session\":7,"));
  EXPECT_EQ(line.segment, 1u);
  EXPECT_EQ(line.number, 1u);
}

TEST_F(ReaderTest, GoesOnWithWhatIsWrittenLater) {
  auto log = open();
  Reader reader(directory);
  EXPECT_EQ(ids(reader), Ids{});
  log->append(sample());
  log->flush();
  EXPECT_EQ(ids(reader), Ids{1});
  log->append(sample());
  log->flush();
  EXPECT_EQ(ids(reader), Ids{2});
}

TEST_F(ReaderTest, WaitsForTheRestOfALine) {
  write(2);
  const std::string whole = bytes();
  overwrite(whole.substr(0, whole.size() - 10));
  Reader reader(directory);
  EXPECT_EQ(ids(reader), Ids{1});
  overwrite(whole);
  EXPECT_EQ(ids(reader), Ids{2});
  EXPECT_FALSE(reader.is_partial());
}

TEST_F(ReaderTest, FollowsARotation) {
  write(3);
  const auto all = lines();
  overwrite(all[0] + "\n");
  Reader reader(directory);
  EXPECT_EQ(ids(reader), Ids{1});
  overwrite(all[0] + "\n" + all[1] + "\n");
  std::filesystem::rename(file(), directory / segment_name(1));
  overwrite(all[2] + "\n");
  EXPECT_EQ(ids(reader), (Ids{2, 3}));
  EXPECT_FALSE(reader.is_partial());
}

TEST_F(ReaderTest, SaysWhatItCanNotRead) {
  write(5);
  const auto all = lines();
  std::ofstream(directory / segment_name(1)) << all[0] << "\nhello\n";
  std::ofstream(directory / segment_name(2)) << all[2] << "\n" << all[3].substr(0, 20);
  std::filesystem::create_directory(directory / segment_name(3));
  std::ofstream(directory / segment_name(4)) << R"({"format":7,"what":"is this"})"
                                             << "\n";
  std::ofstream(directory / (segment_name(5) + ".zst")) << "not compressed";
  std::ofstream(directory / "subjects") << "not a segment";
  overwrite(all[4] + "\n");
  Reader reader(directory);
  EXPECT_EQ(ids(reader), (Ids{1, 3, 5}));
  std::string found;
  for (const ReadProblem& problem : reader.problems()) {
    found += std::to_string(problem.segment) + " " + std::string(to_string(problem.kind)) + "\n";
    EXPECT_NE(problem.message.find(problem.file.string()), std::string::npos) << problem.message;
  }
  EXPECT_EQ(found, "1 foreign\n2 truncated\n3 unreadable\n4 newer_format\n5 foreign\n2 missing\n6 missing\n");
}

TEST_F(ReaderTest, SaysThatADirectoryIsNotThere) {
  Reader reader(root / "nowhere");
  EXPECT_EQ(ids(reader), Ids{});
  ASSERT_EQ(reader.problems().size(), 1u);
  EXPECT_EQ(reader.problems()[0].segment, 0u);
}

}  // namespace
}  // namespace pgconsent::audit
