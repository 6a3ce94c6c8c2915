// The subject directory on disk, `<audit directory>/subjects` (0600): which person a number stands for.
//
// Why this is a key per subject: what the log says of a person is one number, given at random among 65 536
// and derived from nothing, as a pseudonym under a key of their own would be. Only the entry here turns it
// back, and whoever overwrites the entry has destroyed that key: records, chain and bitmaps stay as they are,
// and say "somebody". As with any key, copies count (backups, snapshots of the disk), and who else was shown
// the same rows can still be told apart from who was not. 4 bytes in memory where a key's ciphertext would
// take 16 in each line.
//
// A header of 64 bytes, then entries: checksum (4 bytes), type, kind, length of the key (2), number (4), key,
// and 12 bytes more where the type is in upper case (`blinding`); numbers are little-endian. What the entries
// are is said in the chain (subject_digest.h). The proxy alone appends; anybody with the file may erase, also
// while the proxy runs: an entry is overwritten where it lies, number and key, and synced. Locks are those of
// open file descriptions: byte 0 for as long as a proxy has the directory, byte 1 while it is changed.
// Crash-safe: what lies behind `synced` bytes may be torn, and is cut off; an erasure under way stands in the
// header first, and is finished by whoever opens the file next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/audit/subject_key.h"

namespace pgconsent::audit {

struct SubjectEntry {
  enum class Type : char {
    integer = 'i',
    uuid = 'u',
    text = 't',
    kind = 'k',      // `key` is the name of the kind
    reserved = 'r',  // numbers below `number` may have been given out
    erased = 'e',
  };
  Type type = Type::erased;
  std::uint8_t kind = 0;
  std::uint32_t number = 0;
  std::string_view key;
  // 12 random bytes; of an erased entry its leaf. Empty: written by an older version, or not about a person.
  std::string_view blinding = {};

  bool is_subject() const { return type == Type::integer || type == Type::uuid || type == Type::text; }
  SubjectKey subject() const;  // REQUIRES: is_subject()
};

inline constexpr std::size_t blinding_bytes = 12;

SubjectEntry entry_of(std::uint8_t kind, const SubjectKey& key, std::uint32_t number, std::string& scratch);
void append_entry(std::string& out, const SubjectEntry& entry);
// The first 12 bytes of its SHA-256, which stay when it is erased; empty when OpenSSL fails.
std::string leaf_of(const SubjectEntry& entry);
// The next entry, which is taken off `bytes`; empty when it is torn or none.
std::optional<SubjectEntry> take_entry(std::string_view& bytes);

class SubjectFile {
 public:
  enum class Use {
    own,     // the proxy: creates it, takes the lock, may append
    change,  // reads and erases
    read,
  };
  SubjectFile() = default;
  ~SubjectFile();
  SubjectFile(const SubjectFile&) = delete;
  SubjectFile& operator=(const SubjectFile&) = delete;

  // An error text, empty when fine.
  std::string open(const std::filesystem::path& directory, Use use);
  // All entries, in the order of the file, and where they lie. An error text, empty when fine.
  std::string read(const std::function<void(const SubjectEntry&)>& visit);
  std::string read_places(const std::function<void(const SubjectEntry&, std::uint64_t at)>& visit);
  // All or nothing. The owner's.
  bool append(std::string_view entries, bool sync);
  // Overwrites the entries that `wanted` is true of. An error text, empty when fine; `erased` counts.
  std::string erase(const std::function<bool(const SubjectEntry&)>& wanted, std::size_t& erased);

  // How many erasures there have been, with one that is under way, and how many of them the owner has taken
  // note of.
  std::uint64_t erasures() const;
  std::uint64_t noticed() const;
  void notice(std::uint64_t erasures);
  bool has_owner() const;                     // another one
  std::uint64_t end() const { return end_; }  // the owner's: where it appends

 private:
  struct Header;
  class ChangeLock;
  std::string prepare(Use use);
  bool read_header(Header& header) const;
  bool write_header(const Header& header) const;
  bool finish_erasure();
  std::string damaged(std::uint64_t at) const;
  bool overwrite(std::uint64_t at, std::uint32_t bytes, std::string_view leaf);
  std::string scan(std::uint64_t from,
                   const std::function<bool(const SubjectEntry&, std::uint64_t at)>& visit,
                   std::uint64_t& end);

  int fd_ = -1;
  Use use_ = Use::read;
  std::string name_;
  std::uint64_t end_ = 0;
};

}  // namespace pgconsent::audit
