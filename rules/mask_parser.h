// The mask notation of rules.yaml: null, constant('…'), partial(1,'***',0), email, hash, pseudonym, year,
// month, round(n), range(n). Private to rules/.
#pragma once

#include <optional>

#include "rules/policy.h"
#include "rules/reporter.h"

namespace pgconsent::rules {

// Reports and returns nothing on bad input.
std::optional<Mask> parse_mask(const Text& written, Reporter& report);

std::string_view to_string(Mask::Kind kind);

}  // namespace pgconsent::rules
