// The seal itself: JSON, in a skippable frame or a file of its own.
#include <array>
#include <fstream>

#include "proxy/audit/json_fields.h"
#include "proxy/audit/json_text.h"
#include "proxy/audit/seal.h"

namespace pgconsent::audit {

namespace {

constexpr std::string_view magic("\x50\x2a\x4d\x18", 4);
constexpr std::size_t word = 4, frame_overhead = 3 * word, max_frame = 64 << 10;

std::string little_endian(std::size_t value) {
  std::string out(word, '\0');
  for (std::size_t i = 0; i < word; ++i) out[i] = static_cast<char>(value >> (8 * i) & 255);
  return out;
}

std::optional<Seal> parse(std::string_view text) {
  const JsonFields fields(text);
  if (!fields.is_object()) return {};
  Seal out;
  fields.take("format", out.format);
  fields.take("segment", out.segment);
  fields.take("first", out.first);
  fields.take("last", out.last);
  fields.take("lines", out.lines);
  fields.take("last_time", out.last_time);
  fields.take("last_hash", out.last_hash);
  fields.take("merkle", out.merkle);
  fields.take("sha256", out.sha256);
  // A later format may say more.
  const bool known = out.format > 0 && (out.format > format_version || to_json(out) == text);
  return known ? std::optional(out) : std::nullopt;
}

SealResult parse_as(const SegmentFile& file, std::string_view text) {
  auto seal = parse(text);
  if (!seal) return {{}, file.path.string() + ": its seal can't be read"};
  if (seal->format > format_version)
    return {std::move(seal), file.path.string() + ": has a later format than this version knows"};
  if (seal->segment != file.number)
    return {{}, file.path.string() + ": its seal is that of segment " + std::to_string(seal->segment)};
  return {std::move(seal), {}};
}

}  // namespace

std::string to_json(const Seal& seal) {
  std::string out;
  append_field(out, "{\"format\":", seal.format);
  append_field(out, ",\"segment\":", seal.segment);
  append_field(out, ",\"first\":", seal.first);
  append_field(out, ",\"last\":", seal.last);
  append_field(out, ",\"lines\":", seal.lines);
  append_field(out, ",\"last_time\":", seal.last_time);
  append_field(out, ",\"last_hash\":", seal.last_hash);
  append_field(out, ",\"merkle\":", seal.merkle);
  append_field(out, ",\"sha256\":", seal.sha256);
  return out + "}";
}

std::string seal_frame(const Seal& seal) {
  const std::string json = to_json(seal);
  std::string out(magic);
  out += little_endian(json.size() + word);
  out += json;
  return out + little_endian(json.size() + frame_overhead);
}

SealResult read_seal(const SegmentFile& file, std::uint64_t* size) {
  if (file.form != SegmentFile::Form::compressed) {
    std::ifstream in(seal_path(file), std::ios::binary);
    std::string line;
    if (!std::getline(in, line) || in.eof() || in.peek() != std::char_traits<char>::eof())
      return {{}, file.path.string() + ": its seal can't be read"};
    return parse_as(file, line);
  }
  std::ifstream in(file.path, std::ios::binary | std::ios::ate);
  const auto length = in ? static_cast<std::uint64_t>(in.tellg()) : 0;
  std::string tail(std::min<std::uint64_t>(length, max_frame), '\0');
  in.seekg(-static_cast<std::streamoff>(tail.size()), std::ios::end);
  if (!in.read(tail.data(), static_cast<std::streamsize>(tail.size())))
    return {{}, file.path.string() + ": can't be read"};
  std::size_t frame = 0;
  for (std::size_t i = 0; tail.size() >= word && i < word; ++i)
    frame |= std::size_t{static_cast<unsigned char>(tail[tail.size() - word + i])} << (8 * i);
  if (frame <= frame_overhead || frame > tail.size())
    return {{}, file.path.string() + ": has no seal at its end"};
  const std::string_view whole = std::string_view(tail).substr(tail.size() - frame);
  if (!whole.starts_with(magic) || whole.substr(word, word) != little_endian(frame - 2 * word))
    return {{}, file.path.string() + ": has no seal at its end"};
  if (size != nullptr) *size = length - frame;
  return parse_as(file, whole.substr(2 * word, frame - frame_overhead));
}

}  // namespace pgconsent::audit
