#include "proxy/audit/subject_digest.h"

namespace pgconsent::audit {

void SubjectDigest::add(const SubjectEntry& entry, std::uint64_t at) {
  scratch_.clear();
  append_entry(scratch_, entry);
  bytes_ = at + scratch_.size();
  add_erased(entry, at);
  const bool blinded = !entry.blinding.empty();
  const bool personal = entry.is_subject() || entry.type == SubjectEntry::Type::erased;
  if (personal && !blinded) {
    ++uncovered_;
    return;
  }
  const std::string leaf =
      entry.type == SubjectEntry::Type::erased ? std::string(entry.blinding) : leaf_of(entry);
  hasher_.digest({{reinterpret_cast<const char*>(value_.data()), value_.size()}, leaf}, value_);
}

void SubjectDigest::add_erased(const SubjectEntry& entry, std::uint64_t at) {
  if (entry.type == SubjectEntry::Type::erased) erased_.push_back(at);
}

std::string SubjectDigest::erased_hex() {
  std::string places;
  for (const std::uint64_t at : erased_) places.append(std::to_string(at)).push_back(' ');
  Digest digest{};
  hasher_.digest({places}, digest);
  return to_hex(digest);
}

LogLine SubjectDigest::line() {
  LogLine line;
  line.kind = LogLine::Kind::subjects;
  line.bytes = bytes_;
  line.digest = hex();
  line.erased = erased_.size();
  line.erased_digest = erased_hex();
  return line;
}

}  // namespace pgconsent::audit
