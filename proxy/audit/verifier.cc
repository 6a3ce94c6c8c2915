#include "proxy/audit/verifier.h"

#include <algorithm>
#include <fstream>

namespace pgconsent::audit {

namespace {

const std::string no_hash(64, '0');

std::string ids(std::uint64_t first, std::uint64_t last) {
  if (first == last) return "id " + std::to_string(first) + " is";
  return "ids " + std::to_string(first) + " to " + std::to_string(last) + " are";
}

std::string sha256_of(const std::filesystem::path& file, std::uint64_t size) {
  StreamHash hash;
  std::ifstream in(file, std::ios::binary);
  std::string buffer(std::size_t{1} << 20, '\0');
  while (size > 0) {
    const auto step = std::min<std::uint64_t>(size, buffer.size());
    if (!in.read(buffer.data(), static_cast<std::streamsize>(step))) return {};
    hash.update(std::string_view(buffer).substr(0, step));
    size -= step;
  }
  return hash.finish();
}

}  // namespace

void Verifier::finding(std::string what, std::uint64_t line, std::uint64_t id) {
  result_.findings.push_back({file_.number, line, id, file_.path.filename().string(), std::move(what)});
}

Verifier::Then Verifier::check(const SegmentFile& file, bool is_last) {
  file_ = file;
  extent_ = {};
  tree_.clear();
  line_ = 0;
  SegmentInput input;
  const bool open = input.open(file);
  const bool current = file.form == SegmentFile::Form::current;
  if (current && is_rotated(file.path.parent_path(), file.number)) return Then::again;
  if (!open && is_gone(file.path)) return Then::again;
  ++result_.segments;
  if (!open) return finding(input.error()), Then::next;
  const Then then = check_lines(input, is_last);
  extent_.merkle = tree_.root();
  if (is_sealed(file)) check_seal(file);
  extents_[file.number] = extent_;
  return then;
}

Verifier::Then Verifier::check_lines(SegmentInput& input, bool is_last) {
  bool rotated = false;
  for (;;) {
    std::string_view text;
    SegmentInput::Status status;
    while ((status = input.next(text)) == SegmentInput::Status::line) check_line(text);
    if (status == SegmentInput::Status::failed)
      return finding(input.error(), input.line_number() + 1), Then::next;
    const bool current = !rotated && file_.form == SegmentFile::Form::current;
    if (current && is_rotated(file_.path.parent_path(), file_.number)) {
      rotated = true;  // what was written before it is there now
      continue;
    }
    check_end(input, is_last && !rotated);
    return current ? Then::stop : Then::next;
  }
}

void Verifier::check_line(std::string_view text) {
  ++line_;
  ++result_.lines;
  const auto line = parse_line(text);
  if (!line) {
    gap_unknown_ = true;
    return finding("is not a line of an audit log", line_);
  }
  if (!hasher_.fits(*line)) finding("was changed: its hash is not that of its text", line_, line->id);
  check_order(*line);
  if (line_ == 1 && file_.number > 1 && line->kind != LineKind::log)
    finding("the segment does not begin with its number", line_, line->id);
  if (line->kind == LineKind::log) check_log_line(*line);
  if (line->kind == LineKind::record) ++result_.records;
  if (++extent_.lines == 1) extent_.first = line->id;
  extent_.last = line->id;
  extent_.last_hash = line->hash;
  extent_.last_time = line->time;
  tree_.add(line->hash);  // the current file's, too: it may be sealed meanwhile
  check_checkpoints(*line);
}

void Verifier::check_order(const Line& line) {
  const std::uint64_t last = result_.last_id;
  if (!started_) {
    started_ = true;
    result_.first_id = line.id;
    first_prev_ = line.prev;
  } else if (line.id > last + 1) {
    finding(ids(last + 1, line.id - 1) + " missing before it", line_, line.id);
  } else if (line.id <= last) {
    finding("is out of order: it comes after id " + std::to_string(last), line_, line.id);
  } else if (line.prev != previous_ && !gap_unknown_) {
    finding("does not go on from the line before, which was replaced, or lines between them are gone", line_,
            line.id);
  }
  gap_unknown_ = false;
  previous_.assign(line.hash);
  result_.last_id = std::max(last, line.id);
  result_.last_hash = previous_;
}

void Verifier::check_log_line(const Line& line) {
  auto log = parse_log_line(line);
  if (!log) return finding("says something about the log that this version does not know", line_, line.id);
  switch (log->kind) {
    case LogLine::Kind::segment:
      if (line_ != 1 || log->segment != file_.number)
        finding("says that segment " + std::to_string(log->segment) + " begins", line_, line.id);
      if (log->format > format_version) finding("has a later format than this version knows", line_, line.id);
      return;
    case LogLine::Kind::subjects:
      return subjects_.line(*log, line.id, result_);
    case LogLine::Kind::sealed:
      sealed_[log->segment] = std::move(*log);
      return;
    case LogLine::Kind::removed:
      if (key_ &&
          (log->key != key_.id() || !key_.verify(removal_text(log->segment, log->first, log->last,
                                                              log->last_hash, log->merkle, log->reason),
                                                 log->signature)))
        return finding("says that segment " + std::to_string(log->segment) +
                           " was removed, without a signature by the key",
                       line_, line.id);
      removed_[log->segment] = std::move(*log);
      return;
  }
}

void Verifier::check_end(const SegmentInput& input, bool is_last) {
  const std::string_view torn = input.torn();
  if (torn.empty()) return;
  const std::string bytes = std::to_string(torn.size()) + " bytes";
  if (!is_last) return finding("the segment ends in the middle of a line, after " + bytes, line_ + 1);
  if (const auto line = parse_line(torn.substr(0, torn.size() - 1)))
    return finding("was changed: it does not end in a newline", line_ + 1, line->id);
  result_.notes.push_back(
      "a last line of " + bytes +
      " is not complete: a crash or a write that is under way; the next start of the proxy "
      "cuts it off and says so");
}

void Verifier::check_seal(const SegmentFile& file) {
  std::uint64_t size = 0;
  auto [seal, error] = read_seal(file, &size);
  if (!error.empty()) return finding(error);
  if (seal->first != extent_.first || seal->last != extent_.last || seal->lines != extent_.lines)
    finding("its seal is of " + ids(seal->first, seal->last) + " in " + std::to_string(seal->lines) +
            " lines");
  if (seal->last_hash != extent_.last_hash || seal->last_time != extent_.last_time)
    finding("its seal is of another last line");
  if (seal->merkle != extent_.merkle) finding("its seal has another Merkle root than its lines");
  std::error_code ignored;
  if (file.form == SegmentFile::Form::plain) size = std::filesystem::file_size(file.path, ignored);
  if (seal->sha256 != sha256_of(file.path, size)) finding("its seal has another SHA-256 than the file");
}

// What the chain says of segments that were sealed or removed.
void Verifier::check_sealed() {
  const auto compare = [&](const LogLine& said, std::uint64_t first, std::uint64_t last,
                           const std::string& last_hash, const std::string& merkle, std::string_view what) {
    if (said.first == first && said.last == last && said.last_hash == last_hash && said.merkle == merkle)
      return;
    finding("is not the segment " + std::to_string(said.segment) + " that the chain says was " +
            std::string(what));
  };
  for (const auto& [number, said] : sealed_) {
    const auto extent = extents_.find(number);
    const auto gone = removed_.find(number);
    file_ = {number, SegmentFile::Form::plain, segment_name(number)};
    if (extent != extents_.end()) {
      compare(said, extent->second.first, extent->second.last, extent->second.last_hash,
              extent->second.merkle, "sealed");
    } else if (gone != removed_.end()) {
      compare(said, gone->second.first, gone->second.last, gone->second.last_hash, gone->second.merkle,
              "sealed and removed");
    }
  }
}

void Verifier::check_start() {
  if (!started_) return;
  const std::uint64_t first = result_.first_id;
  if (first == 1) {
    if (first_prev_ != no_hash) finding("does not begin the chain", 1, 1);
    return;
  }
  const auto before = std::find_if(removed_.begin(), removed_.end(), [&](const auto& each) {
    return each.second.last == first - 1 && each.second.last_hash == first_prev_;
  });
  if (before == removed_.end())
    return finding(ids(1, first - 1) + " missing, and no line says that they were removed on purpose", 1,
                   first);
  result_.removed_segments = before->first;
  result_.notes.push_back(ids(1, first - 1) + " not there any more: " + before->second.reason);
}

void Verifier::finish() {
  check_sealed();
  file_ = {};
  check_start();
  check_unseen_checkpoints();
}

}  // namespace pgconsent::audit
