// What is held about one data subject, and what each purpose may do with it now: counted in the rows
// themselves, under the guard's own conditions, so that it can't differ from what the proxy shows.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/enforce/generation.h"

namespace pgconsent::openness {

// What the server says to one query; all of a report are asked in one snapshot, each in a subtransaction.
struct Answer {
  using Row = std::vector<std::optional<std::string>>;
  std::vector<Row> rows;
  std::string sqlstate, error;  // not empty: it failed
};
using Ask = std::function<Answer(const std::string& sql)>;

struct ReportRequest {
  enforce::GenerationPtr generation;
  std::string database, written_at;
  std::string kind, key;  // as given
  bool values = false;    // the answer to an access request (Art. 15 GDPR)
};

struct HeldColumn {
  const rules::ProtectedColumn* rule = nullptr;
  std::int64_t rows = 0;  // in which it is not NULL
};
struct HeldTable {  // with its partitions and children
  const rules::ProtectedRelation* rule = nullptr;
  std::int64_t rows = 0;
  bool shared = false;  // its rows have other subjects, too
  std::vector<HeldColumn> columns;
  std::vector<Answer::Row> values;  // in the order of the columns
};

struct BasisNow {
  const rules::ListedBasis* listed = nullptr;
  std::optional<rules::Regime> regime;
  std::int64_t rows = 0;  // for which this basis alone is enough
};
struct UseNow {  // of a category of this subject's data for a purpose
  const rules::Purpose* purpose = nullptr;
  std::string category;
  std::int64_t rows = 0, clear = 0;  // rows that hold such data; those of them that may be used
  std::vector<BasisNow> bases;
  bool shared = false;               // other subjects' consent may decide, too
  bool hidden = false;               // rows are left out because of other columns (`without_basis: hide_row`)
  std::vector<std::string> reasons;  // why some are not clear: withdrawn, expired, objected, restricted, …
};

// What is recorded, as the source keeps it.
struct ConsentRecord {
  std::string purpose, category;  // empty: all
  std::string state;              // given, withdrawn, expired, future, objected, restricted
  std::string from, until, at;    // may be empty
};
using Event = std::vector<std::pair<std::string, std::string>>;  // field, value

// Statements that showed data of this person, from the audit log.
struct UsedBy {
  std::string role, application, purpose, categories;
  std::uint64_t statements = 0;
  std::string first, last;  // times
};

struct SubjectReport {
  enum class Outcome { answered, unknown_kind, bad_key, unknown_subject, failed };
  Outcome outcome = Outcome::failed;
  std::string error;
  ReportRequest request;
  std::string key;      // as the server writes it
  bool has_row = true;  // of its own, in its kind's table
  std::string regime;   // the law it stands under, where that is recorded
  bool restricted = false;
  std::vector<HeldTable> tables;                // those with rows, by name
  std::map<parser::Oid, std::int64_t> rows_of;  // by relation, partitions and children apart
  std::vector<UseNow> uses;                     // by purpose and category
  std::vector<ConsentRecord> records;
  bool has_history = false;                    // the source keeps every event
  std::vector<Event> history;                  // the oldest first
  std::optional<std::vector<UsedBy>> used_by;  // none: the audit log does not tell whose data it was
  std::vector<std::string> missing;            // what could not be read, and why: the report is not complete
  const rules::Policy& policy() const { return request.generation->policy(); }
};

SubjectReport make_report(const ReportRequest& request, const Ask& ask);

// `used_by` is the caller's to fill in.
std::string to_json(const SubjectReport& report);
std::string to_html(const SubjectReport& report, std::string_view language);
std::string to_markdown(const SubjectReport& report, std::string_view language);

}  // namespace pgconsent::openness
