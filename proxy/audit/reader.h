// Reads an audit directory from outside, also while a proxy writes to it: all complete lines of all segments,
// sealed and compressed or current, in order of their ids. Takes no lock and changes nothing. Hashes are not
// checked here (verify.h). Not thread-safe. Never throws on what it finds.
//
//   Reader reader(directory, last_seen + 1);
//   ReadLine line;
//   while (reader.next(line)) …      // false: nothing more for now; later there may be
//   if (reader.is_partial()) …       // reader.problems() says which segments could not be read, and why
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "proxy/audit/line.h"
#include "proxy/audit/segments.h"

namespace pgconsent::audit {

class SegmentInput;

struct ReadProblem {
  enum class Kind {
    unreadable,    // the file or the directory can't be read
    foreign,       // not lines of an audit log, or not all of them
    truncated,     // ends in the middle of a line, though a later segment follows; or is cut where compressed
    newer_format,  // written by a later version
    missing,       // ids that should be there are not, and no line says that they were removed on purpose
  };
  Kind kind = Kind::unreadable;
  std::uint64_t segment = 0;   // 0: the directory
  std::filesystem::path file;  // as far as there is one
  std::string message;         // one line, with the file's name
};
std::string_view to_string(ReadProblem::Kind kind);

struct ReadLine : Line {  // valid until the next call of next()
  std::uint64_t segment = 0;
  std::uint64_t number = 0;  // of the line in its segment, from 1
};

class Reader {
 public:
  // Lines with ids from `from_id` on. To resume: the last id seen + 1, which is next_id().
  explicit Reader(std::filesystem::path directory, std::uint64_t from_id = 1);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // False at the end of what is there now; asked again, it goes on with what was written since, through
  // rotations too.
  bool next(ReadLine& line);
  std::uint64_t next_id() const { return next_id_; }
  // One per segment and kind, in order of reading; missing ids last. Whether ids are missing on purpose is
  // known only when all was read.
  std::vector<ReadProblem> problems() const;
  bool is_partial() const { return !problems_.empty() || !gaps_.empty(); }

 private:
  enum class Step { line, again, end };
  struct Gap {
    std::uint64_t first = 0, last = 0;
    SegmentFile before;  // the segment of the line after it
  };
  Step step(ReadLine& line);
  bool open_next();
  bool accept(std::string_view text, ReadLine& line);
  bool accept_log_line(const Line& line);
  void removed_on_purpose(std::uint64_t first, std::uint64_t last);
  void problem(ReadProblem::Kind kind, std::string message);

  std::filesystem::path directory_;
  SegmentWalk walk_;
  std::uint64_t next_id_;
  std::uint64_t segment_ = 0;  // the last one that was opened; 0: none
  SegmentFile file_;
  std::unique_ptr<SegmentInput> input_;  // null: none is open
  int moved_ = 0;                        // how often in a row a listed file was not there any more
  std::vector<ReadProblem> problems_;
  std::vector<Gap> gaps_;
};

}  // namespace pgconsent::audit
