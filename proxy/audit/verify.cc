#include "proxy/audit/verify.h"

#include <algorithm>
#include <set>

#include "proxy/audit/verifier.h"

namespace pgconsent::audit {

namespace {

constexpr int max_rounds = 100;  // of a live log's files being renamed while they are listed

// The next segment after `number`, as it is called now; number 0: there is none. While a proxy writes, the
// current file becomes a segment, and a segment a compressed one.
SegmentFile next_segment(const std::filesystem::path& directory, std::uint64_t number, bool& is_last) {
  for (int round = 0; round < max_rounds; ++round) {
    const SegmentList list = list_segments(directory);
    const auto next = std::find_if(list.files.begin(), list.files.end(),
                                   [&](const SegmentFile& each) { return each.number > number; });
    if (next == list.files.end()) return {};
    is_last = next + 1 == list.files.end();
    if (!is_gone(next->path)) return *next;
  }
  return {};
}

}  // namespace

VerifyResult verify(const VerifyOptions& options) {
  VerifyResult result;
  const SegmentList list = list_segments(options.directory);
  result.error = list.error;
  if (result.error.empty() && list.files.empty())
    result.error = "there is no audit log in " + options.directory.string();
  Verifier verifier(result);
  if (result.error.empty() && !options.key.empty()) result.error = verifier.load_key(options.key);
  if (!result.error.empty()) return result;
  std::set<std::filesystem::path> seen;
  std::vector<std::filesystem::path> directories = options.checkpoint_directories;
  directories.insert(directories.begin(), options.directory);
  for (const auto& directory : directories) {  // before the log, which may grow
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) {
      result.error = directory.string() + " is not a directory";
      return result;
    }
    if (seen.insert(std::filesystem::weakly_canonical(directory, error)).second)
      verifier.load_checkpoints(directory);
  }
  verifier.subjects().begin(options.directory);
  bool is_last = false;
  std::uint64_t number = 0;
  for (;;) {
    const SegmentFile file = next_segment(options.directory, number, is_last);
    if (file.number == 0) break;
    const Verifier::Then then = verifier.check(file, is_last);
    if (then == Verifier::Then::stop) break;
    if (then == Verifier::Then::next) number = file.number;
  }
  const SegmentList now = list_segments(options.directory);
  if (!now.files.empty() && now.files.back().form != SegmentFile::Form::current)
    result.notes.push_back("there is no segment that is written to: were there one, it is gone");
  verifier.finish();
  verifier.subjects().finish(options.needs_subjects, result);
  return result;
}

}  // namespace pgconsent::audit
