#include "proxy/audit/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pgconsent::audit {

namespace {
std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}
}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

std::string File::open(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory, error)) {
    if (directory.has_parent_path()) std::filesystem::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return because("can't create the audit directory " + directory.string());
    }
  }
  std::filesystem::path file = directory / "audit.jsonl";
  fd_ = ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return because("can't open the audit file " + file.string());
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return file.string() + " is not a regular file";
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return "another pgconsent is writing the audit file " + file.string();
    return because("can't lock the audit file " + file.string());
  }
  return {};
}

std::string File::read_end(std::optional<std::string>& last_line, std::string& torn) {
  off_t position = ::lseek(fd_, 0, SEEK_END);
  if (position < 0) return because("can't read the audit file");
  // Backwards until two newlines were seen: the one that ends the last complete line and the one before it.
  std::string tail;
  constexpr off_t step = 64 << 10;
  while (position > 0 && std::count(tail.begin(), tail.end(), '\n') < 2) {
    off_t begin = std::max<off_t>(0, position - step);
    std::string chunk(static_cast<std::size_t>(position - begin), '\0');
    ssize_t n = ::pread(fd_, chunk.data(), chunk.size(), begin);
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

bool File::cut(std::size_t bytes) {
  off_t size = ::lseek(fd_, 0, SEEK_END);
  return size >= static_cast<off_t>(bytes) && ::ftruncate(fd_, size - static_cast<off_t>(bytes)) == 0;
}

std::int64_t File::write(std::string_view bytes) {
  for (;;) {
    ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n >= 0 || errno != EINTR) return n;
  }
}

}  // namespace pgconsent::audit
