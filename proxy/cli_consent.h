// `pgconsent consent …`: what is given, withdrawn, objected to and restricted, one by one and in files.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace pgconsent {

// Adds the commands; `run` is set to what was chosen when they are parsed.
void add_consent_commands(CLI::App& app, std::function<int()>& run);

}  // namespace pgconsent
