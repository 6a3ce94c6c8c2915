// How each query's row goes into the snapshot.
#include "proxy/catalog/builder.h"

namespace pgconsent::catalog {

using parser::AttrNumber;

void SnapshotBuilder::Impl::database(Row& row) {
  snapshot_->database_oid = row.oid();
  snapshot_->database = row.text();
}

void SnapshotBuilder::Impl::schema(Row& row) {
  Oid oid = row.oid();
  snapshot_->schemas.push_back(schemas_[oid] = row.text());
}

void SnapshotBuilder::Impl::role(Row& row) {
  Oid oid = row.oid();
  std::string name(row.text());
  snapshot_->roles[name] = {name, row.flag(), {}};
  roles_[oid] = std::move(name);
}

void SnapshotBuilder::Impl::membership(Row& row) {
  auto member = roles_.find(row.oid());
  auto group = roles_.find(row.oid());
  if (member == roles_.end() || group == roles_.end()) return;
  snapshot_->roles[member->second].member_of.push_back(group->second);
}

void SnapshotBuilder::Impl::type(Row& row) {
  Oid oid = row.oid();
  const std::string* schema = find_schema(row.oid());
  TypeEntry entry;
  entry.name = row.text();
  entry.kind = row.letter();
  entry.category = row.letter();
  entry.element = row.oid();
  entry.base = row.oid();
  entry.range_subtype = row.optional_oid();
  if (schema == nullptr) return;
  entry.schema = *schema;
  types_.add(oid, std::move(entry));
}

void SnapshotBuilder::Impl::type_function(Row& row) {
  Oid type = row.oid();
  type_functions_[type].push_back(row.oid());
}

void SnapshotBuilder::Impl::relation(Row& row) {
  Oid oid = row.oid();
  const std::string* schema = find_schema(row.oid());
  parser::Relation relation;
  relation.oid = oid;
  relation.name = row.text();
  relation.kind = static_cast<parser::RelationKind>(row.letter());
  relation.persistence = row.letter();
  auto owner = roles_.find(row.oid());
  Oid row_type = row.oid();
  relation.is_partition = row.flag();
  relation.row_security = row.flag();
  std::optional<std::string_view> options = row.optional_text();
  if (const Oid of_type = row.oid(); of_type != 0) relation.named_types.push_back(of_type);
  if (schema == nullptr) return;
  relation.schema = *schema;
  if (owner != roles_.end()) relation.owner = owner->second;
  if (options) {  // security_barrier=true,check_option=local; the values are as the user spelt them
    auto is_on = [&](std::string_view key) {
      std::size_t at = options->find(key);
      if (at == options->npos) return false;
      std::string_view value = options->substr(at + key.size());
      value = value.substr(0, value.find(','));
      return value != "false" && value != "off" && value != "no" && value != "0";
    };
    relation.security_barrier = is_on("security_barrier=");
    relation.security_invoker = is_on("security_invoker=");
  }
  if (row_type != 0) {
    types_.add(row_type, {relation.schema, relation.name, 'c', 'C', 0, 0, 0});
    row_types_[row_type] = oid;
  }
  snapshot_->relations.insert_or_assign(oid, std::move(relation));
}

void SnapshotBuilder::Impl::column_shape(Row& row) {
  ShapeKey key;
  key.type = row.oid();
  key.typmod = row.number<std::int32_t>();
  key.collation = row.oid();
  std::string_view schema = row.text(), name = row.text();
  ColumnShape& shape = shapes_[key];
  shape.type_category = row.letter();
  bool is_interval = row.flag();
  shape.type_sql = catalog::type_sql(schema, name, is_interval, row.optional_text());
  std::optional<std::string_view> collation_schema = row.optional_text(), collation = row.optional_text();
  if (collation_schema && collation) {
    shape.collation_sql = parser::quote_qualified({std::string(*collation_schema), std::string(*collation)});
  }
  shape.has_equality = types_.has_equality(key.type);
}

void SnapshotBuilder::Impl::column(Row& row) {
  parser::Relation* relation = find_relation(row.oid());
  parser::Column column;
  column.attnum = row.number<AttrNumber>();
  column.name = row.text();
  ShapeKey key;
  key.type = column.type = row.oid();
  key.typmod = column.typmod = row.number<std::int32_t>();
  key.collation = row.oid();
  column.not_null = row.flag();
  column.generated = row.flag();
  if (std::optional<std::string_view> tree = row.optional_text()) generation(*tree, column);
  auto shape = shapes_.find(key);
  // Without a shape: the column came up after that query ran, so a newer snapshot is on its way. Not
  // groupable, and a type that can't be named: what needs it is refused.
  column.has_equality = false;
  if (shape != shapes_.end()) {
    column.type_sql = shape->second.type_sql;
    column.collation_sql = shape->second.collation_sql;
    column.type_category = shape->second.type_category;
    column.has_equality = shape->second.has_equality;
  }
  if (relation != nullptr) relation->columns.push_back(std::move(column));
}

void SnapshotBuilder::Impl::unique_key(Row& row) {
  parser::Relation* relation = find_relation(row.oid());
  parser::UniqueKey key;
  key.attnums = row.numbers<AttrNumber>();
  std::size_t count = row.number<std::size_t>();
  std::vector<Oid> classes = row.numbers<Oid>();
  key.primary = row.flag();
  key.nulls_not_distinct = row.flag();
  if (std::optional<std::string_view> index = row.optional_text()) key.index = *index;
  if (relation == nullptr || count > key.attnums.size()) return;
  for (Oid operator_class : classes) {
    if (!key_classes_.contains(operator_class)) return;
  }
  key.attnums.resize(count);  // without INCLUDE columns
  relation->unique_keys.push_back(std::move(key));
}

void SnapshotBuilder::Impl::found_by_index(Row& row) {
  parser::Relation* relation = find_relation(row.oid());
  const auto attnum = row.number<AttrNumber>();
  if (relation != nullptr) relation->found_by_index.push_back(attnum);
}

void SnapshotBuilder::Impl::foreign_key(Row& row) {
  parser::Relation* relation = find_relation(row.oid());
  parser::ForeignKey key;
  key.target = row.oid();
  key.attnums = row.numbers<AttrNumber>();
  key.target_attnums = row.numbers<AttrNumber>();
  key.on_update = row.letter();
  key.on_delete = row.letter();
  key.enforced = row.flag();
  key.deferrable = row.flag();
  if (relation != nullptr) relation->foreign_keys.push_back(std::move(key));
}

void SnapshotBuilder::Impl::constraint(Row& row) {
  parser::Relation* relation = find_relation(row.oid());
  parser::TableConstraint constraint;
  constraint.oid = row.oid();
  constraint.name = row.text();
  constraint.type = row.letter();
  constraint.attnums = row.numbers<AttrNumber>();
  constraint.target = row.oid();
  constraint.target_attnums = row.numbers<AttrNumber>();
  if (relation == nullptr) return;
  if (constraint.type == 'c') checks_[constraint.oid] = relation->oid;
  relation->constraints.push_back(std::move(constraint));
}

void SnapshotBuilder::Impl::inheritance(Row& row) {
  Oid child = row.oid(), parent = row.oid();
  if (parser::Relation* relation = find_relation(child)) relation->parents.push_back(parent);
  if (parser::Relation* relation = find_relation(parent)) relation->children.push_back(child);
}

void SnapshotBuilder::Impl::rule(Row& row) {
  if (parser::Relation* relation = find_relation(row.oid())) relation->has_rules = true;
}

void SnapshotBuilder::Impl::trigger(Row& row) {
  parser::Relation* relation = find_relation(row.oid());
  Oid function = row.oid();
  const bool has_transition_tables = row.flag();
  const int type = row.number<int>();
  const std::string_view arguments = row.text();
  if (relation == nullptr) return;
  if (!arguments.empty()) relation->trigger_arguments.append(arguments).push_back('\n');
  relation->trigger_functions.push_back(function);
  // catalog/pg_trigger.h. An UPDATE that moves a row to another partition inserts it there.
  constexpr int before_row = 1 << 0 | 1 << 1, insert = 1 << 2, update = 1 << 4;
  const bool changes = (type & update) != 0 || ((type & insert) != 0 && relation->is_partition);
  if ((type & before_row) == before_row && changes) relation->row_changing_functions.push_back(function);
  if (has_transition_tables) relation->transition_functions.push_back(function);
}

void SnapshotBuilder::Impl::operator_(Row& row) {
  parser::Operator op;
  op.oid = row.oid();
  const std::string* schema = find_schema(row.oid());
  op.name = row.text();
  op.function = row.oid();
  op.left_type = row.oid();
  op.right_type = row.oid();
  op.restrict_estimator = row.oid();
  op.join_estimator = row.oid();
  if (schema == nullptr) return;
  op.schema = *schema;
  snapshot_->operators.push_back(std::move(op));
}

void SnapshotBuilder::Impl::cast(Row& row) {
  parser::Cast cast;
  cast.source = row.oid();
  cast.target = row.oid();
  cast.function = row.oid();
  cast.context = row.letter();
  snapshot_->casts.push_back(cast);
}

}  // namespace pgconsent::catalog
