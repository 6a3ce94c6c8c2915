// The files of an audit directory (README): `audit.jsonl` is written to, `segment-00000001.jsonl` was, and
// `segment-00000001.jsonl.zst` is sealed and compressed. Numbers begin at 1 and never come again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pgconsent::audit {

inline constexpr std::string_view current_name = "audit.jsonl";
inline constexpr std::uint64_t format_version = 1;

struct SegmentFile {
  enum class Form { current, plain, compressed };
  std::uint64_t number = 0;
  Form form = Form::plain;
  std::filesystem::path path;
};

// segment-00000001.jsonl
std::string segment_name(std::uint64_t number);

struct SegmentList {
  std::vector<SegmentFile> files;  // by number; the current one, if it exists, is the last
  std::string error;               // not empty: the directory can't be read
};
// Of a segment that is there twice (a crash while it was sealed) the compressed file. Never throws.
SegmentList list_segments(const std::filesystem::path& directory);

// Is there no such name any more? A link that leads nowhere is there.
bool is_gone(const std::filesystem::path& file);

// Is the file that was the current segment with this number not it any more?
bool is_rotated(const std::filesystem::path& directory, std::uint64_t number);

}  // namespace pgconsent::audit
