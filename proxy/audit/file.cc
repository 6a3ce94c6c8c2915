#include "proxy/audit/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "proxy/audit/segments.h"

namespace pgconsent::audit {

namespace {

constexpr int append_flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW;

std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

std::filesystem::path next_path(const std::filesystem::path& directory) {
  return directory / (std::string(current_name) + ".new");
}

}  // namespace

File::~File() {
  for (int fd : {next_, fd_, lock_}) {
    if (fd >= 0) ::close(fd);
  }
}

std::string File::open(const std::filesystem::path& directory) {
  directory_ = directory;
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) {
    if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return because("can't create the audit directory " + directory.string());
    }
  }
  lock_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) return because("can't open the audit directory " + directory.string());
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return "another pgconsent is writing to the audit directory " + directory.string();
    return because("can't lock the audit directory " + directory.string());
  }
  std::filesystem::remove(next_path(directory), error);  // of a crash before it was needed
  const std::filesystem::path file = directory / current_name;
  fd_ = ::open(file.c_str(), append_flags, 0600);
  if (fd_ < 0) return because("can't open the audit file " + file.string());
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return file.string() + " is not a regular file";
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (::fsync(lock_) != 0) return because("can't sync the audit directory " + directory.string());
  return {};
}

std::string read_file_end(int fd, std::optional<std::string>& last_line, std::string& torn) {
  off_t position = ::lseek(fd, 0, SEEK_END);
  if (position < 0) return because("can't read the audit file");
  // Backwards until two newlines were seen: the one that ends the last complete line and the one before it.
  std::string tail;
  constexpr off_t step = 64 << 10;
  while (position > 0 && std::count(tail.begin(), tail.end(), '\n') < 2) {
    off_t begin = std::max<off_t>(0, position - step);
    std::string chunk(static_cast<std::size_t>(position - begin), '\0');
    ssize_t n = ::pread(fd, chunk.data(), chunk.size(), begin);
    if (n != static_cast<ssize_t>(chunk.size())) return because("can't read the audit file");
    tail.insert(0, chunk);
    position = begin;
  }
  std::size_t end = tail.rfind('\n');
  torn = end == std::string::npos ? tail : tail.substr(end + 1);
  last_line.reset();
  if (end == std::string::npos) return {};
  std::size_t before = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
  last_line = tail.substr(before == std::string::npos ? 0 : before + 1, end - (before + 1));
  return {};
}

std::string File::read_end(std::optional<std::string>& last_line, std::string& torn) const {
  return read_file_end(fd_, last_line, torn);
}

bool File::cut(std::uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return false;
  size_ = size;
  return true;
}

std::int64_t File::write(std::string_view bytes) {
  for (;;) {
    ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n > 0) size_ += static_cast<std::uint64_t>(n);
    if (n >= 0 || errno != EINTR) return n;
  }
}

bool File::sync() {
  return ::fdatasync(fd_) == 0;
}

bool File::prepare_next() {
  if (next_ < 0) next_ = ::open(next_path(directory_).c_str(), append_flags | O_TRUNC, 0600);
  return next_ >= 0;
}

// After a crash in between there is no current file: opening makes one.
bool File::rotate(std::uint64_t number) {
  const std::filesystem::path current = directory_ / current_name;
  if (!renamed_ && ::rename(current.c_str(), (directory_ / segment_name(number)).c_str()) != 0) return false;
  renamed_ = true;
  if (::rename(next_path(directory_).c_str(), current.c_str()) != 0) return false;
  if (::fsync(lock_) != 0) return false;
  renamed_ = false;
  ::close(fd_);
  fd_ = next_;
  next_ = -1;
  size_ = 0;
  return true;
}

}  // namespace pgconsent::audit
