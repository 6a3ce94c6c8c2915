// `pgconsent audit …`: the audit database and questions to the audit log.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

namespace pgconsent {

// Adds the commands; `run` is set to what was chosen when they are parsed.
void add_audit_commands(CLI::App& app, std::function<int()>& run);

}  // namespace pgconsent
