// A file that is written whole and then put in place. Private to proxy/audit.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pgconsent::audit {

class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Created anew (0600). Each: false with error() set.
  bool create(const std::filesystem::path& path);
  bool write(std::string_view bytes);
  bool finish();  // on disk, closed
  const std::string& error() const { return error_; }

 private:
  bool fail();
  int fd_ = -1;
  std::string path_, error_;
};

// An error text, empty when fine.
std::string sync_directory(const std::filesystem::path& directory);
std::string rename_synced(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace pgconsent::audit
