// How code takes and gives whole rows, beyond the columns that it names. What is not known to be harmless is
// not: another column in the place of one, or one of a new name, would get values that nobody masks.
#pragma once

#include <string>
#include <vector>

#include "parser/tree/scanner.h"

namespace pgconsent::parser {

struct RowUse {
  bool by_position = false;    // the order of columns may count in rows that a trigger is given
  bool fills_own = false;      // columns of any name may be filled in these,
  bool fills_named = false;    // and in rows of tables that the code names
  bool fills_by_rows = false;  // or columns that are called as another row's
  bool runs_any = false;       // SQL that is not seen here: all of this, in any table
};

// Of a trigger's rows only NEW.a, RETURN NEW, to_jsonb(NEW), NEW IS DISTINCT FROM OLD and the like take no
// notice of the order; jsonb_populate_record(NEW, jsonb_build_object('a', …)) fills what is written there.
RowUse find_row_use(const std::string& body, const std::vector<Token>& tokens);

}  // namespace pgconsent::parser
