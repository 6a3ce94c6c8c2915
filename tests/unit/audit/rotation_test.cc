// Segments from the writing side: sync, rotation, and every state that a crash may leave.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "proxy/audit/chain.h"
#include "proxy/audit/reader.h"
#include "proxy/audit/record_json.h"
#include "proxy/audit/verify.h"
#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

class RotationTest : public AuditTest {
 protected:
  bool verifies() const {
    const VerifyResult result = verify({directory, {}, {}});
    for (const Finding& each : result.findings)
      ADD_FAILURE() << each.file << ":" << each.line << ": " << each.what;
    return result.error.empty() && result.findings.empty();
  }
  // A log with one record of that time.
  void write_with_time(std::string_view time) const {
    std::filesystem::create_directory(directory);
    std::string line;
    append_record(line, sample(), time, 1, std::string(64, '0'));
    Hasher hasher;
    HexHash hash;
    ASSERT_TRUE(hasher.hash(line, hash));
    append_hash(line, hash);
    std::ofstream(file()) << line;
  }
  std::uint64_t read_all() const {
    Reader reader(directory);
    ReadLine line;
    std::uint64_t last = 0;
    while (reader.next(line)) EXPECT_EQ(line.id, ++last);
    EXPECT_FALSE(reader.is_partial());
    return last;
  }
};

TEST_F(RotationTest, SyncsOnAThreadOfItsOwn) {
  options.sync = Options::Sync::always;
  std::atomic<int> progress{0};
  auto log = open();
  log->on_progress([&] { ++progress; });
  const std::uint64_t id = log->append(sample());
  for (int i = 0; i < 2000 && !log->written(id); ++i) ::usleep(1000);
  EXPECT_TRUE(log->written(id));
  for (int i = 0; i < 2000 && progress == 0; ++i) ::usleep(1000);
  EXPECT_GE(progress, 1);
  log->on_progress({});
  EXPECT_EQ(lines().size(), 1u);
}

TEST_F(RotationTest, EndsASegmentBySize) {
  options.segment_bytes = 1500;
  {
    auto log = open();
    for (int i = 0; i < 20; ++i) {
      log->append(sample());
      if (i % 2 == 0) log->flush();
    }
  }
  EXPECT_GE(list_segments(directory).files.size(), 4u);
  EXPECT_GE(read_all(), 20u);
  EXPECT_TRUE(verifies());
}

TEST_F(RotationTest, EndsASegmentByAge) {
  options.segment_age = std::chrono::milliseconds(20);
  auto log = open();
  log->append(sample());
  log->flush();
  ::usleep(30'000);
  log->flush();
  EXPECT_GE(list_segments(directory).files.back().number, 2u);
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(RotationTest, GoesOnAfterACrashInTheMiddleOfARotation) {
  options.segment_bytes = 1000;
  {
    auto log = open();
    for (int i = 0; i < 3; ++i) log->append(sample());
  }
  const std::uint64_t before = read_all();
  // Renamed, and no new file yet: the next start makes one and says which segment it is.
  std::filesystem::rename(file(), directory / segment_name(list_segments(directory).files.back().number));
  std::ofstream(directory / "audit.jsonl.new") << "";
  { open()->append(sample()); }
  EXPECT_GE(read_all(), before + 2);
  EXPECT_TRUE(verifies());
  // The new file is there, and its first line is torn.
  std::filesystem::rename(file(), directory / segment_name(list_segments(directory).files.back().number));
  std::ofstream(file()) << R"({"time":"20)";
  { open()->append(sample()); }
  EXPECT_TRUE(verifies());
}

TEST_F(RotationTest, KeepsItsNumberWhenAllSegmentsBeforeWereRemoved) {
  options.segment_bytes = 1000;
  {
    auto log = open();
    for (int i = 0; i < 12; ++i) {
      log->append(sample());
      log->flush();
    }
  }
  options.segment_bytes = std::size_t{1} << 20;
  options.retention = std::chrono::milliseconds(1);
  {
    auto log = open();
    for (int i = 0; i < 3000 && list_segments(directory).files.size() > 1; ++i) ::usleep(2000);
  }
  const auto files = list_segments(directory).files;
  ASSERT_EQ(files.size(), 1u);
  EXPECT_GE(files[0].number, 3u);
  EXPECT_TRUE(verifies());
  { open()->append(sample()); }
  EXPECT_TRUE(verifies());
}

TEST_F(RotationTest, CanBeReadAndVerifiedWhileItIsWritten) {
  options.segment_bytes = 20'000;
  std::atomic<bool> done{false};
  auto log = open();
  log->append(sample());
  log->flush();
  std::thread writer([&] {
    for (int flush = 0; flush < 200; ++flush) {  // an end, else a slow reader never catches up
      for (int i = 0; i < 5; ++i) log->append(sample());
      log->flush();
      ::usleep(2000);
    }
    done = true;
  });
  Reader reader(directory);
  std::uint64_t last = 0;
  bool in_order = true;
  while (in_order && !done) {
    EXPECT_TRUE(verifies());
    for (ReadLine line; in_order && reader.next(line);) in_order = line.id == ++last;
  }
  writer.join();
  ASSERT_TRUE(in_order) << "at " << last;
  log.reset();
  for (ReadLine line; reader.next(line);) ASSERT_EQ(line.id, ++last);
  EXPECT_FALSE(reader.is_partial());
  EXPECT_EQ(last, read_all());
}

// Times go back in the file; ids do not.
TEST_F(RotationTest, DoesNotCareAboutAClockThatIsSetBack) {
  write_with_time("2031-01-01T00:00:00.000000Z");
  options.segment_age = std::chrono::hours(1);
  { open()->append(sample()); }
  EXPECT_EQ(list_segments(directory).files.size(), 1u) << "a first line in the future ends no segment";
  EXPECT_EQ(read_all(), 2u);
  EXPECT_TRUE(verifies());
}

}  // namespace
}  // namespace pgconsent::audit
