#include "parser/catalog/snapshot.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace pgconsent::parser {

bool holds_rows(RelationKind kind) {
  switch (kind) {
    case RelationKind::table:
    case RelationKind::partitioned_table:
    case RelationKind::view:
    case RelationKind::materialized_view:
    case RelationKind::foreign_table:
      return true;
    case RelationKind::sequence:
    case RelationKind::composite_type:
    case RelationKind::toast:
    case RelationKind::index:
    case RelationKind::partitioned_index:
      return false;
  }
  return true;
}

const Column* Relation::column(std::string_view wanted) const {
  auto it = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == wanted; });
  return it == columns.end() ? nullptr : &*it;
}

const Column* Relation::column(AttrNumber wanted) const {
  auto it = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.attnum == wanted; });
  return it == columns.end() ? nullptr : &*it;
}

namespace {

// Built on the stack for the usual short names: a lookup must not allocate.
class NameKey {
 public:
  NameKey(std::string_view schema, std::string_view name) {
    if (schema.size() + name.size() + 1 <= sizeof buffer_) {
      char* end = std::copy(schema.begin(), schema.end(), buffer_);
      *end++ = '\0';
      end = std::copy(name.begin(), name.end(), end);
      view_ = {buffer_, static_cast<std::size_t>(end - buffer_)};
    } else {
      long_.append(schema).push_back('\0');
      long_.append(name);
      view_ = long_;
    }
  }
  NameKey(const NameKey&) = delete;
  NameKey& operator=(const NameKey&) = delete;
  std::string_view view() const { return view_; }

 private:
  char buffer_[160];
  std::string long_;
  std::string_view view_;
};

}  // namespace

const Relation* Snapshot::relation(Oid oid) const {
  auto it = relations.find(oid);
  return it == relations.end() ? nullptr : &it->second;
}

const Relation* Snapshot::relation(std::string_view schema, std::string_view name) const {
  NameKey key(schema, name);
  auto it = by_name_.find(key.view());
  return it == by_name_.end() ? nullptr : it->second;
}

bool Snapshot::has_schema(std::string_view schema) const {
  return std::find(schemas.begin(), schemas.end(), schema) != schemas.end();
}

std::vector<const Type*> Snapshot::type_and_bases(Oid type) const {
  constexpr std::size_t depth_limit = 32;
  std::vector<const Type*> found;
  for (auto it = types.find(type); it != types.end() && found.size() < depth_limit;
       it = types.find(it->second.base))
    found.push_back(&it->second);
  return found;
}

const Function* Snapshot::function(Oid oid) const {
  auto it = functions.find(oid);
  return it == functions.end() ? nullptr : &it->second;
}

const std::vector<const Function*>& Snapshot::functions_named(std::string_view name) const {
  static const std::vector<const Function*> none;
  auto it = functions_by_name_.find(name);
  return it == functions_by_name_.end() ? none : it->second;
}

void Snapshot::finish() {
  by_name_.clear();  // of a copy: they point into the original
  functions_by_name_.clear();
  by_name_.reserve(relations.size());
  for (const auto& [oid, relation] : relations) {
    by_name_.emplace(NameKey(relation.schema, relation.name).view(), &relation);
  }
  for (const auto& [oid, function] : functions) functions_by_name_[function.name].push_back(&function);
}

bool follows(const Snapshot& snapshot, Oid relation, Oid target) {
  std::vector<Oid> queue = {relation};
  std::unordered_set<Oid> seen = {relation};
  while (!queue.empty()) {
    const Relation* at = snapshot.relation(queue.back());
    queue.pop_back();
    if (at == nullptr) continue;
    const auto add = [&](Oid oid) {
      if (seen.insert(oid).second) queue.push_back(oid);
    };
    for (const ForeignKey& key : at->foreign_keys) {
      if (!key.writes()) continue;
      if (key.target == target) return true;
      add(key.target);
    }
    if (!is_view(at->kind)) continue;
    for (Oid below : at->depends_on) add(below);
  }
  return false;
}

}  // namespace pgconsent::parser
