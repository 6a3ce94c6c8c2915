// Who the subject numbers of the log stand for: the subject directory (proxy/audit/subject_file.h), read
// whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace pgconsent::audit_database {

class SubjectNames {
 public:
  // An error text, empty when fine.
  std::string load(const std::filesystem::path& directory);

  // Empty: erased, or never given.
  std::string name(const std::string& kind, std::uint32_t number) const;
  // Empty: nothing was ever recorded about this person, or it was erased.
  std::vector<std::uint32_t> numbers(const std::string& kind, const std::string& key) const;
  bool has_kind(const std::string& kind) const { return kinds_.find(kind) != kinds_.end(); }
  std::string kinds() const;  // for messages

 private:
  std::map<std::string, std::unordered_map<std::uint32_t, std::string>> kinds_;
};

}  // namespace pgconsent::audit_database
