#include "proxy/audit/verify_subjects.h"

#include "proxy/audit/subject_digest.h"
#include "proxy/audit/subject_file.h"

namespace pgconsent::audit {

namespace {

constexpr const char* file_name = "subjects";

std::string digest_of(const std::vector<std::uint64_t>& erased) {
  SubjectDigest digest;
  for (const std::uint64_t at : erased) digest.add_erased(SubjectEntry{}, at);
  return digest.erased_hex();
}

}  // namespace

void SubjectsCheck::finding(VerifyResult& result, std::string what, std::uint64_t id) {
  result.findings.push_back({0, 0, id, file_name, std::move(what)});
}

std::string SubjectsCheck::read_erased(std::vector<std::uint64_t>& places, std::uint64_t& not_noticed) const {
  SubjectFile file;
  if (std::string error = file.open(directory_, SubjectFile::Use::read); !error.empty()) return error;
  not_noticed = file.erasures() - file.noticed();
  return file.read_places([&](const SubjectEntry& entry, std::uint64_t at) {
    if (entry.type == SubjectEntry::Type::erased) places.push_back(at);
  });
}

void SubjectsCheck::begin(const std::filesystem::path& directory) {
  directory_ = directory;
  read_erased(erased_before_, not_noticed_);  // finish() says what is wrong
}

void SubjectsCheck::line(const LogLine& line, std::uint64_t id, VerifyResult& result) {
  if (last_id_ != 0 && line.bytes < last_.bytes)
    finding(result, "holds less than the log said before: entries were taken away", id);
  if (last_id_ != 0 && line.erased < last_.erased)
    finding(result, "has fewer erased entries than the log said before: some were put back", id);
  const auto [known, is_new] = said_.try_emplace(line.bytes, Said{line.digest, id});
  if (!is_new && known->second.digest != line.digest)
    finding(result, "has other entries than the log said before", id);
  last_ = line;
  last_id_ = id;
}

void SubjectsCheck::finish(bool must_be_there, VerifyResult& result) {
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(directory_ / file_name, ignored);
  if (last_id_ == 0) {
    if (is_there) result.notes.push_back("no line of the log says what the subject directory must hold");
    return;
  }
  if (!is_there) {
    const std::string what = "the subject directory is not there: nobody can be told from the numbers";
    return must_be_there ? finding(result, what, 0) : result.notes.push_back(what);
  }
  check_entries(result);
}

void SubjectsCheck::check_entries(VerifyResult& result) {
  SubjectFile file;
  SubjectDigest digest;
  std::vector<bool> given;
  std::uint64_t twice = 0, wrong_id = 0, wrong_at = 0;
  auto next = said_.begin();
  std::string error = file.open(directory_, SubjectFile::Use::read);
  if (error.empty()) {
    error = file.read_places([&](const SubjectEntry& entry, std::uint64_t at) {
      digest.add(entry, at);
      for (; next != said_.end() && next->first <= digest.bytes(); ++next) {
        const bool fits = next->first == digest.bytes() && next->second.digest == digest.hex();
        if (fits || wrong_id != 0) continue;
        wrong_id = next->second.id;
        wrong_at = next->first;
      }
      if (!entry.is_subject()) return;
      if (entry.number >= given.size()) given.resize(entry.number + std::size_t{65536});
      if (given[entry.number] && twice == 0) twice = entry.number;
      given[entry.number] = true;
    });
  }
  if (!error.empty()) return finding(result, std::move(error), 0);
  erased_after_ = digest.erased();
  if (wrong_id != 0)
    finding(result,
            "was changed: up to byte " + std::to_string(wrong_at) +
                " its entries are not those that the log says",
            wrong_id);
  if (next != said_.end())
    finding(result,
            "was cut: it ends at byte " + std::to_string(digest.bytes()) + ", the log says " +
                std::to_string(said_.rbegin()->first),
            said_.rbegin()->second.id);
  if (twice != 0) finding(result, "number " + std::to_string(twice) + " stands for two subjects", 0);
  if (digest.uncovered() > 0)
    result.notes.push_back(std::to_string(digest.uncovered()) +
                           " entries of the subject directory were written or erased by an older version: "
                           "nothing vouches for them");
  check_erased(result);
}

void SubjectsCheck::check_erased(VerifyResult& result) const {
  if (not_noticed_ > 0)
    result.notes.push_back(
        std::to_string(not_noticed_) +
        " erasures in the subject directory are not in the log yet: a proxy that runs, or the "
        "next one, records them");
  const bool moves = erased_before_ != erased_after_;
  if (moves || digest_of(erased_after_) == last_.erased_digest) return;
  if (not_noticed_ > 0 && erased_after_.size() >= last_.erased) return;
  finding(result,
          std::to_string(erased_after_.size()) + " of its entries are erased, the log says " +
              std::to_string(last_.erased) + ", or others",
          last_id_);
}

}  // namespace pgconsent::audit
