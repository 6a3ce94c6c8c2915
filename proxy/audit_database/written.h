// Entries and reports as text for programs: JSON, CSV, CEF. Each escapes what it must; values may be
// anything.
#pragma once

#include <string>
#include <string_view>

#include "proxy/audit_database/report.h"

namespace pgconsent::audit_database {

// One object on one line, fields in the order of the log's line; `outcome` inside.
std::string to_json(const Entry& entry);

std::string csv_header();
std::string to_csv(const Entry& entry);
// RFC 4180, and nothing that a spreadsheet would take for a formula: such a field begins with an apostrophe.
std::string csv_field(std::string_view value);

// ArcSight's Common Event Format, version 0. `version`: of this program.
std::string to_cef(const Entry& entry, std::string_view version);

std::string to_json(const Report& report);
// All tables below each other; the first field of each line names the table.
std::string to_csv(const Report& report);

// For a terminal: no control characters, one line.
std::string printable(std::string_view value);

}  // namespace pgconsent::audit_database
