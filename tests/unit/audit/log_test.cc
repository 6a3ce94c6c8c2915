#include "proxy/audit/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

using nlohmann::json;

TEST_F(AuditTest, WritesOnFlushAndChains) {
  auto log = open();
  ASSERT_TRUE(log);
  std::uint64_t first = log->append(sample()), second = log->append(sample());
  EXPECT_FALSE(log->written(first));
  EXPECT_EQ(bytes(), "");
  ASSERT_TRUE(log->flush());
  EXPECT_TRUE(log->written(first) && log->written(second));
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(json::parse(lines()[0])["prev"], std::string(64, '0'));
  EXPECT_EQ(json::parse(lines()[1])["prev"], json::parse(lines()[0])["hash"]);
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, CountsForWhoeverWatches) {
  { open()->append(sample()); }  // of an earlier process: in the chain, not in the count
  auto log = open();
  EXPECT_EQ(log->statistics().records, 0u);
  EXPECT_EQ(log->statistics().lag.count(), 0);
  log->append(sample());
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  log->append(sample());
  const auto pending = log->statistics();
  EXPECT_EQ(pending.records, 2u);
  EXPECT_EQ(pending.pending_records, 2u);
  EXPECT_GE(pending.lag, std::chrono::milliseconds(5));
  const auto before = bytes().size();
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(pending.pending_bytes, bytes().size() - before);
  const auto done = log->statistics();
  EXPECT_EQ(done.records, 2u);
  EXPECT_EQ(done.pending_records + done.pending_bytes + done.lost, 0u);
  EXPECT_EQ(done.lag.count(), 0);
}

TEST_F(AuditTest, IsPrivate) {
  auto log = open();
  struct stat status {};
  ASSERT_EQ(::stat(directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(AuditTest, GoesOnWithTheChainAfterARestart) {
  open()->append(sample());
  open()->append(sample());
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(json::parse(lines()[1])["id"], 2);
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, VerificationNoticesAChangedByteAndAMissingLine) {
  {
    auto log = open();
    for (int i = 0; i < 3; ++i) log->append(sample());
  }
  std::string good = bytes();
  std::string changed = good;
  changed[changed.find("crm_app")] = 'x';
  std::ofstream(file()) << changed;
  EXPECT_FALSE(chain_is_right());
  auto all = std::vector<std::string>{};
  std::ofstream(file()) << good;
  all = lines();
  std::ofstream(file()) << all[0] << '\n' << all[2] << '\n';
  EXPECT_FALSE(chain_is_right());
  std::ofstream(file()) << good;
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, CutsATornLastLineAndSaysSo) {
  open()->append(sample());
  std::ofstream(file(), std::ios::app) << R"({"time":"2026-11-23T)";
  { auto log = open(); }
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(json::parse(lines()[1])["reason"], "a torn last line of 20 bytes was cut off");
  EXPECT_EQ(json::parse(lines()[1])["decision"], "failed");
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, CutsAFileThatHoldsOnlyATornLine) {
  std::filesystem::create_directory(directory);
  std::ofstream(file()) << "{";
  { auto log = open(); }
  EXPECT_EQ(lines().size(), 1u);
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, RefusesAFileThatIsNotItsOwn) {
  open()->append(sample());
  std::string good = bytes();
  for (std::string bad :
       {std::string("hello\n"), good + "\n", good + "{}\n", std::string(good).replace(20, 1, "9")}) {
    std::ofstream(file(), std::ios::trunc) << bad;
    auto [log, error] = Log::open(options);
    EXPECT_FALSE(log) << bad;
    EXPECT_NE(error.find("not a record"), std::string::npos) << error;
    EXPECT_EQ(bytes(), bad) << "the file was changed";
  }
}

TEST_F(AuditTest, IsLockedAgainstASecondProxy) {
  auto first = open();
  auto [second, error] = Log::open(options);
  EXPECT_FALSE(second);
  EXPECT_NE(error.find("another pgconsent"), std::string::npos) << error;
}

TEST_F(AuditTest, SaysWhyADirectoryCannotBeUsed) {
  std::ofstream(directory) << "a file";
  auto [log, error] = Log::open(options);
  EXPECT_FALSE(log);
  EXPECT_NE(error.find("can't open the audit directory"), std::string::npos) << error;
}

TEST_F(AuditTest, ReadsALastLineLongerThanItsReadStep) {
  std::string statement(200'000, 'x');
  std::vector<std::string> tables(3000, std::string(100, 't'));
  Record record = sample();
  record.tables = &tables;
  open()->append(record);
  open()->append(record);
  EXPECT_EQ(lines().size(), 2u);
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, KeepsTheChainWithManyWriters) {
  constexpr int threads = 4, records = 500;
  {
    auto log = open();
    std::vector<std::thread> writers;
    for (int t = 0; t < threads; ++t) {
      writers.emplace_back([&] {
        for (int i = 0; i < records; ++i) {
          std::uint64_t sequence = log->append(sample());
          if (i % 3 != 0) continue;
          EXPECT_TRUE(log->flush());
          EXPECT_TRUE(log->written(sequence));
        }
      });
    }
    for (auto& writer : writers) writer.join();
  }
  ASSERT_EQ(lines().size(), static_cast<std::size_t>(threads * records));
  EXPECT_EQ(json::parse(lines().back())["id"], threads * records);
  EXPECT_TRUE(chain_is_right());
}

TEST_F(AuditTest, AppendIsFast) {
  auto log = open();
  constexpr int records = 20'000;
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < records; ++i) {
    log->append(sample());
    if (i % 100 == 0) log->flush();
  }
  auto took =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("ns_per_record", std::to_string(took / records));
  std::printf("%ld ns per record\n", static_cast<long>(took / records));
  EXPECT_LT(took / records, 100'000);  // only a guard against something quadratic: builds may be unoptimised
}

}  // namespace
}  // namespace pgconsent::audit
