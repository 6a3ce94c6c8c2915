#include "proxy/audit/reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "proxy/audit/log_line.h"
#include "proxy/audit/seal.h"
#include "proxy/audit/segment_input.h"

namespace pgconsent::audit {

namespace {
constexpr int max_moved = 10;

// Sealed, and without the id or a later one.
bool is_before(const SegmentFile& file, std::uint64_t id) {
  if (id == 1 || !is_sealed(file)) return false;
  const SealResult sealed = read_seal(file);
  return sealed.error.empty() && sealed.seal->last < id;
}

ReadProblem::Kind kind_of(SegmentInput::Failure failure) {
  switch (failure) {
    case SegmentInput::Failure::unreadable:
      return ReadProblem::Kind::unreadable;
    case SegmentInput::Failure::foreign:
      return ReadProblem::Kind::foreign;
    case SegmentInput::Failure::truncated:
      return ReadProblem::Kind::truncated;
  }
  return ReadProblem::Kind::unreadable;
}

}  // namespace

std::string_view to_string(ReadProblem::Kind kind) {
  switch (kind) {
    case ReadProblem::Kind::unreadable:
      return "unreadable";
    case ReadProblem::Kind::foreign:
      return "foreign";
    case ReadProblem::Kind::truncated:
      return "truncated";
    case ReadProblem::Kind::newer_format:
      return "newer_format";
    case ReadProblem::Kind::missing:
      return "missing";
  }
  return "unreadable";
}

Reader::Reader(std::filesystem::path directory, std::uint64_t from_id)
    : directory_(std::move(directory)), walk_(directory_), next_id_(std::max<std::uint64_t>(from_id, 1)) {}

Reader::~Reader() = default;

bool Reader::next(ReadLine& line) {
  for (;;) {
    switch (step(line)) {
      case Step::line:
        return true;
      case Step::end:
        return false;
      case Step::again:
        continue;
    }
  }
}

Reader::Step Reader::step(ReadLine& line) {
  if (input_ == nullptr && !open_next()) return Step::end;
  if (input_ == nullptr) return Step::again;
  std::string_view text;
  switch (input_->next(text)) {
    case SegmentInput::Status::line:
      return accept(text, line) ? Step::line : Step::again;
    case SegmentInput::Status::failed:
      problem(kind_of(input_->failure()), input_->error());
      input_.reset();
      return Step::again;
    case SegmentInput::Status::end:
      break;
  }
  if (file_.form == SegmentFile::Form::current) {
    if (!is_rotated(directory_, file_.number)) return Step::end;
    file_.form = SegmentFile::Form::plain;  // what was written between the last read and the rotation
    return Step::again;
  }
  if (!input_->torn().empty()) {
    problem(ReadProblem::Kind::truncated, file_.path.string() + ": ends in the middle of line " +
                                              std::to_string(input_->line_number() + 1));
  }
  input_.reset();
  return Step::again;
}

// False: there is no further segment. A segment that can't be opened is said and passed over.
bool Reader::open_next() {
  const SegmentFile* file = walk_.after(segment_);
  while (file != nullptr && is_before(*file, next_id_)) file = walk_.after(file->number);
  if (!walk_.error().empty()) {
    if (problems_.empty() || problems_.back().message != walk_.error())
      problems_.push_back({ReadProblem::Kind::unreadable, 0, directory_, walk_.error()});
    return false;
  }
  if (file == nullptr) return false;
  segment_ = file->number;
  file_ = *file;
  input_ = std::make_unique<SegmentInput>();
  if (!input_->open(file_)) {
    const bool moved = is_gone(file_.path);
    if (moved && ++moved_ < max_moved) {  // sealed or rotated since it was listed
      --segment_;
    } else {
      problem(ReadProblem::Kind::unreadable, input_->error());
    }
    input_.reset();
  } else if (file_.form == SegmentFile::Form::current && is_rotated(directory_, file_.number)) {
    --segment_;  // what was opened may be a later segment than the one that was listed
    input_.reset();
  } else {
    moved_ = 0;
  }
  return true;
}

bool Reader::accept(std::string_view text, ReadLine& line) {
  auto parsed = parse_line(text);
  if (!parsed) {
    const bool newer = input_->line_number() == 1 && text.find("\"format\":") != std::string_view::npos;
    problem(newer ? ReadProblem::Kind::newer_format : ReadProblem::Kind::foreign,
            file_.path.string() + ": line " + std::to_string(input_->line_number()) +
                " is not a line of an audit log");
    return false;
  }
  if (parsed->id < next_id_) return false;
  if (parsed->kind == LineKind::log && !accept_log_line(*parsed)) return false;
  if (parsed->id > next_id_) gaps_.push_back({next_id_, parsed->id - 1, file_});
  next_id_ = parsed->id + 1;
  static_cast<Line&>(line) = *parsed;
  line.segment = file_.number;
  line.number = input_->line_number();
  return true;
}

// False: the segment can't be read on.
bool Reader::accept_log_line(const Line& line) {
  const auto log = parse_log_line(line);
  if (!log) return true;
  if (log->kind == LogLine::Kind::removed) removed_on_purpose(log->first, log->last);
  if (log->format <= format_version) return true;
  problem(ReadProblem::Kind::newer_format, file_.path.string() + ": has format " +
                                               std::to_string(log->format) + ", this version knows " +
                                               std::to_string(format_version));
  input_.reset();
  return false;
}

// Segments are removed in order, so the lines that say so come in order too.
void Reader::removed_on_purpose(std::uint64_t first, std::uint64_t last) {
  for (Gap& gap : gaps_) {
    if (first <= gap.first && gap.first <= last) gap.first = last + 1;
  }
  std::erase_if(gaps_, [](const Gap& gap) { return gap.first > gap.last; });
}

std::vector<ReadProblem> Reader::problems() const {
  std::vector<ReadProblem> all = problems_;
  for (const Gap& gap : gaps_) {
    all.push_back({ReadProblem::Kind::missing, gap.before.number, gap.before.path,
                   "ids " + std::to_string(gap.first) + " to " + std::to_string(gap.last) +
                       " are missing before " + gap.before.path.string()});
  }
  return all;
}

void Reader::problem(ReadProblem::Kind kind, std::string message) {
  const bool said = std::any_of(problems_.begin(), problems_.end(), [&](const ReadProblem& each) {
    return each.segment == file_.number && each.kind == kind;
  });
  if (!said) problems_.push_back({kind, file_.number, file_.path, std::move(message)});
}

}  // namespace pgconsent::audit
