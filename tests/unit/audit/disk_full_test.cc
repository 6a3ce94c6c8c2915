// A file that can't grow, by RLIMIT_FSIZE in a child process: the same short writes and errors as a full
// disk.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

void limit_file_size(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

// Returns the number of the first step that went wrong, 0 when all was right.
int fill_the_disk(Log& log) {
  log.append(sample());
  if (!log.flush() || !log.healthy()) return 1;
  limit_file_size(1000);  // the third record is cut in the middle
  std::uint64_t second = log.append(sample());
  std::uint64_t third = log.append(sample());
  if (log.flush() || log.healthy() || log.written(third)) return 2;
  std::uint64_t fourth = log.append(sample());
  if (log.flush() || log.healthy() || log.written(fourth)) return 3;
  const auto stuck = log.statistics();
  if (stuck.records != 4 || stuck.pending_records != 3 || stuck.lag.count() == 0) return 6;
  limit_file_size(RLIM_INFINITY);
  if (!log.flush() || !log.healthy()) return 4;
  if (!log.written(second) || !log.written(third) || !log.written(fourth)) return 5;
  return 0;
}

TEST_F(AuditTest, LosesNothingWhenTheDiskIsFull) {
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto opened = Log::open(options);
    int failed = opened.log ? fill_the_disk(*opened.log) : 99;
    opened.log.reset();
    ::_exit(failed);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(lines().size(), 4u);
  EXPECT_TRUE(chain_is_right());
}

// A crash in the middle of a short write: the next start cuts the torn line.
TEST_F(AuditTest, RecoversFromACrashOnAFullDisk) {
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto opened = Log::open(options);
    opened.log->append(sample());
    opened.log->append(sample());
    limit_file_size(600);
    opened.log->flush();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(bytes().size(), 600u);
  { auto log = open(); }
  EXPECT_EQ(lines().size(), 2u);
  EXPECT_TRUE(chain_is_right());
}

}  // namespace
}  // namespace pgconsent::audit
