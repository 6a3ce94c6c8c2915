// Where answers come from: the audit database, or the files of the log where there is none. Both answer
// alike. Not thread-safe.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proxy/audit_database/connection.h"
#include "proxy/audit_database/filter.h"
#include "proxy/audit_database/subject_set.h"

namespace pgconsent::audit_database {

// What happened with one shape within a filter.
struct Total {
  Shape shape;
  std::uint64_t records = 0, rows = 0, cells_masked = 0, failed = 0;
  std::string fingerprint_since;  // when the log first had a statement of its fingerprint
  // Only when asked for: whose data the statements showed, by kind.
  std::map<std::string, SubjectSet> subjects;
  std::uint64_t subjects_recorded = 0;     // statements of which that is known, or what of it is not
  std::set<std::string> subjects_unknown;  // kinds of which there may be others
};

class Source {
 public:
  enum class Order { newest_first, oldest_first };
  using Sink = std::function<bool(const Entry&)>;  // false: enough

  virtual ~Source() = default;
  // All: false, and error(), when nothing can be answered.
  // At most `most`, 0: all.
  virtual bool entries(const Filter& filter, Order order, std::size_t most, const Sink& sink) = 0;
  virtual bool show(std::uint64_t id, std::optional<Entry>& entry) = 0;
  // By time and shape; ascending by shape's text. `subject` is not looked at.
  virtual bool totals(const Filter& filter, bool with_subjects, std::vector<Total>& totals) = 0;

  // Why the answers so far may lack something; one line each.
  virtual std::vector<std::string> gaps() = 0;
  const std::string& error() const { return error_; }

 protected:
  bool fail(std::string error) {
    error_ = std::move(error);
    return false;
  }
  std::string error_;
};

std::unique_ptr<Source> open_files(std::filesystem::path directory);
// Through the views and functions that auditors have, too. REQUIRES: the connection lives longer.
std::unique_ptr<Source> open_database(Connection& connection);

}  // namespace pgconsent::audit_database
