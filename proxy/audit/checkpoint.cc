#include "proxy/audit/checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "proxy/audit/json_fields.h"
#include "proxy/audit/json_text.h"

namespace pgconsent::audit {

namespace {

// Ends in }, without signature.
std::string body(const Checkpoint& checkpoint) {
  std::string out;
  append_field(out, "{\"time\":", checkpoint.time);
  append_field(out, ",\"segment\":", checkpoint.segment);
  append_field(out, ",\"id\":", checkpoint.id);
  append_field(out, ",\"hash\":", checkpoint.hash);
  if (!checkpoint.merkle.empty()) append_field(out, ",\"merkle\":", checkpoint.merkle);
  if (!checkpoint.key.empty()) append_field(out, ",\"key\":", checkpoint.key);
  return out + "}";
}

std::string with_signature(std::string line, std::string_view signature) {
  line.pop_back();
  append_field(line, ",\"signature\":", signature);
  return line + "}";
}

// A crash may have left half a line, which nothing may follow.
bool end_last_line(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return false;
  off_t size = status.st_size;
  char last = '\n';
  while (size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n') --size;
  if (size == status.st_size) return true;
  return ::ftruncate(fd, size) == 0 || ::write(fd, "\n", 1) == 1;  // the latter where files only grow
}

}  // namespace

std::string checkpoint_line(const Checkpoint& checkpoint, const Key& key) {
  Checkpoint signed_by = checkpoint;
  if (!key) return body(checkpoint);
  signed_by.key = key.id();
  std::string line = body(signed_by);
  const std::string signature = key.sign(line);
  return signature.empty() ? std::string() : with_signature(std::move(line), signature);
}

std::optional<Checkpoint> parse_checkpoint(std::string_view line) {
  const JsonFields fields(line);
  if (!fields.is_object()) return {};
  Checkpoint out;
  fields.take("time", out.time);
  fields.take("segment", out.segment);
  fields.take("id", out.id);
  fields.take("hash", out.hash);
  fields.take("merkle", out.merkle);
  fields.take("key", out.key);
  fields.take("signature", out.signature);
  const std::string again = out.signature.empty() ? body(out) : with_signature(body(out), out.signature);
  return line == again && out.id > 0 ? std::optional(out) : std::nullopt;
}

bool is_signed_by(const Checkpoint& checkpoint, const Key& key) {
  return checkpoint.key == key.id() && key.verify(body(checkpoint), checkpoint.signature);
}

std::string removal_text(std::uint64_t segment, std::uint64_t first, std::uint64_t last,
                         std::string_view last_hash, std::string_view merkle, std::string_view reason) {
  std::string out = "removed";
  for (std::uint64_t value : {segment, first, last}) out.append(" ").append(std::to_string(value));
  for (std::string_view value : {last_hash, merkle, reason}) out.append(" ").append(value);
  return out;
}

std::string append_checkpoint(const std::filesystem::path& directory, const std::string& line) {
  const std::filesystem::path file = directory / checkpoints_name;
  const auto fail = [&](const char* what) {
    return std::string(what) + " " + file.string() + ": " + std::strerror(errno);
  };
  const int fd = ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail("can't open");
  const std::string text = line + "\n";
  std::string error;
  if (!end_last_line(fd) || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fdatasync(fd) != 0) {
    error = fail("can't write");
  }
  ::close(fd);
  return error;
}

CheckpointList read_checkpoints(const std::filesystem::path& directory) {
  CheckpointList list;
  const std::filesystem::path file = directory / checkpoints_name;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return list;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    list.problems.push_back("can't read " + file.string());
    return list;
  }
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    auto checkpoint = parse_checkpoint(line);
    // Without newline: being written, or torn by a crash. What is longer than a checkpoint was none of these.
    if (in.eof() && !checkpoint && !parse_checkpoint(std::string_view(line).substr(0, line.size() - 1)))
      break;
    if (checkpoint) {
      list.checkpoints.push_back(std::move(*checkpoint));
    } else {
      list.problems.push_back(file.string() + ": line " + std::to_string(number) + " is not a checkpoint");
    }
  }
  return list;
}

}  // namespace pgconsent::audit
