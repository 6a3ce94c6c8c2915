#include "proxy/audit/subject_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pgconsent::audit {

namespace {

constexpr std::string_view magic = "pgconsent subj 1";
constexpr std::size_t read_step = std::size_t{1} << 20;
constexpr std::size_t entry_head = 12;
constexpr std::size_t largest_entry = entry_head + 0xffff + blinding_bytes;

bool lock_byte(int fd, off_t byte, int type, bool wait) {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  int result = 0;
  do {
    result = ::fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

bool write_all(int fd, std::string_view bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
  return true;
}

}  // namespace

// As it lies in the file.
struct SubjectFile::Header {
  char magic[16];
  std::uint64_t synced, erasures, noticed;
  std::uint64_t erase_at;  // an erasure under way
  std::uint32_t erase_bytes;
  char erase_leaf[blinding_bytes];  // zeros: an older version's entry
};

namespace {

bool is_older(std::string_view leaf) {
  return leaf.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

// Of byte 1, for a scope.
class SubjectFile::ChangeLock {
 public:
  explicit ChangeLock(int fd, int type = F_WRLCK) : fd_(fd), held_(lock_byte(fd, 1, type, true)) {}
  ~ChangeLock() {
    if (held_) lock_byte(fd_, 1, F_UNLCK, false);
  }
  ChangeLock(const ChangeLock&) = delete;
  ChangeLock& operator=(const ChangeLock&) = delete;
  explicit operator bool() const { return held_; }

 private:
  int fd_;
  bool held_;
};

SubjectFile::~SubjectFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::string SubjectFile::open(const std::filesystem::path& directory, Use use) {
  static_assert(sizeof(Header) == 64);
  name_ = (directory / "subjects").string();
  use_ = use;
  const int how = use == Use::own ? O_RDWR | O_CREAT : use == Use::read ? O_RDONLY : O_RDWR;
  fd_ = ::open(name_.c_str(), how | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return "can't open the subject directory " + name_ + ": " + std::strerror(errno);
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return name_ + " is not a regular file";
  if (use == Use::own && !lock_byte(fd_, 0, F_WRLCK, false))
    return "another pgconsent has the subject directory " + name_;
  ChangeLock lock(fd_, use == Use::read ? F_RDLCK : F_WRLCK);
  if (!lock) return "can't lock the subject directory " + name_ + ": " + std::strerror(errno);
  return prepare(use);
}

std::string SubjectFile::prepare(Use use) {
  struct stat status {};
  Header header{};
  if (::fstat(fd_, &status) == 0 && status.st_size < static_cast<off_t>(sizeof header) && use == Use::own) {
    std::memcpy(header.magic, magic.data(), magic.size());
    header.synced = sizeof header;
    if (!write_header(header) || ::fsync(fd_) != 0)
      return "can't write the subject directory " + name_ + ": " + std::strerror(errno);
  }
  if (!read_header(header)) return name_ + " is not a subject directory that this version can read";
  if (header.erase_bytes != 0 && use != Use::read && !finish_erasure())
    return "can't finish an erasure in the subject directory " + name_ + ": " + std::strerror(errno);
  if (use != Use::own) return {};
  std::string wrong = scan(
      sizeof header, [](const SubjectEntry&, std::uint64_t) { return true; }, end_);
  if (!wrong.empty()) return wrong;
  if (end_ < header.synced) return damaged(end_);
  if (::ftruncate(fd_, static_cast<off_t>(end_)) != 0)
    return "can't cut what is torn off the subject directory " + name_ + ": " + std::strerror(errno);
  return {};
}

bool SubjectFile::read_header(Header& header) const {
  return ::pread(fd_, &header, sizeof header, 0) == static_cast<ssize_t>(sizeof header) &&
         std::string_view(header.magic, sizeof header.magic) == magic;
}

bool SubjectFile::write_header(const Header& header) const {
  return write_all(fd_, {reinterpret_cast<const char*>(&header), sizeof header}, 0);
}

// Up to the first torn entry, which is where `end` is.
std::string SubjectFile::scan(std::uint64_t from,
                              const std::function<bool(const SubjectEntry&, std::uint64_t at)>& visit,
                              std::uint64_t& end) {
  Header header{};
  if (!read_header(header)) return "can't read the subject directory " + name_;
  std::string buffer, erased_key;
  end = from;
  for (bool more = true; more;) {
    const std::size_t kept = buffer.size();
    buffer.resize(kept + read_step);
    const ssize_t n = ::pread(fd_, buffer.data() + kept, read_step, static_cast<off_t>(end + kept));
    if (n < 0 && errno == EINTR) {
      buffer.resize(kept);
      continue;
    }
    if (n < 0) return "can't read the subject directory " + name_ + ": " + std::strerror(errno);
    buffer.resize(kept + static_cast<std::size_t>(n));
    more = n > 0;
    std::string_view rest = buffer;
    while (!more || rest.size() >= largest_entry) {
      const std::size_t before = rest.size();
      auto entry = take_entry(rest);
      if (header.erase_bytes != 0 && end == header.erase_at && before >= header.erase_bytes) {
        // Perhaps half of it is written; the next one that may change the file finishes it.
        const std::string_view leaf(header.erase_leaf,
                                    is_older({header.erase_leaf, blinding_bytes}) ? 0 : blinding_bytes);
        erased_key.assign(
            header.erase_bytes - std::min<std::size_t>(header.erase_bytes, entry_head + leaf.size()), '\0');
        entry = SubjectEntry{SubjectEntry::Type::erased, 0, 0, erased_key, leaf};
        rest = std::string_view(buffer).substr(buffer.size() - before + header.erase_bytes);
      }
      if (!entry) {
        more = false;
        break;
      }
      if (!visit(*entry, end)) return {};
      end += before - rest.size();
    }
    buffer.erase(0, buffer.size() - rest.size());
  }
  return {};
}

std::string SubjectFile::read(const std::function<void(const SubjectEntry&)>& visit) {
  return read_places([&](const SubjectEntry& entry, std::uint64_t) { visit(entry); });
}

std::string SubjectFile::read_places(
    const std::function<void(const SubjectEntry&, std::uint64_t at)>& visit) {
  ChangeLock lock(fd_, use_ == Use::read ? F_RDLCK : F_WRLCK);
  std::uint64_t end = 0;
  Header header{};
  if (!lock || !read_header(header)) return "can't read the subject directory " + name_;
  const std::string wrong = scan(
      sizeof(Header), [&](const SubjectEntry& entry, std::uint64_t at) { return visit(entry, at), true; },
      end);
  return wrong.empty() && end < header.synced ? damaged(end) : wrong;
}

std::string SubjectFile::damaged(std::uint64_t at) const {
  return "the subject directory " + name_ + " is damaged at byte " + std::to_string(at);
}

bool SubjectFile::append(std::string_view entries, bool sync) {
  ChangeLock lock(fd_);
  Header header{};
  if (!lock || !read_header(header)) return false;
  if (!write_all(fd_, entries, end_) || (sync && ::fdatasync(fd_) != 0)) {
    (void)!::ftruncate(fd_, static_cast<off_t>(end_));
    return false;
  }
  end_ += entries.size();
  if (!sync) return true;
  header.synced = end_;  // synced itself by the next one
  write_header(header);
  return true;
}

// An erased entry of the same length, with its leaf.
bool SubjectFile::overwrite(std::uint64_t at, std::uint32_t bytes, std::string_view leaf) {
  const std::string_view kept = is_older(leaf) ? std::string_view() : leaf;
  if (bytes < entry_head + kept.size() || bytes > largest_entry) return false;
  const std::string key(bytes - entry_head - kept.size(), '\0');
  std::string erased;
  append_entry(erased, {SubjectEntry::Type::erased, 0, 0, key, kept});
  return write_all(fd_, erased, at) && ::fsync(fd_) == 0;
}

bool SubjectFile::finish_erasure() {
  Header header{};
  if (!read_header(header) ||
      !overwrite(header.erase_at, header.erase_bytes, {header.erase_leaf, blinding_bytes}))
    return false;
  header.erase_at = header.erase_bytes = 0;
  std::memset(header.erase_leaf, 0, blinding_bytes);
  ++header.erasures;
  return write_header(header) && ::fsync(fd_) == 0;
}

std::string SubjectFile::erase(const std::function<bool(const SubjectEntry&)>& wanted, std::size_t& erased) {
  erased = 0;
  ChangeLock lock(fd_);
  struct Found {
    std::uint64_t at;
    std::size_t bytes;
    std::string leaf;
  };
  std::vector<Found> found;
  std::uint64_t end = 0;
  std::string wrong = scan(
      sizeof(Header),
      [&](const SubjectEntry& entry, std::uint64_t at) {
        if (!entry.is_subject() || !wanted(entry)) return true;
        const std::string leaf = entry.blinding.empty() ? std::string(blinding_bytes, '\0') : leaf_of(entry);
        found.push_back({at, entry_head + entry.key.size() + entry.blinding.size(), leaf});
        return true;
      },
      end);
  if (!wrong.empty()) return wrong;
  for (const Found& each : found) {
    Header header{};
    bool noted = each.leaf.size() == blinding_bytes && read_header(header);
    if (noted) {
      header.erase_at = each.at;
      header.erase_bytes = static_cast<std::uint32_t>(each.bytes);
      std::memcpy(header.erase_leaf, each.leaf.data(), blinding_bytes);
      noted = write_header(header) && ::fsync(fd_) == 0;
    }
    if (!noted || !finish_erasure())
      return "can't write the subject directory " + name_ + ": " + std::strerror(errno);
    ++erased;
  }
  return {};
}

std::uint64_t SubjectFile::erasures() const {
  Header header{};
  return read_header(header) ? header.erasures + (header.erase_bytes != 0 ? 1 : 0) : 0;
}

std::uint64_t SubjectFile::noticed() const {
  Header header{};
  return read_header(header) ? header.noticed : 0;
}

void SubjectFile::notice(std::uint64_t erasures) {
  ChangeLock lock(fd_);
  Header header{};
  if (!lock || !read_header(header)) return;
  header.noticed = erasures;
  write_header(header);
}

bool SubjectFile::has_owner() const {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0;
  lock.l_len = 1;
  return ::fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace pgconsent::audit
