// Snapshots made by hand.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "parser/catalog/snapshot.h"
#include "parser/reach/function_reach.h"

namespace pgconsent::parser {

class World {
 public:
  Relation& relation(Oid oid, std::string name, RelationKind kind = RelationKind::table,
                     std::string schema = "public") {
    Relation& relation = snapshot->relations[oid];
    relation.oid = oid;
    relation.schema = std::move(schema);
    relation.name = std::move(name);
    relation.kind = kind;
    return relation;
  }
  Relation& view(Oid oid, std::string name, std::vector<Oid> depends_on) {
    Relation& view = relation(oid, std::move(name), RelationKind::view);
    view.view_definition = "SELECT 1";
    view.depends_on = std::move(depends_on);
    return view;
  }
  Function& function(Oid oid, std::string name, std::string language, std::string body,
                     std::string schema = "public", std::string arguments = "integer") {
    Function& function = snapshot->functions[oid];
    function.oid = oid;
    function.schema = schema;
    function.name = name;
    function.identity = schema + "." + name + "(" + arguments + ")";
    function.language = std::move(language);
    function.body = std::move(body);
    return function;
  }
  Function& builtin(Oid oid, std::string name, std::string arguments) {
    return function(oid, std::move(name), "internal", "", "pg_catalog", std::move(arguments));
  }
  void inherit(Oid child, Oid parent) {
    snapshot->relations.at(child).parents.push_back(parent);
    snapshot->relations.at(parent).children.push_back(child);
  }
  std::unique_ptr<FunctionReach> reach() {
    snapshot->finish();
    return std::make_unique<FunctionReach>(snapshot, options);
  }

  std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
  ReachOptions options;
};

inline constexpr Oid users = 20001, orders = 20002;

// public.users is protected, public.orders is not.
inline World shop() {
  World world;
  world.relation(users, "users");
  world.relation(orders, "orders");
  world.options.protected_relations = {users};
  return world;
}

}  // namespace pgconsent::parser
