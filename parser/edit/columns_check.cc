#include "parser/edit/columns_check.h"

#include <fmt/format.h>

#include "parser/names/identifier.h"

namespace pgconsent::parser {

// The cast tells that there are no more columns, the fields that there are these; neither needs a privilege.
std::string columns_check(const Relation& relation) {
  const std::string type = quote_qualified({relation.schema, relation.name});
  std::string fields;
  for (const Column& column : relation.columns)
    fields += (fields.empty() ? "(r)." : ", (r).") + quote_identifier(column.name);
  return fmt::format("(TRUE OR (SELECT CAST(ROW({}) AS {}) IS NULL FROM (SELECT CAST(NULL AS {})) AS q (r)))",
                     fields, type, type);
}

}  // namespace pgconsent::parser
