// The subject directory: numbers that stay, that go when a subject is erased, and that survive crashes.
#include "proxy/audit/subjects.h"

#include <roaring/roaring.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "proxy/audit/number_set.h"
#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

SubjectKey integer(std::int64_t value) {
  return {SubjectKey::Type::integer, value, {}};
}
SubjectKey text(std::string_view bytes) {
  return {SubjectKey::Type::text, 0, bytes};
}

class SubjectsTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    log = open();
    reopen();
  }
  void TearDown() override {
    directory_.reset();
    log.reset();
    AuditTest::TearDown();
  }
  void reopen() {
    directory_.reset();
    auto opened = SubjectDirectory::open(options, *log);
    ASSERT_TRUE(opened.directory) << opened.error;
    directory_ = std::move(opened.directory);
  }
  std::filesystem::path subjects_file() const { return directory / "subjects"; }
  std::string file_bytes() const {
    std::ifstream in(subjects_file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> outcomes() const {
    std::vector<std::string> found = lines();
    std::erase_if(found, [](const std::string& line) { return line.find("\"outcome_of\"") == line.npos; });
    return found;
  }
  // As `pgconsent subject forget` does it, in another process.
  std::size_t erase(std::string_view key) {
    SubjectFile file;
    EXPECT_EQ(file.open(directory, SubjectFile::Use::change), "");
    std::size_t erased = 0;
    EXPECT_EQ(file.erase([&](const SubjectEntry& e) { return text_of(e.subject()) == key; }, erased), "");
    return erased;
  }
  void until_noticed() {
    SubjectFile file;
    ASSERT_EQ(file.open(directory, SubjectFile::Use::change), "");
    for (int i = 0; i < 500 && file.noticed() != file.erasures(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(file.noticed(), file.erasures());
  }

  std::unique_ptr<Log> log;
  std::unique_ptr<SubjectDirectory> directory_;
};

TEST_F(SubjectsTest, NumbersStay) {
  const int customer = directory_->kind("customer"), employee = directory_->kind("employee");
  EXPECT_NE(customer, employee);
  EXPECT_EQ(directory_->kind("customer"), customer);
  const SubjectKey keys[] = {
      integer(0),       integer(42),       integer(-1), integer(INT64_MAX),
      integer(1 << 26), text("ann@x.com"), text("42 "), {SubjectKey::Type::uuid, 0, "0123456789abcdef"}};
  std::set<std::uint32_t> seen;
  std::vector<std::uint32_t> numbers;
  for (int kind : {customer, employee}) {
    for (const SubjectKey& key : keys) {
      numbers.push_back(directory_->number(kind, key));
      EXPECT_NE(numbers.back(), 0u);
      EXPECT_TRUE(seen.insert(numbers.back()).second);
      EXPECT_EQ(directory_->number(kind, key), numbers.back());
    }
  }
  EXPECT_EQ(directory_->size(), numbers.size());
  for (int times = 0; times < 2; ++times) {
    reopen();
    std::size_t i = 0;
    for (int kind : {customer, employee}) {
      for (const SubjectKey& key : keys) EXPECT_EQ(directory_->number(kind, key), numbers[i++]);
    }
  }
  EXPECT_FALSE(seen.contains(directory_->number(customer, integer(43)))) << "a number was given twice";
}

TEST_F(SubjectsTest, AnErasedSubjectLeavesNothingAndGetsAnotherNumber) {
  const int kind = directory_->kind("customer");
  const std::uint32_t ann = directory_->number(kind, text("ann@example.org"));
  const std::uint32_t bob = directory_->number(kind, text("bob@example.org"));
  const std::uint32_t small = directory_->number(kind, integer(77));
  directory_->settle();
  ASSERT_NE(file_bytes().find("ann@example.org"), std::string::npos);
  const auto size = file_bytes().size();

  EXPECT_EQ(erase("ann@example.org"), 1u);
  EXPECT_EQ(erase("77"), 1u);
  EXPECT_EQ(erase("77"), 0u);
  EXPECT_EQ(file_bytes().find("ann@example.org"), std::string::npos);
  EXPECT_EQ(file_bytes().size(), size);
  const std::string bytes(reinterpret_cast<const char*>(&ann), sizeof ann);
  EXPECT_EQ(file_bytes().find(bytes), std::string::npos) << "the number is still there";
  until_noticed();
  const std::uint32_t again = directory_->number(kind, text("ann@example.org"));
  EXPECT_NE(again, ann);
  EXPECT_NE(directory_->number(kind, integer(77)), small);
  EXPECT_EQ(directory_->number(kind, text("bob@example.org")), bob);
  reopen();
  EXPECT_EQ(directory_->number(kind, text("ann@example.org")), again);
  EXPECT_EQ(directory_->number(kind, text("bob@example.org")), bob);
}

TEST_F(SubjectsTest, AnErasureThatACrashInterruptedIsFinished) {
  const int kind = directory_->kind("customer");
  directory_->number(kind, text("ann@example.org"));
  directory_->number(kind, text("bob@example.org"));
  directory_.reset();
  std::string bytes = file_bytes();
  const std::uint64_t at = bytes.find("ann@example.org") - 12;
  std::string_view entry = std::string_view(bytes).substr(at);
  const std::string leaf = leaf_of(*take_entry(entry));
  const std::uint32_t length = 12 + 15 + 12;
  bytes.replace(40, 8, reinterpret_cast<const char*>(&at), 8);
  bytes.replace(48, 4, reinterpret_cast<const char*>(&length), 4);
  bytes.replace(52, 12, leaf);
  bytes.replace(at + 12, 7, 7, '\0');  // half of it was written
  std::ofstream(subjects_file(), std::ios::binary) << bytes;
  reopen();
  EXPECT_EQ(file_bytes().find("example.org", at), file_bytes().find("bob@example.org") + 4);
  EXPECT_EQ(file_bytes().find(leaf), at + 12 + 15);
}

TEST_F(SubjectsTest, WhatIsTornAtTheEndIsCutOff) {
  const int kind = directory_->kind("customer");
  const std::uint32_t ann = directory_->number(kind, text("ann@example.org"));
  directory_.reset();
  const std::string good = file_bytes();
  std::string entry, scratch;
  append_entry(entry, entry_of(0, text("bob@example.org"), 9, scratch));
  for (std::size_t cut = 1; cut < entry.size(); ++cut) {
    std::ofstream(subjects_file(), std::ios::binary) << good << entry.substr(0, cut);
    reopen();
    EXPECT_EQ(directory_->number(kind, text("ann@example.org")), ann);
    directory_.reset();
    EXPECT_EQ(file_bytes(), good);
  }
  std::ofstream(subjects_file(), std::ios::binary) << good << std::string(5000, '\0');
  reopen();
  EXPECT_EQ(file_bytes(), good);
}

TEST_F(SubjectsTest, DamageIsSaid) {
  directory_->number(directory_->kind("customer"), text("ann@example.org"));
  directory_->settle();
  directory_->number(0, text("bob@example.org"));
  directory_.reset();
  std::string bytes = file_bytes();
  bytes[bytes.find("ann@")] ^= 1;
  std::ofstream(subjects_file(), std::ios::binary) << bytes;
  auto opened = SubjectDirectory::open(options, *log);
  EXPECT_FALSE(opened.directory);
  EXPECT_NE(opened.error.find("is damaged at byte"), std::string::npos) << opened.error;
  EXPECT_EQ(file_bytes(), bytes);
  std::ofstream(subjects_file(), std::ios::binary)
      << "something else that is longer than a header, and not a directory";
  EXPECT_NE(SubjectDirectory::open(options, *log).error.find("not a subject directory"), std::string::npos);
}

TEST_F(SubjectsTest, IsForOneProxy) {
  EXPECT_NE(SubjectDirectory::open(options, *log).error.find("another pgconsent"), std::string::npos);
  SubjectFile other;
  ASSERT_EQ(other.open(directory, SubjectFile::Use::change), "");
  EXPECT_TRUE(other.has_owner());
  directory_.reset();
  EXPECT_FALSE(other.has_owner());
}

TEST_F(SubjectsTest, AnOutcomeWaitsForItsNumbers) {
  const int kind = directory_->kind("customer");
  const auto disclosed = [&](std::int64_t key) {
    NumberSet set;
    set.add(directory_->number(kind, integer(key)));
    std::string bitmap;
    set.serialize(bitmap);
    const Outcome::Subjects subjects[] = {{"customer", bitmap}};
    Outcome outcome;
    outcome.outcome_of = static_cast<std::uint64_t>(key);
    std::string sqlstate = "57014";
    outcome.sqlstate = sqlstate;
    outcome.subjects_known = true;
    outcome.subjects = subjects;
    directory_->append(outcome);
  };
  for (std::int64_t key = 1; key <= 20; ++key) disclosed(key);
  directory_->settle();
  disclosed(3);  // known and durable: at once
  log->flush();
  std::vector<std::int64_t> of;
  for (const std::string& line : outcomes()) {
    const auto outcome = nlohmann::json::parse(line);
    of.push_back(outcome["outcome_of"]);
    EXPECT_EQ(outcome["sqlstate"], "57014");
    EXPECT_EQ(outcome["subjects"]["customer"].get<std::string>().size(), 24u);
  }
  ASSERT_EQ(of.size(), 21u);
  EXPECT_EQ(of.back(), 3);
}

// Outcomes wait for one another, but not for long: nobody has to ask for them.
TEST_F(SubjectsTest, WhatWaitsIsGatheredAndThenWritten) {
  const int kind = directory_->kind("customer");
  const Outcome::Subjects subjects[] = {{"customer", "abc"}};
  constexpr std::size_t count = 100;
  for (std::int64_t key = 1; key <= std::int64_t{count}; ++key) {
    ASSERT_NE(directory_->number(kind, integer(key)), 0u);
    Outcome outcome;
    outcome.subjects_known = true;
    outcome.subjects = subjects;
    directory_->append(outcome);
  }
  for (int i = 0; i < 500 && outcomes().size() < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    log->flush();
  }
  EXPECT_EQ(outcomes().size(), std::uint64_t{count});
  for (const std::string& line : outcomes())
    EXPECT_NE(line.find("\"subjects\":{\"customer\""), std::string::npos);
}

// Killed at any moment: a number in the log is in the directory, and none has two meanings.
TEST_F(SubjectsTest, SurvivesKills) {
  directory_.reset();
  log.reset();
  std::map<std::uint32_t, std::int64_t> meaning;
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto opened_log = Log::open(options);
      auto opened = SubjectDirectory::open(options, *opened_log.log);
      if (!opened.directory) ::_exit(9);
      const int kind = opened.directory->kind("customer");
      for (std::int64_t key = round * 1000;; ++key) {
        NumberSet set;
        set.add(opened.directory->number(kind, integer(key * 7919)));
        std::string bitmap;
        set.serialize(bitmap);
        const Outcome::Subjects subjects[] = {{"customer", bitmap}};
        Outcome outcome;
        outcome.outcome_of = static_cast<std::uint64_t>(key * 7919);
        outcome.subjects_known = true;
        outcome.subjects = subjects;
        opened.directory->append(outcome);
        opened_log.log->flush();
      }
    }
    ::usleep(20'000 + random() % 150'000);
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    SubjectFile file;
    ASSERT_EQ(file.open(directory, SubjectFile::Use::own), "");
    file.read([&](const SubjectEntry& entry) {
      if (!entry.is_subject()) return;
      const auto [at, fresh] = meaning.try_emplace(entry.number, entry.subject().integer);
      EXPECT_EQ(at->second, entry.subject().integer) << "number " << entry.number << " has two meanings";
    });
  }
  ASSERT_GT(meaning.size(), 30u);
  log = open();  // cuts a torn line
  for (const std::string& line : outcomes()) {
    const auto outcome = nlohmann::json::parse(line);
    if (!outcome.contains("subjects")) continue;
    std::string bytes;  // 24 characters of base64, the number in the last four bytes' lower halves
    const std::string coded = outcome["subjects"]["customer"];
    std::uint32_t bits = 0;
    int have = 0;
    for (char c : coded) {
      if (c == '=') break;
      const auto at =
          std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
      bits = bits << 6 | static_cast<std::uint32_t>(at);
      if ((have += 6) >= 8) bytes.push_back(static_cast<char>(bits >> (have -= 8) & 0xff));
    }
    roaring_bitmap_t* set = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
    ASSERT_NE(set, nullptr);
    const std::uint32_t number = roaring_bitmap_minimum(set);
    roaring_bitmap_free(set);
    ASSERT_TRUE(meaning.contains(number)) << "in the log, but not in the directory: " << number;
    EXPECT_EQ(meaning[number], outcome["outcome_of"].get<std::int64_t>());
  }
}

TEST_F(SubjectsTest, AFullDiskLosesSubjectsButSaysSo) {
  directory_.reset();
  log.reset();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto opened_log = Log::open(options);
    auto opened = SubjectDirectory::open(options, *opened_log.log);
    const int kind = opened.directory->kind("customer");
    const auto disclosed = [&](std::int64_t key) {
      const std::uint32_t number = opened.directory->number(kind, integer(key));
      const Outcome::Subjects subjects[] = {{"customer", "abc"}};
      Outcome outcome;
      outcome.outcome_of = static_cast<std::uint64_t>(key);
      outcome.subjects_known = true;
      outcome.subjects = subjects;
      if (number != 0) opened.directory->append(outcome);
      return number;
    };
    disclosed(1);
    opened.directory->settle();
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t all = limit.rlim_cur;
    limit.rlim_cur = std::filesystem::file_size(directory / "subjects") + 5;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    disclosed(2);
    opened.directory->settle();
    if (disclosed(3) != 0) ::_exit(3);  // none is given while the file can't be written
    limit.rlim_cur = all;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::uint32_t fourth = 0;
    for (int i = 0; i < 100 && fourth == 0; ++i) {
      ::usleep(50'000);
      fourth = disclosed(4);
    }
    if (fourth == 0) ::_exit(4);
    opened.directory.reset();
    opened_log.log->flush();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  std::map<int, nlohmann::json> found;
  for (const std::string& line : outcomes()) {
    const auto outcome = nlohmann::json::parse(line);
    found[outcome["outcome_of"]] = outcome;
  }
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[1].contains("subjects"));
  EXPECT_FALSE(found[2].contains("subjects"));
  EXPECT_EQ(found[2]["subjects_unknown"][0], "customer");
  EXPECT_TRUE(found[4].contains("subjects"));
}

TEST_F(SubjectsTest, ManyThreadsAgree) {
  const int kind = directory_->kind("customer");
  constexpr int threads = 4, keys = 3000;
  std::vector<std::vector<std::uint32_t>> numbers(threads);
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      for (int i = 0; i < keys; ++i) {
        const std::string mail = "user" + std::to_string(i) + "@example.org";
        numbers[t].push_back(directory_->number(kind, i % 2 == 0 ? integer(i) : text(mail)));
      }
    });
  }
  for (auto& worker : workers) worker.join();
  for (int t = 1; t < threads; ++t) EXPECT_EQ(numbers[t], numbers[0]);
  EXPECT_EQ(std::set<std::uint32_t>(numbers[0].begin(), numbers[0].end()).size(),
            static_cast<std::size_t>(keys));
}

