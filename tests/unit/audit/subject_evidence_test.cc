// The subject directory is vouched for by the chain: nobody gives a number of the log to another person
// unseen.
#include <thread>

#include "proxy/audit/subjects.h"
#include "proxy/audit/verify.h"
#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

class SubjectEvidenceTest : public AuditTest {
 protected:
  void run(std::int64_t first, std::int64_t last) {
    auto log = open();
    auto opened = SubjectDirectory::open(options, *log);
    ASSERT_EQ(opened.error, "");
    for (std::int64_t key = first; key <= last; ++key) {
      ASSERT_NE(opened.directory->number(opened.directory->kind("customer"),
                                         {SubjectKey::Type::integer, 1000 + key, {}}),
                0u);
      opened.directory->settle();
    }
  }
  std::size_t erase(const std::string& key) const {
    SubjectFile file;
    EXPECT_EQ(file.open(directory, SubjectFile::Use::change), "");
    std::size_t erased = 0;
    EXPECT_EQ(file.erase([&](const SubjectEntry& e) { return text_of(e.subject()) == key; }, erased), "");
    return erased;
  }
  std::filesystem::path subjects() const { return directory / "subjects"; }
  std::string subject_bytes() const {
    std::ifstream in(subjects(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& bytes) const { std::ofstream(subjects(), std::ios::binary) << bytes; }
  // Where the entry with this key lies.
  static std::size_t place(const std::string& bytes, std::int64_t key) {
    const std::string coded(reinterpret_cast<const char*>(&key), sizeof key);
    return bytes.find(coded) - 12;
  }
  VerifyResult verified() const {
    VerifyOptions wanted;
    wanted.directory = directory;
    wanted.needs_subjects = true;
    return verify(wanted);
  }
  std::string findings() const {
    const VerifyResult result = verified();
    std::string out = result.error;
    for (const Finding& each : result.findings) out += each.file + ": " + each.what + "\n";
    return out;
  }
  bool finds(const std::string& what) const { return findings().find(what) != std::string::npos; }
};

constexpr std::size_t entry_bytes = 12 + 8 + 12;

TEST_F(SubjectEvidenceTest, EveryFlipIsFound) {
  run(1, 5);
  EXPECT_EQ(findings(), "");
  const std::string good = subject_bytes();
  for (std::size_t at = 64; at < good.size(); ++at) {
    for (const int bit : {1, 0x20, 0x80}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ bit);
      put(bad);
      EXPECT_NE(findings(), "") << "byte " << at << " bit " << bit;
    }
  }
  put(good);
  EXPECT_EQ(findings(), "");
}

TEST_F(SubjectEvidenceTest, AnotherPersonUnderTheNumberIsFoundAlsoLater) {
  run(1, 5);
  std::string bytes = subject_bytes();
  const std::size_t one = place(bytes, 1003), other = place(bytes, 1005);
  std::string_view first = std::string_view(bytes).substr(one),
                   second = std::string_view(bytes).substr(other);
  SubjectEntry a = *take_entry(first), b = *take_entry(second);
  std::swap(a.key, b.key);
  std::string forged;
  append_entry(forged, a);
  append_entry(forged, b);
  bytes.replace(one, entry_bytes, forged.substr(0, entry_bytes));
  bytes.replace(other, entry_bytes, forged.substr(entry_bytes));
  put(bytes);
  EXPECT_TRUE(finds("subjects: was changed: up to byte")) << findings();
  run(6, 7);
  EXPECT_TRUE(finds("subjects: was changed: up to byte")) << findings();
}

TEST_F(SubjectEvidenceTest, WhatIsTakenAwayOrAddedIsFound) {
  run(1, 5);
  const std::string good = subject_bytes();
  put(good.substr(0, good.size() - entry_bytes));
  EXPECT_NE(findings(), "");
  std::string header = good;
  const std::uint64_t synced = 64;
  header.replace(16, 8, reinterpret_cast<const char*>(&synced), 8);
  put(header.substr(0, good.size() - entry_bytes));
  EXPECT_TRUE(finds("was cut")) << findings();
  std::string_view entry = std::string_view(good).substr(place(good, 1003));
  SubjectEntry forged = *take_entry(entry);
  const std::string key(8, 'x');
  forged.key = key;
  std::string added = good;
  append_entry(added, forged);
  put(added);
  EXPECT_TRUE(finds("stands for two subjects")) << findings();
  put("junk");
  EXPECT_TRUE(finds("not a subject directory")) << findings();
  std::filesystem::remove(subjects());
  EXPECT_TRUE(finds("is not there")) << findings();
}

TEST_F(SubjectEvidenceTest, ErasureLeavesTheRestVouchedFor) {
  run(1, 5);
  const std::string before = subject_bytes();
  ASSERT_EQ(erase("1003"), 1u);
  EXPECT_EQ(findings(), "");
  ASSERT_EQ(verified().notes.size(), 1u);
  EXPECT_NE(verified().notes[0].find("1 erasures"), std::string::npos) << verified().notes[0];
  run(6, 6);  // takes note
  EXPECT_EQ(findings(), "");
  EXPECT_TRUE(verified().notes.empty());
  // Put back from a copy.
  std::string bytes = subject_bytes();
  const std::size_t at = place(before, 1003);
  bytes.replace(at, entry_bytes, before, at, entry_bytes);
  put(bytes);
  EXPECT_TRUE(finds("of its entries are erased, the log says 1")) << findings();
  run(7, 7);
  EXPECT_TRUE(finds("fewer erased entries than the log said before")) << findings();
}

// By writing over it, not as `pgconsent subject forget` does.
TEST_F(SubjectEvidenceTest, AnErasureThatNobodyNotedIsFound) {
  run(1, 5);
  std::string bytes = subject_bytes();
  const std::size_t at = place(bytes, 1003);
  std::string_view rest = std::string_view(bytes).substr(at);
  const std::string leaf = leaf_of(*take_entry(rest)), key(8, '\0');
  std::string erased;
  append_entry(erased, {SubjectEntry::Type::erased, 0, 0, key, leaf});
  bytes.replace(at, entry_bytes, erased);
  put(bytes);
  EXPECT_TRUE(finds("1 of its entries are erased, the log says 0")) << findings();
}

TEST_F(SubjectEvidenceTest, AnErasureWhileAProxyRunsAndACrash) {
  {
    auto log = open();
    auto opened = SubjectDirectory::open(options, *log);
    for (std::int64_t key = 1001; key < 1006; ++key)
      opened.directory->number(opened.directory->kind("customer"), {SubjectKey::Type::integer, key, {}});
    opened.directory->settle();
    ASSERT_EQ(erase("1002"), 1u);
    SubjectFile file;
    ASSERT_EQ(file.open(directory, SubjectFile::Use::read), "");
    for (int i = 0; i < 500 && file.noticed() != file.erasures(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(findings(), "");
    EXPECT_TRUE(verified().notes.empty());
  }
  // Noted in the header, half written.
  std::string bytes = subject_bytes();
  const std::uint64_t at = place(bytes, 1004);
  std::string_view rest = std::string_view(bytes).substr(at);
  const std::string leaf = leaf_of(*take_entry(rest));
  const std::uint32_t length = entry_bytes;
  bytes.replace(40, 8, reinterpret_cast<const char*>(&at), 8);
  bytes.replace(48, 4, reinterpret_cast<const char*>(&length), 4);
  bytes.replace(52, 12, leaf);
  bytes.replace(at + 12, 5, 5, '\0');
  put(bytes);
  EXPECT_EQ(findings(), "");
  run(6, 6);
  EXPECT_EQ(findings(), "");
}

TEST_F(SubjectEvidenceTest, WhatAnOlderVersionWroteStays) {
  run(1, 1);
  const std::string bytes = subject_bytes();
  std::string older = bytes.substr(0, 64), scratch;
  append_entry(older, {SubjectEntry::Type::kind, 0, 0, "customer"});
  append_entry(older, {SubjectEntry::Type::reserved, 0, 65536, {}});
  for (std::uint32_t number : {11, 12, 13})
    append_entry(older, entry_of(0, {SubjectKey::Type::integer, 1000 + number, {}}, number, scratch));
  std::filesystem::remove(file());
  std::filesystem::remove(directory / "checkpoints.jsonl");
  const std::uint64_t synced = older.size();
  older.replace(16, 8, reinterpret_cast<const char*>(&synced), 8);
  put(older);
  run(21, 22);
  EXPECT_EQ(findings(), "");
  ASSERT_EQ(verified().notes.size(), 1u);
  EXPECT_NE(verified().notes[0].find("3 entries"), std::string::npos);
  ASSERT_EQ(erase("1012"), 1u);
  ASSERT_EQ(erase("1021"), 1u);
  run(23, 23);
  EXPECT_EQ(findings(), "");
}

}  // namespace
}  // namespace pgconsent::audit
