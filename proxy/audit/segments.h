// The files of an audit directory (README): `audit.jsonl` is written to, `segment-00000001.jsonl` was, and
// `segment-00000001.jsonl.zst` is sealed and compressed. Numbers begin at 1 and never come again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
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

// One segment after the other while a proxy writes: the current file becomes a segment, and a segment a
// compressed one. The directory is listed again only where what was listed does not do.
class SegmentWalk {
 public:
  explicit SegmentWalk(std::filesystem::path directory) : directory_(std::move(directory)) {}
  // The first segment after `number`, as it is called now; null: there is none, or error().
  const SegmentFile* after(std::uint64_t number);
  // Was what after() gave the last one?
  bool is_last() const { return is_last_; }
  const std::string& error() const { return list_.error; }  // of the last list

 private:
  std::filesystem::path directory_;
  SegmentList list_;
  bool is_last_ = false;
};

// Is there no such name any more? A link that leads nowhere is there.
bool is_gone(const std::filesystem::path& file);

// Is the file that was the current segment with this number not it any more?
bool is_rotated(const std::filesystem::path& directory, std::uint64_t number);

}  // namespace pgconsent::audit
