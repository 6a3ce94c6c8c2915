// Holds a whole log against its hashes, its chain, its seals and its checkpoints, and the subject directory
// against the chain, and says what does not fit
// and where. Reads only; works while a proxy writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pgconsent::audit {

struct VerifyOptions {
  std::filesystem::path directory;
  std::vector<std::filesystem::path> checkpoint_directories;  // besides `directory`
  std::filesystem::path key;    // public or private PEM; empty: signatures are not checked
  bool needs_subjects = false;  // false: a copy of the log may come without its subject directory
};

struct Finding {
  std::uint64_t segment = 0, line = 0, id = 0;  // 0: of no segment, line or record
  std::string file;                             // name in the directory
  std::string what;                             // one line
};

struct VerifyResult {
  std::string error;  // not empty: nothing could be verified
  std::vector<Finding> findings;
  std::vector<std::string> notes;  // nothing wrong, but good to know
  std::uint64_t segments = 0, removed_segments = 0, lines = 0, records = 0;
  std::uint64_t first_id = 0, last_id = 0;
  std::string last_hash;
  std::uint64_t checkpoints = 0, signed_checkpoints = 0;  // that fit
  std::uint64_t last_checkpoint = 0;                      // id; what comes after is held by the chain alone
};
VerifyResult verify(const VerifyOptions& options);

}  // namespace pgconsent::audit
