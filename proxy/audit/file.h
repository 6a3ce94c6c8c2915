// The file that the log is written to: the directory's lock, the current segment, and its successor. Private
// to proxy/audit. Used under one mutex.
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

  // Creates directory (0700) and file (0600), takes the directory's lock. An error text, empty when fine.
  std::string open(const std::filesystem::path& directory);
  // Splits the end of the current segment: the last complete line, if any, and the torn bytes behind it. An
  // error text, empty when fine.
  std::string read_end(std::optional<std::string>& last_line, std::string& torn) const;
  std::uint64_t size() const { return size_; }
  // Cuts what is behind `size`.
  bool cut(std::uint64_t size);
  // One write(2). The number of bytes that went out, or -1 with errno.
  std::int64_t write(std::string_view bytes);
  // fdatasync(2)
  bool sync();

  // The next segment's file is made beforehand, so that little can go wrong when it is needed.
  bool prepare_next();
  bool has_next() const { return next_ >= 0; }
  // The current file gets the segment's name, the prepared one becomes current. When it fails it can be
  // called again. REQUIRES: has_next()
  bool rotate(std::uint64_t number);

 private:
  std::filesystem::path directory_;
  int lock_ = -1, fd_ = -1, next_ = -1;
  bool renamed_ = false;  // rotate() got so far
  std::uint64_t size_ = 0;
};

// The last complete line of a file and what is behind it.
std::string read_file_end(int fd, std::optional<std::string>& last_line, std::string& torn);

}  // namespace pgconsent::audit
