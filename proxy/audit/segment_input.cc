#include "proxy/audit/segment_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>

namespace pgconsent::audit {

namespace {
constexpr std::size_t read_step = std::size_t{256} << 10;
constexpr std::size_t max_line = std::size_t{64} << 20;
}  // namespace

SegmentInput::~SegmentInput() {
  if (fd_ >= 0) ::close(fd_);
  ZSTD_freeDCtx(context_);
}

bool SegmentInput::fail(std::string why, Failure failure) {
  failure_ = failure;
  error_ = path_ + ": " + std::move(why);
  return false;
}

bool SegmentInput::open(const SegmentFile& file) {
  path_ = file.path.string();
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) return fail(std::strerror(errno));
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return fail(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return fail("not a regular file");
  if (file.form != SegmentFile::Form::compressed) return true;
  context_ = ZSTD_createDCtx();
  return context_ != nullptr || fail("out of memory");
}

SegmentInput::Status SegmentInput::next(std::string_view& line) {
  torn_ = {};
  if (at_end_ && context_ == nullptr) {  // what was torn is read again: a restarted proxy may have cut it off
    offset_ -= buffer_.size();
    buffer_.clear();
    at_ = searched_ = 0;
  }
  at_end_ = false;
  for (;;) {
    const std::size_t newline = buffer_.find('\n', searched_);
    if (newline != std::string::npos) {
      line = std::string_view(buffer_).substr(at_, newline - at_);
      at_ = searched_ = newline + 1;
      ++line_number_;
      return Status::line;
    }
    buffer_.erase(0, at_);
    at_ = 0;
    searched_ = buffer_.size();
    if (searched_ > max_line) {
      fail("line " + std::to_string(line_number_ + 1) + " does not end", Failure::foreign);
      return Status::failed;
    }
    switch (fill()) {
      case Fill::more:
        continue;
      case Fill::failed:
        return Status::failed;
      case Fill::end:
        torn_ = buffer_;
        at_end_ = true;
        return Status::end;
    }
  }
}

SegmentInput::Fill SegmentInput::fill() {
  return context_ == nullptr ? fill_plain() : fill_compressed();
}

SegmentInput::Fill SegmentInput::fill_plain() {
  const std::size_t before = buffer_.size();
  buffer_.resize(before + read_step);
  const ssize_t n = ::pread(fd_, buffer_.data() + before, read_step, static_cast<off_t>(offset_));
  buffer_.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
  if (n < 0) return fail(std::strerror(errno)), Fill::failed;
  offset_ += static_cast<std::uint64_t>(n);
  return n > 0 ? Fill::more : Fill::end;
}

SegmentInput::Fill SegmentInput::fill_compressed() {
  for (;;) {
    if (compressed_at_ == compressed_.size() && !output_waits_) {
      compressed_.resize(read_step);
      const ssize_t n = ::read(fd_, compressed_.data(), compressed_.size());
      compressed_.resize(static_cast<std::size_t>(n > 0 ? n : 0));
      compressed_at_ = 0;
      if (n < 0) return fail(std::strerror(errno)), Fill::failed;
      if (n == 0 && frame_open_) return fail("the file was cut", Failure::truncated), Fill::failed;
      if (n == 0) return Fill::end;
    }
    const std::size_t before = buffer_.size();
    buffer_.resize(before + read_step);
    ZSTD_inBuffer in{compressed_.data(), compressed_.size(), compressed_at_};
    ZSTD_outBuffer out{buffer_.data() + before, read_step, 0};
    const std::size_t left = ZSTD_decompressStream(context_, &out, &in);
    buffer_.resize(before + (ZSTD_isError(left) ? 0 : out.pos));
    if (ZSTD_isError(left))
      return fail(std::string("not readable: ") + ZSTD_getErrorName(left), Failure::foreign), Fill::failed;
    compressed_at_ = in.pos;
    frame_open_ = left != 0;
    output_waits_ = out.pos == out.size && frame_open_;
    if (out.pos > 0) return Fill::more;
  }
}

}  // namespace pgconsent::audit
