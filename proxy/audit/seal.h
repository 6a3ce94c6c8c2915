// Sealing: a segment that is full gets its Merkle root and becomes small. Slow, for a thread of its own.
//
// segment-00000001.jsonl.zst is a zstd frame with a checksum, which `zstd -dc` reads, followed by a skippable
// frame (magic 0x184D2A50) with the seal as JSON and, in its last four bytes, the skippable frame's whole
// size, little endian. Without compression the JSON stands in segment-00000001.seal beside the segment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/audit/segments.h"

namespace pgconsent::audit {

struct Seal {
  std::uint64_t format = format_version, segment = 0;
  std::uint64_t first = 0, last = 0;  // ids
  std::uint64_t lines = 0;
  std::string last_time, last_hash;  // of the last line
  std::string merkle;                // merkle.h, over all lines
  std::string sha256;                // of all bytes before the seal
};
std::string to_json(const Seal& seal);
std::string seal_frame(const Seal& seal);  // the skippable frame

struct SealResult {
  std::optional<Seal> seal;
  std::string error;  // why not
};

// Reads a segment that is not written to any more, checks each line's hash and the chain up to `last_hash`,
// and writes what publish_seal() puts in place.
SealResult seal_segment(const SegmentFile& file, std::string_view last_hash, bool compress);
// Atomically in place, on disk; the plain file of a compressed segment goes. An error text, empty when fine.
std::string publish_seal(const SegmentFile& file, bool compress);

void drop_unfinished(const SegmentFile& file);

// The seal of a sealed segment; `size` is set to the bytes before it. Its sha256 is not checked.
SealResult read_seal(const SegmentFile& file, std::uint64_t* size = nullptr);
// A plain segment that has one.
std::filesystem::path seal_path(const SegmentFile& file);
bool is_sealed(const SegmentFile& file);

}  // namespace pgconsent::audit
