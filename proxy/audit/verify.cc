#include "proxy/audit/verify.h"

#include <set>

#include "proxy/audit/verifier.h"

namespace pgconsent::audit {

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
  SegmentWalk walk(options.directory);
  std::uint64_t number = 0;
  while (const SegmentFile* file = walk.after(number)) {
    const Verifier::Then then = verifier.check(*file, walk.is_last());
    if (then == Verifier::Then::stop) break;
    if (then == Verifier::Then::next) number = file->number;
  }
  const SegmentList now = list_segments(options.directory);
  if (!now.files.empty() && now.files.back().form != SegmentFile::Form::current)
    result.notes.push_back("there is no segment that is written to: were there one, it is gone");
  verifier.finish();
  verifier.subjects().finish(options.needs_subjects, result);
  return result;
}

}  // namespace pgconsent::audit
