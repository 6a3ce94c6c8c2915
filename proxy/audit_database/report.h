// Answers as tables of plain text: what a period brought, whose data went out, what nobody needs. No I/O; how
// values are escaped is for the writers (tables.h and openness/document.h).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/audit_database/source.h"

namespace pgconsent::audit_database {

struct ResultTable {
  std::string id, title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  // name, value
  std::vector<std::string> notices;                        // what a reader must know before trusting it
  std::vector<std::string> doubts;                         // why it may lack somebody; notices, too
  std::vector<ResultTable> tables;
};

struct Period {
  std::string since, until;  // empty: unbounded
};

// Refusals by reason, masked columns by application, purposes used, exempt access, new statements.
Report period_report(const std::vector<Total>& totals, const Period& period);

// Subject numbers as people know them; empty: nobody knows it any more.
using SubjectName = std::function<std::string(const std::string& kind, std::uint32_t number)>;
// Whose data went out with the statements of `totals`, in which categories; the list for notification.
Report breach_report(const std::vector<Total>& totals, const Filter& filter, const SubjectName& name);

// Why the statements of `totals` may have shown more people than is recorded, or more of one kind.
std::vector<std::string> doubts_of(const std::vector<Total>& totals, const std::string& kind = {});

// Who got one person's data, when, and why: the newest first. `doubts`: doubts_of() what was looked through.
Report subject_report(const std::vector<Entry>& entries, const std::string& kind, const std::string& key,
                      const Filter& filter, std::vector<std::string> doubts);

// A protected column as the rules have it: the purposes for which its category has a basis.
struct RuledColumn {
  std::string column, category;
  std::set<std::string> purposes;
};
// Columns that an application reads, but that are always masked for it: by the rules, or as far as cells were
// counted. And columns of the rules that no statement used.
Report minimise_report(const std::vector<Total>& totals, const Period& period,
                       const std::vector<RuledColumn>& columns);

// The categories in "public.t.mail: contact: consent", "public.t.name: identity: contract".
std::string categories(const std::vector<std::string>& basis);
std::string joined(const std::vector<std::string>& list);

}  // namespace pgconsent::audit_database
