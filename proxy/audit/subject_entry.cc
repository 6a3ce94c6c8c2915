// One entry of the subject directory's file as bytes.
#include <bit>
#include <cctype>
#include <cstring>

#include "proxy/audit/chain.h"
#include "proxy/audit/subject_file.h"

namespace pgconsent::audit {

namespace {

constexpr std::size_t head = 12;
static_assert(std::endian::native == std::endian::little);

// FNV-1a: tells what was torn, not what was forged.
std::uint32_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<std::uint32_t>(sum ^ sum >> 32);
}

template <typename Number>
Number load(const char* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool is_type(char type) {
  return std::string_view("iutkreIUTE").find(type) != std::string_view::npos;
}

char lower(char type) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(type)));
}

}  // namespace

SubjectKey SubjectEntry::subject() const {
  switch (type) {
    case Type::integer:
      return {SubjectKey::Type::integer, load<std::int64_t>(key.data()), {}};
    case Type::uuid:
      return {SubjectKey::Type::uuid, 0, key};
    case Type::text:
    case Type::kind:
    case Type::reserved:
    case Type::erased:
      break;
  }
  return {SubjectKey::Type::text, 0, key};
}

SubjectEntry entry_of(std::uint8_t kind, const SubjectKey& key, std::uint32_t number, std::string& scratch) {
  SubjectEntry entry{SubjectEntry::Type::text, kind, number, key.bytes};
  if (key.type == SubjectKey::Type::uuid) entry.type = SubjectEntry::Type::uuid;
  if (key.type == SubjectKey::Type::integer) {
    entry.type = SubjectEntry::Type::integer;
    scratch.assign(reinterpret_cast<const char*>(&key.integer), sizeof key.integer);
    entry.key = scratch;
  }
  return entry;
}

void append_entry(std::string& out, const SubjectEntry& entry) {
  const std::size_t start = out.size();
  const auto length = static_cast<std::uint16_t>(entry.key.size());
  const auto type = static_cast<char>(entry.type);
  const bool blinded = !entry.blinding.empty();
  out.append(4, '\0').append(1, blinded ? static_cast<char>(std::toupper(type)) : type);
  out.append(1, static_cast<char>(entry.kind));
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out.append(reinterpret_cast<const char*>(&entry.number), sizeof entry.number).append(entry.key);
  out.append(entry.blinding);
  const std::uint32_t sum = checksum(std::string_view(out).substr(start + sizeof sum));
  std::memcpy(out.data() + start, &sum, sizeof sum);
}

std::string leaf_of(const SubjectEntry& entry) {
  std::string bytes;
  append_entry(bytes, entry);
  Hasher hasher;
  Digest digest;
  if (!hasher.digest({bytes}, digest)) return {};
  return {reinterpret_cast<const char*>(digest.data()), blinding_bytes};
}

std::optional<SubjectEntry> take_entry(std::string_view& bytes) {
  if (bytes.size() < head) return {};
  if (!is_type(bytes[4])) return {};
  const std::size_t blinding = bytes[4] == lower(bytes[4]) ? 0 : blinding_bytes;
  const std::size_t size = head + load<std::uint16_t>(bytes.data() + 6) + blinding;
  if (bytes.size() < size) return {};
  if (load<std::uint32_t>(bytes.data()) != checksum(bytes.substr(4, size - 4))) return {};
  SubjectEntry entry;
  entry.type = static_cast<SubjectEntry::Type>(lower(bytes[4]));
  entry.kind = static_cast<std::uint8_t>(bytes[5]);
  entry.number = load<std::uint32_t>(bytes.data() + 8);
  entry.key = bytes.substr(head, size - head - blinding);
  entry.blinding = bytes.substr(size - blinding, blinding);
  if (entry.type == SubjectEntry::Type::integer && entry.key.size() != sizeof(std::int64_t)) return {};
  if (entry.type == SubjectEntry::Type::uuid && entry.key.size() != 16) return {};
  bytes.remove_prefix(size);
  return entry;
}

}  // namespace pgconsent::audit
