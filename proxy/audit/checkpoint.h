// Checkpoints: what the log was at a moment, one JSON object per line in `checkpoints.jsonl`, signed where
// there is a key. A copy kept elsewhere shows that a log was cut or written anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/signing.h"

namespace pgconsent::audit {

inline constexpr std::string_view checkpoints_name = "checkpoints.jsonl";

struct Checkpoint {
  std::string time;
  std::uint64_t segment = 0, id = 0;  // of a line
  std::string hash;                   // of that line
  std::string merkle;  // not empty: the line is the last of the segment, which was sealed with this root
  std::string key, signature;  // empty: not signed
};

// The line without newline. `key` empty: not signed. Empty when signing failed.
std::string checkpoint_line(const Checkpoint& checkpoint, const Key& key);
// Nothing when the text is not a checkpoint, byte for byte as checkpoint_line() writes it.
std::optional<Checkpoint> parse_checkpoint(std::string_view line);
bool is_signed_by(const Checkpoint& checkpoint, const Key& key);

// What a `removed` line (log_line.h) of this content is signed over.
std::string removal_text(std::uint64_t segment, std::uint64_t first, std::uint64_t last,
                         std::string_view last_hash, std::string_view merkle, std::string_view reason);

// Appends to the directory's file and has it on disk. An error text, empty when fine.
std::string append_checkpoint(const std::filesystem::path& directory, const std::string& line);

struct CheckpointList {
  std::vector<Checkpoint> checkpoints;  // in the order of the file
  std::vector<std::string> problems;
};
// No file: no checkpoints.
CheckpointList read_checkpoints(const std::filesystem::path& directory);

}  // namespace pgconsent::audit
