#include "proxy/audit/segments.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <system_error>

#include "proxy/audit/log_line.h"
#include "proxy/audit/segment_input.h"

namespace pgconsent::audit {

namespace {

constexpr std::string_view prefix = "segment-", plain_suffix = ".jsonl", compressed_suffix = ".jsonl.zst";

// Nothing for a file that is not a segment, or whose name is not the one that its number has.
bool parse_name(const std::string& name, SegmentFile& out) {
  if (!name.starts_with(prefix)) return false;
  std::string_view rest = std::string_view(name).substr(prefix.size());
  if (rest.ends_with(compressed_suffix)) {
    out.form = SegmentFile::Form::compressed;
  } else if (rest.ends_with(plain_suffix)) {
    out.form = SegmentFile::Form::plain;
  } else {
    return false;
  }
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out.number);
  return error == std::errc{} && out.number > 0 && name.starts_with(segment_name(out.number));
}

// As the first line says; 0 when it says nothing. The segments before may have been removed.
std::uint64_t number_inside(const SegmentFile& file) {
  SegmentInput input;
  std::string_view text;
  if (!input.open(file) || input.next(text) != SegmentInput::Status::line) return 0;
  const auto line = parse_line(text);
  const auto log_line = line ? parse_log_line(*line) : std::nullopt;
  return log_line && log_line->kind == LogLine::Kind::segment ? log_line->segment : 0;
}

}  // namespace

std::string segment_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  constexpr std::size_t width = 8;
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return std::string(prefix) + digits + std::string(plain_suffix);
}

namespace {

// As one pass over the directory sees it.
SegmentList list_once(const std::filesystem::path& directory) {
  SegmentList list;
  std::map<std::uint64_t, SegmentFile> found;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error), end;
  bool current = false;
  for (; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    SegmentFile file;
    current |= name == current_name;
    if (!parse_name(name, file)) continue;
    file.path = entry->path();
    SegmentFile& known = found[file.number];
    if (known.number == 0 || file.form == SegmentFile::Form::compressed) known = file;
  }
  if (error) {
    list.error = "can't read the audit directory " + directory.string() + ": " + error.message();
    return list;
  }
  for (auto& [number, file] : found) list.files.push_back(std::move(file));
  if (current) {
    const std::uint64_t last = list.files.empty() ? 0 : list.files.back().number;
    list.files.push_back({last + 1, SegmentFile::Form::current, directory / current_name});
    list.files.back().number = std::max(last + 1, number_inside(list.files.back()));
  }
  return list;
}

// The file that was current when the pass began may have been renamed before it came by.
bool misses_one(const SegmentList& list) {
  if (list.files.empty() || list.files.back().form != SegmentFile::Form::current) return false;
  const std::size_t count = list.files.size();
  return list.files.back().number > (count == 1 ? 1 : list.files[count - 2].number + 1);
}

}  // namespace

SegmentList list_segments(const std::filesystem::path& directory) {
  constexpr int max_passes = 5;  // after which a segment is really missing, or was removed
  SegmentList list = list_once(directory);
  for (int pass = 1; pass < max_passes && misses_one(list); ++pass) list = list_once(directory);
  return list;
}

const SegmentFile* SegmentWalk::after(std::uint64_t number) {
  constexpr int max_lists = 100;  // of files that are renamed between the list and the look
  for (int lists = 0; lists < max_lists; ++lists) {
    const bool is_new = lists > 0;
    const auto next =
        std::upper_bound(list_.files.begin(), list_.files.end(), number,
                         [](std::uint64_t value, const SegmentFile& file) { return value < file.number; });
    if (next != list_.files.end()) {
      is_last_ = next + 1 == list_.files.end();
      const bool is_sure = next->form != SegmentFile::Form::current && next->number == number + 1;
      if ((is_new || is_sure) && !is_gone(next->path)) return &*next;
    } else if (is_new) {
      return nullptr;
    }
    list_ = list_segments(directory_);
  }
  return nullptr;
}

bool is_gone(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::symlink_status(file, error).type() == std::filesystem::file_type::not_found;
}

bool is_rotated(const std::filesystem::path& directory, std::uint64_t number) {
  std::error_code error;
  const std::filesystem::path plain = directory / segment_name(number);
  return std::filesystem::exists(plain, error) || std::filesystem::exists(plain.string() + ".zst", error);
}

}  // namespace pgconsent::audit
