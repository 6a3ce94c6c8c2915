// The file behind the audit log: opened once, locked, only ever appended to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pgconsent::audit {

class File {
 public:
  File() = default;
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Creates directory (0700) and file (0600), takes the lock. An error text, empty when fine.
  std::string open(const std::filesystem::path& directory);
  // Splits the end of the file: the last complete line, if any, and the torn bytes behind it. An error text,
  // empty when fine.
  std::string read_end(std::optional<std::string>& last_line, std::string& torn);
  // Cuts `bytes` off the end.
  bool cut(std::size_t bytes);
  // One write(2). The number of bytes that went out, or -1 with errno.
  std::int64_t write(std::string_view bytes);

 private:
  int fd_ = -1;
};

}  // namespace pgconsent::audit
