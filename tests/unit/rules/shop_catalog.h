// A small shop's catalog, built by hand: what the rules in tests/cases/rules are bound to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parser/catalog/snapshot.h"

namespace pgconsent::rules::testing {

using parser::AttrNumber;
using parser::Oid;
using parser::Relation;
using parser::RelationKind;

struct TypeSpec {
  Oid oid;
  char category;
  const char* sql;
  std::int32_t typmod = -1;
};
inline constexpr TypeSpec bigint{20, 'N', "pg_catalog.int8"}, integer{23, 'N', "pg_catalog.int4"},
    smallint{21, 'N', "pg_catalog.int2"}, numeric{1700, 'N', "pg_catalog.\"numeric\""},
    text{25, 'S', "pg_catalog.text"}, varchar11{1043, 'S', "pg_catalog.\"varchar\"(11)", 15},
    boolean{16, 'B', "pg_catalog.bool"}, date{1082, 'D', "pg_catalog.date"},
    timestamp{1114, 'D', "pg_catalog.\"timestamp\""}, timestamptz{1184, 'D', "pg_catalog.timestamptz"},
    json{114, 'U', "pg_catalog.json"}, uuid{2950, 'U', "pg_catalog.uuid"}, mood{16500, 'E', "public.mood"},
    id_domain{16501, 'N', "public.user_id"}, text_array{1009, 'A', "pg_catalog._text"};

struct ColumnSpec {
  const char* name;
  TypeSpec type;
  bool not_null = false;
  bool generated = false;
};

// Columns are numbered from 1 in the order given; `skip` leaves room for dropped ones.
inline Relation& add_relation(parser::Snapshot& catalog, Oid oid, const char* schema, const char* name,
                              const std::vector<ColumnSpec>& columns, RelationKind kind = RelationKind::table,
                              AttrNumber skip = 0) {
  Relation& relation = catalog.relations[oid];
  relation.oid = oid;
  relation.schema = schema;
  relation.name = name;
  relation.kind = kind;
  relation.owner = "owner";
  for (const ColumnSpec& spec : columns) {
    parser::Column column;
    column.name = spec.name;
    column.attnum = static_cast<AttrNumber>(relation.columns.size() + 1 + static_cast<std::size_t>(skip));
    column.type = spec.type.oid;
    column.typmod = spec.type.typmod;
    column.type_sql = spec.type.sql;
    column.type_category = spec.type.category;
    column.not_null = spec.not_null;
    column.generated = spec.generated;
    column.can_be_grouped = column.has_equality = spec.type.oid != json.oid;
    relation.columns.push_back(column);
  }
  return relation;
}

inline void add_child(parser::Snapshot& catalog, Oid parent, Oid child) {
  catalog.relations.at(parent).children.push_back(child);
  catalog.relations.at(child).parents.push_back(parent);
}

inline void add_function(parser::Snapshot& catalog, Oid oid, const char* schema, const char* name,
                         const char* identity) {
  parser::Function& function = catalog.functions[oid];
  function.oid = oid;
  function.schema = schema;
  function.name = name;
  function.identity = identity;
}

namespace oid {
enum : Oid {
  users = 20001,
  orders,
  order_items,
  messages,
  messages_2024,
  messages_2024_01,
  payments,
  user_consents,
  flat_consents,
  flags,
  people,
  people_vip,
  contacts,
  employees,
  tenant_1_users,
  tenant_2_users,
  quoted,
  active_users,
  user_stats,
  sequence,
  pg_class,
  tax_numeric = 30001,
  tax_integer,
  peek,
  lower,
};
}  // namespace oid

inline void add_shop(parser::Snapshot& catalog) {
  add_relation(catalog, oid::users, "public", "users",
               {{"id", bigint, true},
                {"email", text, true},
                {"full_name", text},
                {"ssn", varchar11},
                {"birth_date", date},
                {"city", text},
                {"phone", text},
                {"balance", numeric},
                {"visits", integer},
                {"level", smallint},
                {"marketing_opt_in", boolean},
                {"profile", json},
                {"created_at", timestamptz, true},
                {"email_domain", text, false, true}})
      .unique_keys = {{{1}, true, false}, {{2}, false, false}};
  Relation& orders =
      add_relation(catalog, oid::orders, "public", "orders",
                   {{"id", bigint, true}, {"user_id", bigint}, {"ship_address", text}, {"note", text}});
  orders.unique_keys = {{{1}, true, false}};
  orders.foreign_keys = {{oid::users, {2}, {1}}};
  Relation& items = add_relation(catalog, oid::order_items, "public", "order_items",
                                 {{"order_id", bigint, true}, {"line", integer, true}, {"engraving", text}});
  items.unique_keys = {{{1, 2}, true, false}};
  items.foreign_keys = {{oid::orders, {1}, {1}}};
  const std::vector<ColumnSpec> message_columns = {
      {"id", bigint, true}, {"sender_id", bigint}, {"recipient_id", integer}, {"body", text}};
  add_relation(catalog, oid::messages, "public", "messages", message_columns, RelationKind::partitioned_table)
      .unique_keys = {{{1}, true, false}};
  add_relation(catalog, oid::messages_2024, "public", "messages_2024", message_columns,
               RelationKind::partitioned_table, 3);
  add_relation(catalog, oid::messages_2024_01, "public", "messages_2024_01",
               {{"body", text}, {"id", bigint, true}, {"recipient_id", integer}, {"sender_id", bigint}});
  add_child(catalog, oid::messages, oid::messages_2024);
  add_child(catalog, oid::messages_2024, oid::messages_2024_01);
  Relation& payments =
      add_relation(catalog, oid::payments, "public", "payments",
                   {{"id", bigint, true}, {"order_id", bigint}, {"iban", text}, {"amount", numeric}});
  payments.unique_keys = {{{1}, true, false}};
  payments.foreign_keys = {{oid::orders, {2}, {1}}};
}

inline void add_consent(parser::Snapshot& catalog) {
  add_relation(catalog, oid::user_consents, "public", "user_consents",
               {{"user_id", bigint, true},
                {"purpose", text, true},
                {"category", mood, true},
                {"status", text, true},
                {"given_at", timestamptz},
                {"expires_at", timestamptz},
                {"local_until", timestamp},
                {"user_uuid", uuid}})
      .unique_keys = {{{1, 2, 3}, true, false}};
  add_relation(catalog, oid::flat_consents, "lawful_demo", "subject_basis",
               {{"subject_id", bigint, true}, {"lawful", boolean}})
      .unique_keys = {{{1}, true, false}};
}

inline void add_others(parser::Snapshot& catalog) {
  const std::vector<ColumnSpec> person = {{"id", bigint, true}, {"email", text}, {"newsletter", boolean}};
  add_relation(catalog, oid::people, "crm", "people", person).unique_keys = {{{1}, true, false}};
  std::vector<ColumnSpec> vip = person;
  vip.push_back({"vip_level", integer});
  add_relation(catalog, oid::people_vip, "crm", "people_vip", vip);
  add_relation(catalog, oid::contacts, "crm", "contacts", {{"id", bigint, true}, {"email", text}});
  add_relation(catalog, oid::employees, "crm", "employees", person);
  add_child(catalog, oid::people, oid::people_vip);
  add_child(catalog, oid::people, oid::employees);
  add_child(catalog, oid::contacts, oid::employees);
  for (Oid tenant : {oid::tenant_1_users, oid::tenant_2_users}) {
    add_relation(catalog, tenant, tenant == oid::tenant_1_users ? "tenant_1" : "tenant_2", "users",
                 {{"id", bigint, true}, {"email", text}})
        .unique_keys = {{{1}, true, false}};
  }
  add_relation(catalog, oid::quoted, "My Schema", "T",
               {{"Id", bigint, true}, {"E Mail", text}, {"key", id_domain}});
  add_relation(catalog, oid::active_users, "public", "active_users", {{"id", bigint}, {"email", text}},
               RelationKind::view);
  add_relation(catalog, oid::user_stats, "public", "user_stats", {{"id", bigint}, {"tags", text_array}},
               RelationKind::materialized_view);
  add_relation(catalog, oid::sequence, "public", "users_id_seq", {{"last_value", bigint}},
               RelationKind::sequence);
  add_relation(catalog, oid::pg_class, "pg_catalog", "pg_class", {{"relname", text}});
}

inline std::unique_ptr<parser::Snapshot> shop_catalog() {
  auto catalog = std::make_unique<parser::Snapshot>();
  catalog->database = "shop";
  catalog->schemas = {"pg_catalog", "public",   "crm",       "lawful_demo",
                      "tenant_1",   "tenant_2", "My Schema", "empty"};
  add_shop(*catalog);
  add_consent(*catalog);
  add_others(*catalog);
  add_function(*catalog, oid::tax_numeric, "public", "tax", "public.tax(numeric)");
  add_function(*catalog, oid::tax_integer, "public", "tax", "public.tax(integer, text[])");
  add_function(*catalog, oid::peek, "crm", "peek", "crm.peek(character varying)");
  add_function(*catalog, oid::lower, "pg_catalog", "lower", "pg_catalog.lower(text)");
  catalog->types[id_domain.oid] = {id_domain.oid, "public", "user_id", 0, 20, {}};
  for (const char* role : {"app", "app2", "crm_app", "dba", "postgres"})
    catalog->roles[role] = {role, false, {}};
  catalog->finish();
  return catalog;
}

}  // namespace pgconsent::rules::testing
