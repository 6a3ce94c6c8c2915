#include "proxy/audit/verify.h"

#include <unistd.h>

#include "proxy/audit/chain.h"
#include "proxy/audit/reader.h"
#include "proxy/audit/seal.h"
#include "proxy/audit/signing.h"
#include "tests/unit/audit/audit_files.h"

namespace pgconsent::audit {
namespace {

class VerifyTest : public AuditTest {
 protected:
  VerifyTest() { std::filesystem::create_directory(elsewhere()); }
  std::filesystem::path elsewhere() const { return root / "elsewhere"; }
  std::filesystem::path key() const { return root / "audit.key"; }
  void use_key() {
    std::string public_half;
    ASSERT_EQ(generate_key(key(), public_half), "");
    std::ofstream(root / "audit.pub") << public_half;
    options.signing_key = key();
  }
  void write(int records) {
    auto log = open();
    ASSERT_TRUE(log);
    for (int i = 0; i < records; ++i) {
      log->append(sample());
      log->flush();
    }
  }
  // Four records per segment or so; returns when all but the current one are sealed.
  void write_segments(int records) {
    options.segment_bytes = 2000;
    auto log = open();
    ASSERT_TRUE(log);
    for (int i = 0; i < records; ++i) {
      log->append(sample());
      log->flush();
    }
    for (int i = 0; i < 2000 && !all_sealed(); ++i) ::usleep(5000);
    EXPECT_EQ(log->problem(), "");
    EXPECT_TRUE(all_sealed());
  }
  bool all_sealed() const {
    const auto files = list_segments(directory).files;
    bool all = true;
    for (const auto& file : files) all &= file.form == SegmentFile::Form::current || is_sealed(file);
    return all;
  }
  VerifyResult run(bool with_key = false) {
    VerifyOptions wanted;
    wanted.directory = directory;
    wanted.checkpoint_directories = {elsewhere()};
    if (with_key) wanted.key = root / "audit.pub";
    return verify(wanted);
  }
  std::string findings(bool with_key = false) {
    const VerifyResult result = run(with_key);
    std::string out = result.error;
    for (const Finding& each : result.findings) {
      out += std::to_string(each.segment) + ":" + std::to_string(each.line) + " id " +
             std::to_string(each.id) + ": " + each.what + "\n";
    }
    return out;
  }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void overwrite(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  void put(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& line : all) text += line + "\n";
    overwrite(file(), text);
  }
  void every_flip_is_found(const std::filesystem::path& path, bool with_key);
};

TEST_F(VerifyTest, FindsNothingInARightLog) {
  use_key();
  write(5);
  EXPECT_EQ(findings(), "");
  EXPECT_EQ(findings(true), "");
  const VerifyResult result = run(true);
  EXPECT_EQ(result.lines, 5u);
  EXPECT_EQ(result.records, 5u);
  EXPECT_EQ(result.last_id, 5u);
  EXPECT_EQ(result.last_checkpoint, 5u) << "the log is closed with a checkpoint";
  EXPECT_EQ(run(true).signed_checkpoints, result.checkpoints);
}

TEST_F(VerifyTest, SaysWhichLineIsWrong) {
  write(5);
  std::filesystem::remove(directory / "checkpoints.jsonl");
  const auto good = lines();
  auto bad = good;
  bad[2].replace(bad[2].find("crm_app"), 7, "crm_bpp");
  put(bad);
  EXPECT_EQ(findings(), "1:3 id 3: was changed: its hash is not that of its text\n");
  bad = good;
  bad.erase(bad.begin() + 1, bad.begin() + 3);
  put(bad);
  EXPECT_EQ(findings(), "1:2 id 4: ids 2 to 3 are missing before it\n");
  bad = good;
  std::swap(bad[1], bad[2]);
  put(bad);
  EXPECT_EQ(
      findings(),
      "1:2 id 3: id 2 is missing before it\n1:3 id 2: is out of order: it comes after id 3\n"
      "1:4 id 4: does not go on from the line before, which was replaced, or lines between them are gone\n");
  bad = good;
  bad.insert(bad.begin() + 3, good[1]);
  put(bad);
  EXPECT_NE(findings().find("1:4 id 2: is out of order"), std::string::npos) << findings();
  bad = good;
  bad[3] = "{}";
  put(bad);
  EXPECT_EQ(findings(), "1:4 id 0: is not a line of an audit log\n1:5 id 5: id 4 is missing before it\n");
  bad = good;
  bad.erase(bad.begin());
  put(bad);
  EXPECT_NE(findings().find("id 1 is missing, and no line says that they were removed"), std::string::npos)
      << findings();
  put(good);
  EXPECT_EQ(findings(), "");
}

TEST_F(VerifyTest, FindsALineThatWasReplacedWithARightHash) {
  write(3);
  auto all = lines();
  std::string body = all[1].substr(0, all[1].size() - hash_field_size) + "}";
  body.replace(body.find("crm_app"), 7, "nobody!");
  Hasher hasher;
  HexHash hash;
  ASSERT_TRUE(hasher.hash(body, hash));
  append_hash(body, hash);
  all[1] = body.substr(0, body.size() - 1);
  put(all);
  EXPECT_NE(findings().find("1:3 id 3: does not go on from the line before"), std::string::npos)
      << findings();
}

TEST_F(VerifyTest, FindsACutByACheckpointElsewhere) {
  options.checkpoint_directory = elsewhere();
  write(5);
  auto all = lines();
  all.resize(3);
  put(all);
  std::filesystem::remove(directory / "checkpoints.jsonl");
  EXPECT_NE(findings().find("the log was cut: it ends at id 3, but there is the checkpoint of"),
            std::string::npos)
      << findings();
}

TEST_F(VerifyTest, FindsALogThatWasWrittenAnew) {
  use_key();
  options.checkpoint_directory = elsewhere();
  write(5);
  std::filesystem::remove_all(directory);
  options.signing_key.clear();
  options.checkpoint_directory.clear();
  write(5);
  EXPECT_NE(findings().find("differs from the checkpoint of"), std::string::npos) << findings();
  EXPECT_NE(findings(true).find("is not signed by the key"), std::string::npos);
  std::filesystem::remove(elsewhere() / "checkpoints.jsonl");
  std::filesystem::remove(directory / "checkpoints.jsonl");
  EXPECT_NE(findings(true).find("no checkpoint of this log is signed by the key"), std::string::npos);
}

TEST_F(VerifyTest, GoesThroughSealedSegments) {
  use_key();
  write_segments(20);
  EXPECT_EQ(findings(true), "");
  const VerifyResult result = run(true);
  EXPECT_GE(result.segments, 4u);
  EXPECT_EQ(result.records, 20u);
  EXPECT_GE(result.signed_checkpoints, 3u);
  Reader reader(directory);
  ReadLine line;
  std::uint64_t last = 0;
  while (reader.next(line)) EXPECT_EQ(line.id, ++last);
  EXPECT_EQ(last, result.last_id);
  EXPECT_FALSE(reader.is_partial());
  Reader later(directory, last - 1);
  ASSERT_TRUE(later.next(line));
  EXPECT_EQ(line.id, last - 1);
}

TEST_F(VerifyTest, LeavesSegmentsPlainIfAskedTo) {
  options.compress = false;
  write_segments(12);
  EXPECT_TRUE(std::filesystem::exists(directory / segment_name(1)));
  EXPECT_EQ(findings(), "");
  const std::string good = read(directory / "segment-00000001.seal");
  overwrite(directory / "segment-00000001.seal", good.substr(0, good.size() - 1));
  EXPECT_NE(findings().find("its seal can't be read"), std::string::npos) << findings();
}

TEST_F(VerifyTest, FindsAMissingOrExchangedSegment) {
  write_segments(20);
  const auto first = directory / (segment_name(1) + ".zst"), second = directory / (segment_name(2) + ".zst");
  std::filesystem::rename(second, root / "taken");
  EXPECT_NE(findings().find("are missing before it"), std::string::npos) << findings();
  std::filesystem::create_symlink(root / "nowhere", second);
  EXPECT_NE(findings().find("No such file"), std::string::npos) << findings();
  std::filesystem::remove(second);
  std::filesystem::copy(first, second);
  EXPECT_NE(findings().find("its seal is that of segment 1"), std::string::npos) << findings();
  std::filesystem::rename(root / "taken", second);
  EXPECT_EQ(findings(), "");
  std::filesystem::remove(first);
  EXPECT_NE(findings().find("no line says that they were removed on purpose"), std::string::npos)
      << findings();
}

TEST_F(VerifyTest, KnowsWhatRetentionRemoved) {
  use_key();
  write_segments(12);
  options.segment_bytes = std::size_t{1} << 20;
  options.retention = std::chrono::milliseconds(1);
  {
    auto log = open();
    const auto first = directory / (segment_name(1) + ".zst");
    for (int i = 0; i < 2000 && std::filesystem::exists(first); ++i) ::usleep(5000);
    EXPECT_FALSE(std::filesystem::exists(first));
  }
  EXPECT_EQ(findings(true), "");
  EXPECT_GE(run(true).removed_segments, 1u);
  // Somebody without the key can write such a line, too, but not sign it.
  std::string text = bytes();
  const auto at = text.rfind("\"signature\":\"");
  ASSERT_NE(at, std::string::npos);
  text[at + 20] = text[at + 20] == 'A' ? 'B' : 'A';
  overwrite(file(), text);
  EXPECT_NE(findings(true).find("was removed, without a signature by the key"), std::string::npos);
}

TEST_F(VerifyTest, KeepsWhatIsStillToBeShipped) {
  write_segments(12);
  options.segment_bytes = std::size_t{1} << 20;
  options.retention = std::chrono::milliseconds(1);
  options.hold_removal = true;
  const auto first = directory / (segment_name(1) + ".zst"), second = directory / (segment_name(2) + ".zst");
  auto log = open();
  ::usleep(50'000);
  EXPECT_TRUE(std::filesystem::exists(first)) << "nobody has said what was shipped";
  log->keep_from(read_seal({2, SegmentFile::Form::compressed, second}).seal->first);
  for (int i = 0; i < 2000 && std::filesystem::exists(first); ++i) ::usleep(5000);
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(second));
}

void VerifyTest::every_flip_is_found(const std::filesystem::path& path, bool with_key) {
  const std::string good = read(path);
  ASSERT_EQ(findings(with_key), "");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    overwrite(path, bad);
    ASSERT_NE(findings(with_key), "") << path << ": bit " << bit % 8 << " of byte " << bit / 8;
  }
  overwrite(path, good);
}

TEST_F(VerifyTest, FindsEveryFlippedBit) {
  write(2);
  every_flip_is_found(file(), false);
}

TEST_F(VerifyTest, FindsEveryFlippedBitOfSignedCheckpoints) {
  use_key();
  write(1);
  every_flip_is_found(directory / "checkpoints.jsonl", true);
}

TEST_F(VerifyTest, FindsEveryFlippedBitOfASealedSegment) {
  write_segments(6);
  every_flip_is_found(directory / (segment_name(1) + ".zst"), false);
}

TEST_F(VerifyTest, SaysWhatItCanNotVerify) {
  EXPECT_NE(findings().find("can't read the audit directory"), std::string::npos);
  std::filesystem::create_directory(directory);
  EXPECT_NE(findings().find("there is no audit log in"), std::string::npos);
  write(1);
  EXPECT_NE(findings(true).find("can't read the key"), std::string::npos);
  std::ofstream(root / "audit.pub") << "no key";
  EXPECT_NE(findings(true).find("is not an Ed25519 key"), std::string::npos);
}

}  // namespace
}  // namespace pgconsent::audit
