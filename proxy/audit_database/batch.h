// Lines of the log as the rows that one transaction brings into the audit database. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/audit/line.h"
#include "proxy/audit_database/entry.h"

namespace pgconsent::audit_database {

// Sets of at most so many subjects are a row each in `disclosure`.
inline constexpr std::size_t most_single_subjects = 32;
inline constexpr std::uint32_t subjects_in_chunk = 32768;

// Where an outcome belongs. Without a record (which is not there) it stands by its own time.
struct RecordPlace {
  std::string time;
  int shape = 0;  // 0: not known
};

class Batch {
 public:
  void add_record(const audit::Line& line, const RecordFields& record, int shape);
  void add_outcome(const audit::Line& line, const Outcome& outcome, const RecordPlace& record);
  void add_log_line(const audit::Line& line);

  bool empty() const { return lines == 0; }

  struct Table {
    const char* columns;  // "record (time, …)"
    std::string rows;     // COPY's text format
  };
  enum TableIndex { record, outcome, disclosure, disclosure_set, log_line };
  std::array<Table, 5> tables{
      {{"record (time, id, session, client, shape, catalog, duration_us, hash)", {}},
       {"outcome (record_time, outcome_of, time, id, rows, cells_masked, server_us, sqlstate, subject_kinds, "
        "subject_counts, subject_sets, subjects_unknown, hash)",
        {}},
       {"disclosure (kind, number, time, id)", {}},
       {"disclosure_set (kind, chunk, time, id, offsets, bits)", {}},
       {"log_line (id, time, fields, hash)", {}}}};

  struct Activity {
    std::uint64_t statements = 0, rows = 0, cells_masked = 0, failed = 0;
  };
  std::map<std::pair<std::string, int>, Activity> activity;  // by hour and shape
  struct ShapeUse {
    std::uint64_t records = 0;
    std::string first, last;
  };
  std::map<int, ShapeUse> shapes;
  std::set<std::string> months;  // 2026-01-01
  std::uint64_t lines = 0, bytes = 0;

 private:
  void add_disclosures(std::uint64_t record, const std::string& time, const Outcome::Subjects& subjects);
  void add_chunk(std::uint64_t record, const std::string& time, const std::string& kind,
                 const std::uint32_t* begin, const std::uint32_t* end);
  Activity& activity_of(std::string_view time, int shape);
};

}  // namespace pgconsent::audit_database
