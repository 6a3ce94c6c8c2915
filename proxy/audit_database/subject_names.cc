#include "proxy/audit_database/subject_names.h"

#include "proxy/audit/subject_file.h"

namespace pgconsent::audit_database {

std::string SubjectNames::load(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory / "subjects", ignored))
    return "there is no subject directory in " + directory.string();
  audit::SubjectFile file;
  if (std::string error = file.open(directory, audit::SubjectFile::Use::change); !error.empty()) return error;
  std::map<std::uint8_t, std::string> names;
  return file.read([&](const audit::SubjectEntry& entry) {
    if (entry.type == audit::SubjectEntry::Type::kind) {
      names[entry.kind] = std::string(entry.key);
      kinds_[names[entry.kind]];
    } else if (entry.is_subject()) {
      kinds_[names[entry.kind]][entry.number] = audit::text_of(entry.subject());
    }
  });
}

std::string SubjectNames::name(const std::string& kind, std::uint32_t number) const {
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) return {};
  const auto entry = found->second.find(number);
  return entry == found->second.end() ? std::string() : entry->second;
}

// The key as the server prints it: a uuid in upper case is the same.
std::vector<std::uint32_t> SubjectNames::numbers(const std::string& kind, const std::string& key) const {
  std::string wanted = key;
  std::string scratch;
  if (const auto parsed = audit::key_of_text(key, scratch)) wanted = audit::text_of(*parsed);
  std::vector<std::uint32_t> out;
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) return out;
  for (const auto& [number, name] : found->second) {
    if (name == wanted) out.push_back(number);
  }
  return out;
}

std::string SubjectNames::kinds() const {
  std::string out;
  for (const auto& [kind, numbers] : kinds_) out.append(out.empty() ? "" : ", ").append(kind);
  return out;
}

}  // namespace pgconsent::audit_database
