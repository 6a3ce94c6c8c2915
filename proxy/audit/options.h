// How the audit log is kept (proxy/config reads it).
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

namespace pgconsent::audit {

struct Options {
  // always: a record counts as written once fdatasync(2) has returned, on a thread of the log's own.
  // off: once write(2) has, on the caller's; a power cut may lose it.
  enum class Sync { always, off };

  std::filesystem::path directory;
  Sync sync = Sync::always;
  std::size_t segment_bytes = std::size_t{64} << 20;     // a group that exceeds it ends the segment
  std::chrono::milliseconds segment_age{24 * 3600'000};  // of its first line; zero: unlimited
  std::chrono::milliseconds retention{0};                // of a segment's last line; zero: unlimited
  bool hold_removal = false;  // nothing is removed before Log::keep_from() was called
  bool compress = true;
  std::filesystem::path signing_key;           // PEM, Ed25519, private; empty: checkpoints are not signed
  std::filesystem::path checkpoint_directory;  // a second copy of the checkpoints; empty: none
  std::chrono::milliseconds checkpoint_interval{60'000};
};

}  // namespace pgconsent::audit
