// Which tables a body of SQL or PL/pgSQL names as tables, and whether it may take or give whole rows of them.
// What is not known to name columns does: another column in the place of one, or one of a new name, would get
// values that nobody masks.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/catalog/snapshot.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

using RelationsByName = std::unordered_map<std::string_view, std::vector<const Relation*>>;

struct NamedTable {
  const Relation* relation = nullptr;
  bool has_schema = false;  // wherever it is named
  // SELECT *, INSERT INTO t VALUES, r t%ROWTYPE, to_jsonb(t), t AS x(a, b): not SELECT t.a, INSERT INTO t
  // (a).
  bool whole = false;
};

std::vector<NamedTable> find_tables(const std::string& body, const std::vector<Token>& tokens,
                                    const RelationsByName& known);

}  // namespace pgconsent::parser
