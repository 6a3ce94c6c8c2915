#include "proxy/catalog/builder.h"

#include <algorithm>

namespace pgconsent::catalog {

namespace {

constexpr int type_depth_limit = 32;

void sort_unique(std::vector<Oid>& oids) {
  std::sort(oids.begin(), oids.end());
  oids.erase(std::unique(oids.begin(), oids.end()), oids.end());
}

}  // namespace

bool SnapshotBuilder::Impl::row(Query query, Row row) {
  switch (query) {
    case Query::database:
      database(row);
      break;
    case Query::schemas:
      schema(row);
      break;
    case Query::roles:
      role(row);
      break;
    case Query::memberships:
      membership(row);
      break;
    case Query::types:
      type(row);
      break;
    case Query::type_functions:
      type_function(row);
      break;
    case Query::equality_types:
      types_.add_equality(row.oid());
      break;
    case Query::relations:
      relation(row);
      break;
    case Query::column_shapes:
      column_shape(row);
      break;
    case Query::columns:
      column(row);
      break;
    case Query::key_classes:
      key_classes_.insert(row.oid());
      break;
    case Query::unique_keys:
      unique_key(row);
      break;
    case Query::found_by_index:
      found_by_index(row);
      break;
    case Query::foreign_keys:
      foreign_key(row);
      break;
    case Query::constraints:
      constraint(row);
      break;
    case Query::inheritance:
      inheritance(row);
      break;
    case Query::rules:
      rule(row);
      break;
    case Query::triggers:
      trigger(row);
      break;
    case Query::functions:
      function(row);
      break;
    case Query::function_settings:
      function_setting(row);
      break;
    case Query::extension_functions:
      extension_function(row);
      break;
    case Query::aggregates:
      aggregate(row);
      break;
    case Query::operators:
      operator_(row);
      break;
    case Query::casts:
      cast(row);
      break;
    case Query::references:
      references(row);
      break;
    case Query::texts:
      text(row);
      break;
  }
  return row.complete();
}

parser::Relation* SnapshotBuilder::Impl::find_relation(Oid oid) {
  if (last_relation_ != nullptr && last_relation_->oid == oid) return last_relation_;
  auto it = snapshot_->relations.find(oid);
  return it == snapshot_->relations.end() ? nullptr : last_relation_ = &it->second;
}

parser::Function* SnapshotBuilder::Impl::find_function(Oid oid) {
  auto it = snapshot_->functions.find(oid);
  return it == snapshot_->functions.end() ? nullptr : &it->second;
}

const std::string* SnapshotBuilder::Impl::find_schema(Oid oid) const {
  auto it = schemas_.find(oid);
  return it == schemas_.end() ? nullptr : &it->second;
}

parser::SnapshotPtr SnapshotBuilder::Impl::finish(std::uint64_t version) {
  snapshot_->version = version;
  if (snapshot_->database.empty()) return nullptr;
  add_user_types();
  add_type_functions();
  add_row_equality();
  add_identities();
  sort_all();
  snapshot_->finish();
  return std::move(snapshot_);
}

void SnapshotBuilder::Impl::add_user_types() {
  types_.for_each([&](Oid oid, const TypeEntry& entry) {
    if (oid < parser::first_user_oid && !row_types_.contains(oid)) return;
    parser::Type& type = snapshot_->types[oid];
    type.oid = oid;
    type.schema = entry.schema;
    type.name = entry.name;
    type.base = entry.base != 0 ? entry.base : entry.range_subtype != 0 ? entry.range_subtype : entry.element;
    if (auto row = row_types_.find(oid); row != row_types_.end()) type.relation = row->second;
    if (auto functions = type_functions_.find(oid); functions != type_functions_.end()) {
      type.functions = functions->second;
    }
  });
}

void SnapshotBuilder::Impl::append_type_functions(std::vector<Oid>& out, Oid type, int depth) const {
  auto it = snapshot_->types.find(type);
  if (it == snapshot_->types.end() || depth == type_depth_limit) return;
  out.insert(out.end(), it->second.functions.begin(), it->second.functions.end());
  append_type_functions(out, it->second.base, depth + 1);
  if (it->second.relation == 0) return;
  const parser::Relation* relation = snapshot_->relation(it->second.relation);
  if (relation == nullptr) return;
  for (const parser::Column& column : relation->columns) {
    if (column.type >= parser::first_user_oid) append_type_functions(out, column.type, depth + 1);
  }
}

// A value that becomes one of a domain runs its checks: where an expression converts, where a table is
// written.
void SnapshotBuilder::Impl::add_type_functions() {
  for (auto [list, type] : used_types_) append_type_functions(*list, type, 0);
  if (type_functions_.empty()) return;
  for (auto& [oid, relation] : snapshot_->relations) {
    for (const parser::Column& column : relation.columns) {
      if (column.type >= parser::first_user_oid)
        append_type_functions(relation.implicit_functions, column.type, 0);
    }
  }
}

// The columns of row types are known only now.
void SnapshotBuilder::Impl::add_row_equality() {
  for (const auto& [type, oid] : row_types_) {
    const parser::Relation* relation = find_relation(oid);
    std::vector<Oid> attributes;
    if (relation == nullptr) continue;
    for (const parser::Column& column : relation->columns) attributes.push_back(column.type);
    types_.set_attributes(type, std::move(attributes));
  }
  std::unordered_map<Oid, bool> known;
  for (auto& [oid, relation] : snapshot_->relations) {
    for (parser::Column& column : relation.columns) {
      column.can_be_grouped = column.has_equality;
      if (column.has_equality || column.type_sql.empty()) continue;
      auto [it, is_new] = known.try_emplace(column.type);
      if (is_new) it->second = types_.can_be_grouped(column.type);
      column.can_be_grouped = it->second;
    }
  }
}

void SnapshotBuilder::Impl::add_identities() {
  std::unordered_map<Oid, std::string> spellings;
  for (auto& [oid, function] : snapshot_->functions) {
    std::string& identity = function.identity;
    identity = spell_name(function.schema, function.name) + "(";
    for (Oid type : function.argument_types) {
      auto [it, is_new] = spellings.try_emplace(type);
      if (is_new) it->second = types_.spelling(type);
      if (identity.back() != '(') identity += ", ";
      identity += it->second.empty() ? "?" : it->second;
    }
    identity += ')';
  }
}

void SnapshotBuilder::Impl::sort_all() {
  for (auto& [oid, relation] : snapshot_->relations) {
    auto by_number = [](const parser::Column& a, const parser::Column& b) { return a.attnum < b.attnum; };
    if (!std::is_sorted(relation.columns.begin(), relation.columns.end(), by_number)) {
      std::sort(relation.columns.begin(), relation.columns.end(), by_number);
    }
    sort_unique(relation.depends_on);
    sort_unique(relation.implicit_functions);
    sort_unique(relation.trigger_functions);
    sort_unique(relation.parents);
    sort_unique(relation.children);
    std::erase(relation.depends_on, oid);  // a view's rule names the view itself
  }
  for (auto& [oid, function] : snapshot_->functions) sort_unique(function.depends_on);
  std::sort(snapshot_->schemas.begin(), snapshot_->schemas.end());
}

SnapshotBuilder::SnapshotBuilder() : impl_(std::make_unique<Impl>()) {}
SnapshotBuilder::~SnapshotBuilder() = default;

bool SnapshotBuilder::row(std::size_t query, std::span<const std::optional<std::string_view>> fields) {
  return query < query_count && impl_->row(static_cast<Query>(query), Row(fields));
}

parser::SnapshotPtr SnapshotBuilder::finish(std::uint64_t version) {
  return impl_->finish(version);
}

}  // namespace pgconsent::catalog
