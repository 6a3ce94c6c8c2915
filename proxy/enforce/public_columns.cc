#include "proxy/enforce/public_columns.h"

#include <algorithm>

#include "parser/tree/walker.h"

namespace pgconsent::enforce {

const rules::ProtectedColumn* PublicColumns::find(std::string_view name) const {
  for (const rules::ProtectedColumn& column : relation_.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

bool PublicColumns::is_public(std::string_view name) const {
  const rules::ProtectedColumn* column = find(name);
  return !hides_rows_ && (column == nullptr ? added_.contains(name) : column->is_public);
}

bool PublicColumns::is_public(const Node* expression) const {
  if (nodeTag(expression) == T_NullTest && nodeTag(parser::as<NullTest>(expression)->arg) == T_ColumnRef) {
    const List* fields =
        parser::as<ColumnRef>(parser::node_of(parser::as<NullTest>(expression)->arg))->fields;
    return fields->length == 1 && keeps_null(parser::last_string(fields));
  }
  if (nodeTag(expression) == T_ColumnRef) {
    const List* fields = parser::as<ColumnRef>(expression)->fields;
    return fields->length == 1 && is_public(parser::last_string(fields));
  }
  bool all = true;
  const bool known = parser::for_each_child(expression, [&](const Node* child) { all &= is_public(child); });
  return known && all;
}

bool PublicColumns::keeps_null(std::string_view name) const {
  const rules::ProtectedColumn* column = find(name);
  return !hides_rows_ && column != nullptr &&
         (column->is_public || (column->mask.kind != rules::Mask::Kind::null &&
                                column->without_basis == rules::WithoutBasis::mask));
}

}  // namespace pgconsent::enforce
