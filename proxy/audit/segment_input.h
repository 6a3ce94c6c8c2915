// The lines of one segment file, plain or compressed. Private to proxy/audit; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/audit/segments.h"

struct ZSTD_DCtx_s;

namespace pgconsent::audit {

class SegmentInput {
 public:
  SegmentInput() = default;
  ~SegmentInput();
  SegmentInput(const SegmentInput&) = delete;
  SegmentInput& operator=(const SegmentInput&) = delete;

  // False: error() says why.
  bool open(const SegmentFile& file);
  enum class Status { line, end, failed };
  // The next complete line, without newline, valid until the next call. After `end` a plain file may be asked
  // again: it may have grown. What is behind the last newline is torn() then.
  Status next(std::string_view& line);
  std::string_view torn() const { return torn_; }
  enum class Failure { unreadable, foreign, truncated };
  Failure failure() const { return failure_; }
  const std::string& error() const { return error_; }
  std::uint64_t line_number() const { return line_number_; }  // of the last line, from 1
  int fd() const { return fd_; }

 private:
  enum class Fill { more, end, failed };
  Fill fill();
  Fill fill_plain();
  Fill fill_compressed();
  bool fail(std::string why, Failure failure = Failure::unreadable);

  int fd_ = -1;
  ZSTD_DCtx_s* context_ = nullptr;  // null: plain
  std::string path_, error_;
  Failure failure_ = Failure::unreadable;
  std::string buffer_;
  std::size_t at_ = 0, searched_ = 0;  // of the next line; up to where no newline was found
  std::string compressed_;             // read, not yet inflated
  std::size_t compressed_at_ = 0;
  bool frame_open_ = false;    // the compressed stream may not end here
  bool output_waits_ = false;  // more can be inflated without reading
  bool at_end_ = false;
  std::uint64_t offset_ = 0;  // in the file, of what is to be read next
  std::uint64_t line_number_ = 0;
  std::string_view torn_;
};

}  // namespace pgconsent::audit
