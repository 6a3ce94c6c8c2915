#include "proxy/audit/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace pgconsent::audit {

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool OutputFile::fail() {
  error_ = "can't write " + path_ + ": " + std::strerror(errno);
  return false;
}

bool OutputFile::create(const std::filesystem::path& path) {
  path_ = path.string();
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  return fd_ >= 0 || fail();
}

bool OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail();
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool OutputFile::finish() {
  if (::fsync(fd_) != 0) return fail();
  const int fd = fd_;
  fd_ = -1;
  return ::close(fd) == 0 || fail();
}

std::string sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return done ? std::string() : "can't sync the directory " + directory.string() + ": " + why;
}

std::string rename_synced(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return "can't rename " + from.string() + ": " + std::strerror(errno);
  return sync_directory(to.parent_path());
}

}  // namespace pgconsent::audit
