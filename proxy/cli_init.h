// What `pgconsent check` asks of the built-in consent store.
#pragma once

#include <string>

#include "parser/catalog/snapshot.h"
#include "proxy/net/reload.h"

namespace pgconsent {

// What `pgconsent init` would make or mend, as errors.
void check_store(const net::SettingsResult& loaded, const std::string& database,
                 const parser::Snapshot& catalog, rules::Diagnostics& diagnostics);

}  // namespace pgconsent
