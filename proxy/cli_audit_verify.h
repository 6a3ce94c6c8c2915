// `pgconsent audit verify` and `pgconsent audit keygen`. Private to the command line.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace pgconsent {

// Adds them below `audit`; when one was given, `command` runs it.
void add_audit_verify(CLI::App& audit, std::function<int()>& command);

}  // namespace pgconsent