TEST(NumberSet, IsWhatCRoaringReads) {
  std::mt19937 random(1);
  for (const std::size_t count : {0u, 1u, 2u, 1000u, 1024u, 1025u, 5000u, 200'000u}) {
    for (const std::uint32_t range : {1'000u, 300'000u, 20'000'000u}) {
      NumberSet set;
      std::set<std::uint32_t> wanted;
      for (std::size_t i = 0; i < count; ++i) {
        const auto number = static_cast<std::uint32_t>(random() % range);
        set.add(number);
        wanted.insert(number);
      }
      std::string bytes;
      set.serialize(bytes);
      roaring_bitmap_t* read = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
      ASSERT_NE(read, nullptr);
      EXPECT_EQ(roaring_bitmap_portable_size_in_bytes(read), bytes.size());
      std::vector<std::uint32_t> got(roaring_bitmap_get_cardinality(read));
      roaring_bitmap_to_uint32_array(read, got.data());
      roaring_bitmap_free(read);
      EXPECT_EQ(got, std::vector<std::uint32_t>(wanted.begin(), wanted.end())) << count << " of " << range;
      EXPECT_EQ(set.empty(), count == 0);
    }
  }
}

TEST(SubjectKey, IsTheSameInTextAndBinary) {
  std::string a, b;
  using Type = SubjectKey::Type;
  EXPECT_EQ(key_of_text("-5", a), key_of_binary(23, "\xff\xff\xff\xfb", b));
  EXPECT_EQ(key_of_text("258", a), key_of_binary(21, std::string_view("\1\2", 2), b));
  EXPECT_EQ(key_of_text("9223372036854775807", a), key_of_binary(20, "\x7f\xff\xff\xff\xff\xff\xff\xff", b));
  EXPECT_EQ(key_of_text("30313233-3435-3637-3839-616263646566", a),
            key_of_binary(2950, "0123456789abcdef", b));
  EXPECT_EQ(key_of_text("ann", a), key_of_binary(25, "ann", b));
  EXPECT_EQ(key_of_text("007", a)->type, Type::text);
  EXPECT_EQ(key_of_text("-0", a)->type, Type::text);
  EXPECT_EQ(key_of_text("9223372036854775808", a)->type, Type::text);
  EXPECT_EQ(key_of_text("0", a)->type, Type::integer);
  EXPECT_FALSE(key_of_text("", a));
  EXPECT_FALSE(key_of_text(std::string(1025, 'x'), a));
  EXPECT_FALSE(key_of_binary(1700, "abc", a));
  EXPECT_FALSE(key_of_binary(23, "abc", a));
  for (std::string_view text : {"0", "-17", "30313233-3435-3637-3839-616263646566", "ann", "007"})
    EXPECT_EQ(text_of(*key_of_text(text, a)), text);
}

}  // namespace
}  // namespace pgconsent::audit
