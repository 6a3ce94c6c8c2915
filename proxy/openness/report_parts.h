// The parts of make_report(). Private to proxy/openness.
#pragma once

#include "proxy/openness/report.h"

namespace pgconsent::openness {

// Rows, columns, values: fills tables.
void read_tables(SubjectReport& report, const Ask& ask);
// What each purpose may use of what was found.
void read_uses(SubjectReport& report, const Ask& ask);
// What the consent source holds: fills records, history, regime, restricted.
void read_consent(SubjectReport& report, const Ask& ask);
// Why not: from what read_consent() found. REQUIRES: all of the above.
void explain_uses(SubjectReport& report);

// Notes what was not read, and why.
void note_missing(SubjectReport& report, const std::string& what, const Answer& answer);

}  // namespace pgconsent::openness
