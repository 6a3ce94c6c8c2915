// Names that the server would understand otherwise than they were analysed.
#include "parser/tree/walker.h"
#include "proxy/enforce/defined_names.h"
#include "proxy/enforce/query_rewriter.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

bool QueryRewriter::refuse_binding(const parser::Binding& binding, Statement& statement) {
  if (!binding.problem.empty()) refuse(statement, unsupported(binding.problem));
  if (binding.ambiguous != nullptr) {
    const auto* table = static_cast<const Node*>(linitial(binding.ambiguous->fields));
    const std::string name(parser::string_value(table));
    refuse(statement, {"42P09", "table reference \"" + name + "\" is ambiguous", {}, {}, 0},
           binding.ambiguous->location);
  }
  return statement.refusal.has_value();
}

// The server resolves names again when a prepared statement or portal runs: one that could ever mean a
// protected relation is sent qualified.
void QueryRewriter::qualify(Source& source, const parser::BoundRelation& bound, parser::Splicer& splicer,
                            Statement& statement) {
  if (bound.range->schemaname != nullptr || !bound.name.found()) return;
  if (!generation_.is_sensitive_name(bound.range->relname)) return;
  if (bound.name.relation != nullptr && bound.name.relation->schema == "pg_catalog") return;
  if (!parser::qualify(source.tokens(), bound.range, schema_of(bound.name), splicer)) {
    refuse(statement, unsupported("a relation could not be found in the text"));
  }
}

}  // namespace pgconsent::enforce
