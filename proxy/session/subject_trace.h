// Whose data go by in the rows of one statement, as its plan says where that can be read. Reads rows and
// changes nothing; what it can't read it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/number_set.h"
#include "proxy/audit/subjects.h"
#include "proxy/enforce/disclosure.h"

namespace pgconsent::session {

// What a Bind gave, as far as the audit asks for it.
struct BoundValues {
  struct Value {
    bool known = false, binary = false;
    std::uint32_t type = 0;  // what Parse declares; 0: the server finds it
    std::string bytes;
  };
  std::vector<std::uint16_t> result_formats;  // none: all text; one: holds for all
  std::vector<Value> parameters;              // $1, …
};

class SubjectTrace {
 public:
  // `directory` may be null: then only cells are counted. It outlives the trace.
  explicit SubjectTrace(audit::SubjectDirectory* directory) : directory_(directory) {}

  struct Source {
    const BoundValues* bound = nullptr;                       // null: simple query
    std::optional<std::span<const std::uint16_t>> formats{};  // of the result; empty: unknown
    bool utf8 = true;                                         // the client's encoding
    std::span<const std::string> constants{};                 // of the plan
  };
  // All of these are needed until the next begin().
  void begin(const enforce::Disclosure& disclosure, const Source& source);
  bool reads_rows() const { return !wanted_.empty(); }
  // A DataRow or CopyData, as far as it has come. False: more of it is needed.
  bool row(char type, std::string_view body, bool whole);
  void lose_row();  // it can't be read

  struct Result {
    std::span<const audit::Outcome::Subjects> subjects;
    std::span<const std::string> unknown;
    std::optional<std::uint64_t> cells_masked;
  };
  // `rows`: shown or moved. Valid until the next call.
  Result finish(std::uint64_t rows);

 private:
  struct Wanted {  // a column of the result
    std::uint32_t column = 0;
    std::optional<std::string_view> value{};  // in the row at hand; empty: NULL
  };
  struct Key {
    std::uint32_t kind = 0;
    std::size_t wanted = 0;
    bool binary = false;
    std::uint32_t type = 0;
  };
  struct Entry {
    std::vector<Key> keys;
    std::vector<std::size_t> nulls;  // of `wanted_`
    bool shown = false;              // in some row
  };
  struct Kind {
    int id = -1;
    bool unknown = false;
    audit::NumberSet numbers;
    std::string bitmap;
  };

  std::size_t want(std::uint32_t column);
  void sort_wanted();
  std::optional<bool> read_cells(std::string_view body, bool whole);
  std::optional<bool> read_text(std::string_view body, bool whole);
  std::optional<bool> read_csv(std::string_view body, bool whole);
  std::optional<bool> read_copy(std::string_view body, bool whole);
  std::string_view plain(std::string_view cell);
  void take();
  void add(std::uint32_t kind, const std::optional<audit::SubjectKey>& key, std::string_view bytes);
  void add_given(const enforce::Disclosure::Subject& subject);
  bool is_binary(std::uint32_t column) const;

  audit::SubjectDirectory* directory_;
  const enforce::Disclosure* disclosure_ = nullptr;
  Source source_;
  std::vector<Wanted> wanted_;  // by column
  std::vector<Entry> entries_;
  std::vector<std::size_t> masked_;  // of `wanted_`
  std::vector<Kind> kinds_;
  bool header_ = false;  // of a COPY, still to come
  std::uint64_t masked_nulls_ = 0;
  bool lost_rows_ = false;
  bool skips_ = false;  // the message holds no row
  std::string scratch_, unescaped_;
  std::vector<audit::Outcome::Subjects> subjects_;
  std::vector<std::string> unknown_;
};

}  // namespace pgconsent::session
