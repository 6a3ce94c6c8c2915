#include <utility>

#include "parser/bind/binder.h"

namespace pgconsent::parser {

namespace {

constexpr std::string_view system_columns[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};

bool is_system_column(std::string_view name) {
  return std::find(std::begin(system_columns), std::end(system_columns), name) != std::end(system_columns);
}

const Node* field(const List* fields, int index) {
  return static_cast<const Node*>(list_nth(fields, index));
}

// A type of pg_catalog, by its spelling in generated SQL.
bool is_built_in(const TypeName& type, const Column& column) {
  const std::string_view array = type.arrayBounds != nullptr ? "_" : "";
  std::string sql =
      quote_qualified({"pg_catalog", std::string(array) + std::string(last_string(type.names))});
  for_each(type.typmods, [&](const Node* node) {
    const auto* constant = nodeTag(node) == T_A_Const ? as<A_Const>(node) : nullptr;
    const bool number = constant != nullptr && !constant->isnull && nodeTag(&constant->val.node) == T_Integer;
    sql += sql.back() == '"' ? '(' : ',';
    if (number) sql += std::to_string(constant->val.ival.ival);
  });
  if (type.typmods != nullptr) sql += ')';
  return (type.typmods != nullptr || column.typmod == -1) && column.type_sql == sql;
}

}  // namespace

// A cast to the column's own type is none.
bool Binder::is_type_of(const TypeName& type, const Column& column) const {
  const int parts = list_length(type.names);
  if (type.setof || type.pct_type || parts < 1 || parts > 2) return false;
  const std::string_view schema = parts == 2 ? string_value(field(type.names, 0)) : std::string_view();
  if ((parts == 1 || schema == "pg_catalog") && is_built_in(type, column)) return true;
  if (type.typmods != nullptr || column.typmod != -1) return false;
  const auto& types = names_.catalog().types;
  auto own = types.find(column.type);
  if (own == types.end()) return false;
  if (type.arrayBounds != nullptr) {
    const Type& array = own->second;
    own = types.find(array.base);
    if (own == types.end() || array.relation != 0 || array.name != "_" + own->second.name) return false;
  }
  if (own->second.name != last_string(type.names)) return false;
  if (parts == 2) return own->second.schema == schema;
  // A name that only one type has, in a schema that is searched.
  const auto path = names_.search_path();
  return std::find(path.begin(), path.end(), own->second.schema) != path.end() &&
         std::none_of(types.begin(), types.end(), [&](const auto& other) {
           return other.first != own->first && other.second.name == own->second.name;
         });
}

void Binder::use(const VisibleColumn& column, const Scope& owner) {
  if (column.entry < 0) return;
  RangeEntry& entry = out_.entries[column.entry];
  entry.used[column.column] = true;
  if (owner.after_grouping && owner.aggregate_depth == 0) entry.used_grouped[column.column] = true;
}

void Binder::use_all(const FromItem& item, const Scope& owner) {
  for (const VisibleColumn& column : item.columns) use(column, owner);
}

int Binder::use_named(const FromItem& item, std::string_view name, const Scope& owner) {
  int count = 0;
  for (const VisibleColumn& column : item.columns) {
    if (column.name != name) continue;
    use(column, owner);
    ++count;
  }
  return count;
}

void Binder::system_column(const FromItem& item, std::string_view name) {
  if (item.entry < 0) return;
  auto& columns = out_.entries[item.entry].system_columns;
  if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
}

const FromItem* Binder::find_item(std::string_view schema, std::string_view name, const Scope& scope,
                                  const Scope** owner) const {
  for (const Scope* s = &scope; s != nullptr; s = s->parent) {
    for (const FromItem& item : s->items) {
      if (!item.name_visible || item.name != name) continue;
      if (!schema.empty() && item.schema != schema) continue;
      *owner = s;
      return &item;
    }
  }
  return nullptr;
}

bool Binder::is_aggregate(const FuncCall* call) const {
  if (call->over != nullptr) return false;
  if (call->agg_star || call->agg_distinct || call->agg_within_group || call->agg_filter != nullptr ||
      call->agg_order != nullptr) {
    return true;
  }
  const auto& candidates = names_.catalog().functions_named(last_string(call->funcname));
  return std::any_of(candidates.begin(), candidates.end(), [](const Function* f) { return f->kind == 'a'; });
}

void Binder::expression(const Node* node, Scope& scope) {
  switch (nodeTag(node)) {
    case T_ColumnRef:
      column_reference(as<ColumnRef>(node), scope);
      return;
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt: {
      const ResTarget* outer = std::exchange(unnamed_target_, nullptr);
      bool ignored = false;
      query(node, &scope, ignored);
      unnamed_target_ = outer;
      return;
    }
    case T_RowExpr:
      // ROW(u.*) takes the columns one by one.
      for_each(as<RowExpr>(node)->args, [&](const Node* arg) {
        const auto* reference = nodeTag(arg) == T_ColumnRef ? as<ColumnRef>(arg) : nullptr;
        if (reference == nullptr || nodeTag(llast(reference->fields)) != T_A_Star)
          return expression(arg, scope);
        const Scope* owner = nullptr;
        const FromItem* item =
            reference->fields->length < 2
                ? nullptr
                : find_item("", string_value(field(reference->fields, reference->fields->length - 2)), scope,
                            &owner);
        if (item == nullptr) return;
        use_all(*item, *owner);
        if (item->entry >= 0) out_.entries[item->entry].starred = true;
        out_.stars.push_back({reference, {{item->name, item->entry}}, true});
      });
      return;
    case T_A_Indirection: {
      // (u).name is u.name, by the query's names for the columns; the row's own type does not have them.
      const auto* steps = as<A_Indirection>(node);
      const FromItem* item = row_item(steps->arg, scope);
      if (item == nullptr || item->entry < 0 || is_target(*item) ||
          out_.entries[item->entry].column_aliases.empty()) {
        break;
      }
      const std::string_view name = string_value(static_cast<const Node*>(linitial(steps->indirection)));
      const VisibleColumn* column = item->column(name);
      if (name.empty() || (column == nullptr && !names_.catalog().functions_named(name).empty())) break;
      const Scope* owner = nullptr;
      find_item("", item->name, scope, &owner);
      beside_targets(scope);
      if (column != nullptr) use(*column, *owner);
      for_each(steps->indirection, [&](const Node* step) {
        if (nodeTag(step) == T_A_Indices) expression(step, scope);
      });
      return;
    }
    case T_FuncCall:
      if (is_aggregate(as<FuncCall>(node))) {
        ++scope.aggregate_depth;
        for_each_child(node, [&](const Node* child) { expression(child, scope); });
        --scope.aggregate_depth;
        return;
      }
      break;
    default:
      break;
  }
  for_each_child(node, [&](const Node* child) { expression(child, scope); });
}

// Where a result column comes from, as markTargetListOrigin decides: a column, also one taken from a whole
// row, or a whole row (attribute 0). Anything else has no origin.
VisibleColumn Binder::origin(const Node* expression, const Scope& scope) const {
  const Scope* owner = nullptr;
  if (nodeTag(expression) == T_A_Indirection) {
    const auto* steps = as<A_Indirection>(expression);
    const VisibleColumn row = origin(steps->arg, scope);
    if (nodeTag(steps->arg) != T_ColumnRef || row.origin.table == 0 || row.origin.attnum != 0 ||
        steps->indirection->length != 1) {
      return {};
    }
    const FromItem* item = find_item("", last_string(as<ColumnRef>(steps->arg)->fields), scope, &owner);
    const VisibleColumn* column = item == nullptr ? nullptr : item->column(last_string(steps->indirection));
    return column == nullptr ? VisibleColumn{} : *column;
  }
  if (nodeTag(expression) == T_TypeCast) {
    const VisibleColumn column = origin(as<TypeCast>(expression)->arg, scope);
    const Relation* relation =
        column.origin.attnum > 0 ? names_.catalog().relation(column.origin.table) : nullptr;
    const Column* definition = relation == nullptr ? nullptr : relation->column(column.origin.attnum);
    return definition != nullptr && is_type_of(*as<TypeCast>(expression)->typeName, *definition)
               ? column
               : VisibleColumn{};
  }
  if (nodeTag(expression) == T_FuncCall) {  // email(u): a column, where no function has that name
    const auto* call = as<FuncCall>(expression);
    if (list_length(call->args) != 1 ||
        !names_.catalog().functions_named(last_string(call->funcname)).empty())
      return {};
    const VisibleColumn row = origin(static_cast<const Node*>(linitial(call->args)), scope);
    const Relation* relation = row.origin.attnum == 0 ? names_.catalog().relation(row.origin.table) : nullptr;
    const Column* column = relation == nullptr ? nullptr : relation->column(last_string(call->funcname));
    return column == nullptr ? VisibleColumn{}
                             : VisibleColumn{column->name, -1, -1, {relation->oid, column->attnum}};
  }
  if (nodeTag(expression) != T_ColumnRef) return {};
  const List* fields = as<ColumnRef>(expression)->fields;
  if (fields->length > 1) {
    const FromItem* item =
        find_item(fields->length > 2 ? string_value(field(fields, fields->length - 3)) : "",
                  string_value(field(fields, fields->length - 2)), scope, &owner);
    const VisibleColumn* column = item == nullptr ? nullptr : item->column(last_string(fields));
    return column == nullptr ? VisibleColumn{} : *column;
  }
  for (const Scope* s = &scope; s != nullptr; s = s->parent) {
    for (const FromItem& item : s->items) {
      const VisibleColumn* column = item.columns_visible ? item.column(last_string(fields)) : nullptr;
      if (column != nullptr) return *column;
    }
  }
  const FromItem* item = find_item("", last_string(fields), scope, &owner);
  if (item == nullptr || item->entry < 0) return {};
  VisibleColumn row;
  row.origin.table = out_.entries[item->entry].relation->oid;
  return row;
}

// The FROM item whose whole row the expression is: a bare name that no column has.
const FromItem* Binder::row_item(const Node* expression, const Scope& scope) const {
  if (nodeTag(expression) != T_ColumnRef || as<ColumnRef>(expression)->fields->length != 1) return nullptr;
  const std::string_view name = last_string(as<ColumnRef>(expression)->fields);
  for (const Scope* s = &scope; s != nullptr; s = s->parent) {
    for (const FromItem& item : s->items) {
      if (item.columns_visible && item.column(name) != nullptr) return nullptr;
    }
  }
  const Scope* owner = nullptr;
  return find_item("", name, scope, &owner);
}

void Binder::whole_row(const FromItem& item, const ColumnRef* reference) {
  if (item.entry < 0) {
    // A join's alias, a subquery: its record is made of columns that are replaced already.
    return;
  }
  if (is_target(item)) return target_reference(item, TargetReference::Kind::whole_row, 0, reference);
  out_.whole_rows.push_back({item.entry, reference, unnamed_target_, false});
}

void Binder::target_reference(const FromItem& item, TargetReference::Kind kind, int column,
                              const ColumnRef* reference, bool uncertain) {
  out_.target_references.push_back({item.entry, kind, column, reference, unnamed_target_, uncertain});
}

// Sent with its item's name, so that layer 2 sees that the target outside is not meant. A name that ORDER BY
// or GROUP BY may mean as a result column stays as it is.
void Binder::shadowing(const FromItem& item, std::string_view name, const ColumnRef* reference,
                       const Scope& scope) {
  if (item.name.empty() || !item.name_visible) return;
  if (scope.outputs != nullptr && std::any_of(scope.outputs->begin(), scope.outputs->end(),
                                              [&](const VisibleColumn& c) { return c.name == name; })) {
    return;
  }
  for (const Scope* s = scope.parent; s != nullptr; s = s->parent) {
    const bool hides = std::any_of(s->items.begin(), s->items.end(), [&](const FromItem& outer) {
      return is_target(outer) && outer.column(name) != nullptr;
    });
    if (!hides) continue;
    out_.shadowing.push_back({item.name, reference});
    return;
  }
}

// A bare name that is no column of theirs.
void Binder::beside_targets(const Scope& scope) {
  if (targets_in_scope_ == 0) return;
  for (const Scope* s = &scope; s != nullptr; s = s->parent) {
    if (s->items.empty() || !is_target(s->items.front())) continue;
    for (Modification& modification : out_.modifications)
      modification.names_others |= modification.entry == s->items.front().entry;
  }
}

// A bare name: a column of the innermost level that has one, else a whole row.
void Binder::unqualified(std::string_view name, const ColumnRef* reference, Scope& scope) {
  using Kind = TargetReference::Kind;
  bool unknown_before = false;
  for (const Scope* s = &scope; s != nullptr; s = s->parent) {
    const FromItem* owner = nullptr;
    const VisibleColumn* found = nullptr;
    bool ambiguous = false, system = false;
    for (const FromItem& item : s->items) {
      if (!item.columns_visible) continue;
      if (const VisibleColumn* column = item.column(name)) {
        const int count = use_named(item, name, *s);  // several of them in what a join has merged
        ambiguous |= found != nullptr || count > 1;
        owner = &item;
        found = column;
      } else if (is_system_column(name) && item.entry >= 0) {
        system_column(item, name);
        system = true;
      }
    }
    if (found != nullptr && !ambiguous) {
      if (is_target(*owner)) {
        target_reference(*owner, Kind::column, found->column, reference, unknown_before);
      } else if (targets_in_scope_ > 0) {
        shadowing(*owner, name, reference, *s);
      }
    }
    if (found != nullptr && !is_target(*owner)) beside_targets(scope);
    if (found != nullptr || system) return;
    for (const FromItem& item : s->items) unknown_before |= item.opaque && item.columns_visible;
    if (s->outputs != nullptr && std::any_of(s->outputs->begin(), s->outputs->end(),
                                             [&](const VisibleColumn& c) { return c.name == name; })) {
      return beside_targets(scope);  // ORDER BY or GROUP BY a result column
    }
  }
  beside_targets(scope);
  const Scope* owner = nullptr;
  const FromItem* item = find_item("", name, scope, &owner);
  if (item == nullptr) {
    out_.names_unknown |= targets_in_scope_ > 0 && !unknown_before;
    return;
  }
  use_all(*item, *owner);
  whole_row(*item, reference);
}

void Binder::column_reference(const ColumnRef* reference, Scope& scope) {
  const List* fields = reference->fields;
  const bool star = nodeTag(llast(fields)) == T_A_Star;
  if (fields->length == 1) {
    if (!star) unqualified(last_string(fields), reference, scope);
    return;
  }
  if (fields->length > 3 && string_value(field(fields, 0)) != names_.catalog().database)
    return;  // the server's error
  const Scope* owner = nullptr;
  const std::string_view schema = fields->length > 2 ? string_value(field(fields, fields->length - 3)) : "";
  const FromItem* item = find_item(schema, string_value(field(fields, fields->length - 2)), scope, &owner);
  if (item == nullptr) return;  // the server's error
  const bool target = is_target(*item);
  // The server would say so, but the target is sent under another name.
  const auto alike = [&](const FromItem& other) { return other.name_visible && other.name == item->name; };
  if (fields->length == 2 && std::count_if(owner->items.begin(), owner->items.end(), alike) > 1 &&
      std::any_of(owner->items.begin(), owner->items.end(),
                  [&](const FromItem& other) { return alike(other) && is_target(other); }))
    out_.ambiguous = reference;
  if (fields->length > 2 && item->entry >= 0 && !target) out_.qualified.push_back({item->entry, reference});
  if (star) {
    use_all(*item, *owner);
    whole_row(*item, reference);
    return;
  }
  const std::string_view name = last_string(fields);
  if (const VisibleColumn* column = item->column(name)) {
    use_named(*item, name, *owner);
    if (target) target_reference(*item, TargetReference::Kind::column, column->column, reference);
  } else if (is_system_column(name)) {
    system_column(*item, name);
    if (target) target_reference(*item, TargetReference::Kind::system_column, 0, reference);
  } else {
    use_all(*item, *owner);  // u.full_contact: a function of the whole row
    if (target) target_reference(*item, TargetReference::Kind::attribute, 0, reference);
  }
}

}  // namespace pgconsent::parser
