// Conditions `column = value` of a statement's WHERE clause: for indexes, and for what asks for one row.
#include <fmt/format.h>

#include <algorithm>

#include "parser/names/type_oids.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/leakproof_types.h"
#include "proxy/enforce/query_rewriter.h"

namespace pgconsent::enforce {

using parser::RangeEntry;
using parser::Relation;

namespace {

// A number is compared with a string by nobody's operator, and the server's error belongs to the original.
bool is_repeatable(const Generation& generation, const Node* value, const parser::Column& column) {
  if (nodeTag(value) == T_ParamRef) return generation.parameters_are_steady();
  if (nodeTag(value) != T_A_Const) return false;
  const auto* constant = parser::as<A_Const>(value);
  if (constant->isnull) return false;
  const NodeTag tag = nodeTag(&constant->val.node);
  const bool is_integer = parser::is_integer_type(column.type) || column.type == parser::oid_oid;
  return tag == T_String || (tag == T_Integer && is_integer);
}

bool is_used_once(Source& source, std::string_view parameter) {
  const parser::TokenIndex& tokens = source.tokens();
  const std::string_view text = source.text();
  int uses = 0;
  for (int i = 0; i < tokens.size(); ++i) {
    const parser::Token& token = tokens[i];
    uses += token.kind == parser::TokenKind::parameter &&
            text.substr(token.start, token.end - token.start) == parameter;
  }
  return uses == 1;
}

}  // namespace

// The value as SQL, empty where it can't be said twice.
std::string QueryRewriter::repeated(Source& source, const Node* value, const parser::Column& column,
                                    bool any) const {
  const bool cast = nodeTag(value) == T_TypeCast;
  const Node* plain = cast ? parser::node_of(parser::as<TypeCast>(value)->arg) : value;
  const bool constant = nodeTag(plain) == T_A_Const;
  if (cast ? any || !keeps_type(parser::as<TypeCast>(value), column) : any && constant) return {};
  if (!is_repeatable(generation_, plain, column)) return {};
  const std::string text = parser::value_text(source.text(), source.tokens(), plain);
  // Repeated in front of its other uses, it would decide about the parameter's type.
  if (text.empty() || (!constant && !is_used_once(source, text))) return {};
  if (any) return "ANY (" + text + ")";
  if (!cast) return text;
  const std::string_view type = parser::last_string(parser::as<TypeCast>(value)->typeName->names);
  return "CAST(" + text + " AS " + parser::quote_qualified({"pg_catalog", std::string(type)}) + ")";
}

// A cast to the column's own type, or one that is compared with it as it is: no other operator is found for
// it.
bool QueryRewriter::keeps_type(const TypeCast* cast, const parser::Column& column) const {
  const TypeName& type = *cast->typeName;
  const std::string_view name = parser::last_string(type.names), schema = parser::schema_string(type.names);
  if (type.typmods != nullptr || type.arrayBounds != nullptr || type.setof || type.pct_type) return false;
  // A temporary type may have any name.
  if (schema != "pg_catalog" && (!schema.empty() || names_.has_temporary_schema())) return false;
  if (column.type == parser::text_oid || column.type == parser::varchar_oid)
    return name == "text" || name == "varchar";
  if (parser::is_integer_type(column.type)) return name == "int2" || name == "int4" || name == "int8";
  return column.type == parser::uuid_oid && name == "uuid";
}

// Where the mask is NULL, mask(email) = $1 implies email = $1: said beside it, an index can serve it. Whether
// a row was found that way must not show in what else is asked of it (1 / (id - 5)): the guard decides first.
LookupFilter QueryRewriter::lookups(Source& source, const RangeEntry& entry, const DerivedTable& table,
                                    std::string_view alias, const RewriteOptions& options) const {
  LookupFilter out;
  const rules::ProtectedRelation* relation =
      generation_.protected_relation(entry.relation->oid, options.purpose);
  if (options.explain || !names_.catalog_comes_first()) return out;
  for (const parser::EqualityLookup& lookup : entry.lookups) {
    const parser::Column& column = entry.relation->columns[lookup.column];
    const rules::ProtectedColumn* rule = relation->column(column.attnum);
    if (rule == nullptr || !rule->lookup_equality || rule->mask.kind != rules::Mask::Kind::null) continue;
    if (rule->without_basis == rules::WithoutBasis::refuse || !has_leakproof_equality(column)) continue;
    const auto clears_if = table.clears_if.find(column.attnum);
    if (clears_if == table.clears_if.end()) continue;
    // IN finds types for its parameters that = does not, and its operator by the search path.
    const bool list = nodeTag(lookup.value) == T_List;
    if (list && generation_.is_defined_operator("=")) continue;
    std::vector<std::string> values;
    const auto add = [&](const Node* node) { values.push_back(repeated(source, node, column, lookup.any)); };
    list ? parser::for_each(parser::as<List>(lookup.value), add) : add(lookup.value);
    if (std::any_of(values.begin(), values.end(), [](const std::string& value) { return value.empty(); }))
      continue;
    const std::string_view conjunction = out.raw.empty() ? "" : " AND ";
    out.raw += fmt::format("{}{}.{} ", conjunction, alias, parser::quote_identifier(column.name));
    out.raw +=
        list ? fmt::format("IN ({})", fmt::join(values, ", ")) : "OPERATOR(pg_catalog.=) " + values.front();
    out.guard.append(conjunction).append("(").append(clears_if->second).append(")");
  }
  return out;
}

// Does the WHERE clause compare all columns of a unique key with values? Masked columns count where the mask
// is NULL. Or is the key `pinned` by way of other relations? For speed only: nothing else rests on it.
bool QueryRewriter::finds_key(const RangeEntry& entry, const rules::ProtectedRelation& rules,
                              bool pinned) const {
  if (!names_.catalog_comes_first()) return false;
  const Relation& relation = *entry.relation;
  const auto is_compared = [&](parser::AttrNumber attnum) {
    const rules::ProtectedColumn* rule = rules.column(attnum);
    if (rule == nullptr || !(rule->is_public || rule->mask.kind == rules::Mask::Kind::null)) return false;
    const auto is_column = [&](int column) { return relation.columns[column].attnum == attnum; };
    if (pinned) return std::any_of(entry.pinned.begin(), entry.pinned.end(), is_column);
    return std::any_of(entry.lookups.begin(), entry.lookups.end(), [&](const parser::EqualityLookup& lookup) {
      return lookup.is_one() && is_column(lookup.column);
    });
  };
  return std::any_of(relation.unique_keys.begin(), relation.unique_keys.end(),
                     [&](const parser::UniqueKey& key) {
                       return std::all_of(key.attnums.begin(), key.attnums.end(), is_compared);
                     });
}

}  // namespace pgconsent::enforce
