// How a trigger's code takes and gives the rows that it is given, NEW and OLD.
#pragma once

#include <string>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

// May the order of their columns count, or may columns of any name be filled in them? What is not known to be
// harmless is not: of a trigger's rows NEW.a, RETURN NEW, r := NEW with a `r record`, to_jsonb(NEW),
// NEW IS DISTINCT FROM OLD and the like take no notice of the order, and
// NEW := jsonb_populate_record(NEW, jsonb_build_object('a', …)) fills what is written there.
bool takes_whole_rows(const std::string& body, const std::vector<Token>& tokens);

}  // namespace pgconsent::parser
