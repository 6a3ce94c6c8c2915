// A planner whose decisions stand in the text, and a log that can be made to fail.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/audit/log.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::session_test {

// Statements are separated by `;`. The first word of each decides:
//   secret     masked; what is sent names the purpose; may come from column 100.3 (origins)
//   clear      allowed: column 100.2 may arrive raw
//   value      masked, and may fail at run time by rule public.t.ssn
//   forbidden  refused
//   set, call  changes the state           discard  also forgets prepared statements
//   create     DDL                         commit, rollback  end the transaction
//   prepare X, deallocate X                unknown  needs a newer catalog once
// Everything else is untouched. Protected columns: 100.2 and 100.3. Purposes of every role: support,
// marketing.
class FakePlanner : public enforce::Planner {
 public:
  std::variant<enforce::PlanPtr, enforce::NeedsCatalog> plan(std::string_view text,
                                                             const enforce::SessionState& state,
                                                             bool catalog_is_fresh) override;
  bool is_current(const enforce::Plan& plan) const override {
    return plan.catalog_version == catalog_version;
  }
  bool is_protected(enforce::ColumnOrigin column) const override {
    return column.table == 100 && (column.attnum == 2 || column.attnum == 3);
  }
  std::optional<parser::SqlError> check_purpose(std::string_view role,
                                                std::string_view purpose) const override;
  std::string default_purpose(std::string_view role) const override { return role == "dba" ? "" : "support"; }
  bool is_exempt(std::string_view role) const override { return role == "dba"; }

  std::uint64_t catalog_version = 1;
  std::vector<std::string>
      states;  // "path purpose" at each plan, with [private] when the transaction has a catalog
};

class FakeLog : public audit::Log {
 public:
  std::uint64_t append(const audit::Record& record) override {
    records.push_back(std::string(record.decision));
    return records.size();
  }
  bool written(std::uint64_t sequence) const override { return sequence <= in_file; }
  bool flush() override {
    if (!writable) return healthy_ = false;
    in_file = records.size();
    return healthy_ = true;
  }
  bool healthy() const override { return healthy_; }

  std::vector<std::string> records;
  std::uint64_t in_file = 0;
  bool writable = true;
  bool healthy_ = true;
};

}  // namespace pgconsent::session_test
