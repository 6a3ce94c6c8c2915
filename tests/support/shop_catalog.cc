#include "tests/support/shop_catalog.h"

#include <cstdio>
#include <cstdlib>

namespace pgconsent::test_support {

namespace {

using parser::Column;
using parser::Function;
using parser::Oid;
using parser::Relation;
using parser::RelationKind;
using parser::Snapshot;

constexpr Oid int8 = 20, int4 = 23, text = 25, json = 114, date = 1082, timestamptz = 1184, numeric = 1700,
              boolean = 16;

std::string type_name(Oid type) {
  switch (type) {
    case int8:
      return "int8";
    case int4:
      return "int4";
    case json:
      return "json";
    case date:
      return "date";
    case timestamptz:
      return "timestamptz";
    case numeric:
      return "numeric";
    case boolean:
      return "bool";
    default:
      return "text";
  }
}

char type_category(Oid type) {
  switch (type) {
    case int8:
    case int4:
    case numeric:
      return 'N';
    case date:
    case timestamptz:
      return 'D';
    case boolean:
      return 'B';
    case json:
      return 'U';
    default:
      return 'S';
  }
}

struct ColumnSpec {
  const char* name;
  Oid type;
};

class Builder {
 public:
  Relation& table(Oid oid, const char* schema, const char* name, std::initializer_list<ColumnSpec> columns,
                  RelationKind kind = RelationKind::table) {
    Relation& relation = snapshot_->relations[oid];
    relation.oid = oid;
    relation.schema = schema;
    relation.name = name;
    relation.kind = kind;
    relation.owner = "owner";
    for (const ColumnSpec& spec : columns) {
      Column column;
      column.name = spec.name;
      column.attnum = static_cast<parser::AttrNumber>(relation.columns.size() + 1);
      column.type = spec.type;
      column.type_sql = "pg_catalog.\"" + type_name(spec.type) + "\"";
      column.type_category = type_category(spec.type);
      column.can_be_grouped = column.has_equality = spec.type != json;
      relation.columns.push_back(std::move(column));
    }
    if (kind == RelationKind::table) {
      relation.unique_keys.push_back({{1}, true, false});
      relation.columns.front().not_null = true;
    }
    return relation;
  }

  void view(Oid oid, const char* name, std::initializer_list<ColumnSpec> columns, const char* definition,
            std::initializer_list<Oid> over) {
    Relation& relation = table(oid, "public", name, columns, RelationKind::view);
    relation.view_definition = definition;
    relation.depends_on = over;
  }

  Function& function(Oid oid, const char* schema, const char* name, std::initializer_list<Oid> arguments,
                     char kind = 'f') {
    Function& function = snapshot_->functions[oid];
    function.oid = oid;
    function.schema = schema;
    function.name = name;
    function.argument_types = arguments;
    function.kind = kind;
    function.language = oid < 16384 ? "internal" : "sql";
    function.volatility = 'i';
    function.identity = std::string(schema) + "." + name + "(";
    for (Oid argument : arguments) {
      if (function.identity.back() != '(') function.identity += ", ";
      function.identity += type_name(argument);
    }
    function.identity += ")";
    return function;
  }

  Snapshot& operator*() { return *snapshot_; }
  std::shared_ptr<Snapshot> finish() {
    snapshot_->version = 1;
    snapshot_->database = "shop";
    snapshot_->schemas = {"pg_catalog", "public", "other"};
    for (const char* role : {"crm", "shop", "dba", "owner"}) snapshot_->roles[role].name = role;
    snapshot_->finish();
    return std::move(snapshot_);
  }

 private:
  std::shared_ptr<Snapshot> snapshot_ = std::make_shared<Snapshot>();
};

}  // namespace

parser::SnapshotPtr shop_catalog() {
  Builder b;
  Relation& users = b.table(20001, "public", "users",
                            {{"id", int8},
                             {"email", text},
                             {"full_name", text},
                             {"ssn", text},
                             {"birth_date", date},
                             {"city", text},
                             {"profile", json},
                             {"newsletter", boolean}});
  users.children = {20002};
  Relation& vip = b.table(20002, "public", "vip_users",
                          {{"id", int8},
                           {"email", text},
                           {"full_name", text},
                           {"ssn", text},
                           {"birth_date", date},
                           {"city", text},
                           {"profile", json},
                           {"newsletter", boolean},
                           {"level", int4}});
  vip.parents = {20001};
  Relation& orders = b.table(20003, "public", "orders",
                             {{"id", int8}, {"user_id", int8}, {"amount", numeric}, {"address", text}});
  orders.foreign_keys.push_back({20001, {2}, {1}, 'a', 'a'});
  orders.columns[1].not_null = true;
  Relation& payments =
      b.table(20004, "public", "payments", {{"id", int8}, {"order_id", int8}, {"iban", text}});
  payments.foreign_keys.push_back({20003, {2}, {1}, 'a', 'r'});
  b.table(20005, "public", "messages",
          {{"id", int8}, {"sender_id", int8}, {"recipient_id", int8}, {"body", text}});
  Relation& consents = b.table(20006, "public", "user_consents",
                               {{"user_id", int8},
                                {"purpose", text},
                                {"status", text},
                                {"given_at", timestamptz},
                                {"expires_at", timestamptz}});
  consents.unique_keys = {{{1, 2}, true, false}};
  b.table(20007, "public", "products", {{"id", int8}, {"name", text}, {"price", numeric}});
  b.table(20008, "other", "users", {{"id", int8}, {"email", text}});
  b.table(20009, "public", "secrets", {{"id", int8}, {"user_id", int8}, {"pin", text}, {"note", text}});
  b.view(20010, "user_mails", {{"id", int8}, {"mail", text}},
         " SELECT users.id,\n    users.email AS mail\n   FROM public.users", {20001});
  b.view(20011, "rich", {{"id", int8}, {"name", text}},
         " SELECT m.id,\n    u.full_name AS name\n   FROM (public.user_mails m\n     JOIN public.users u ON "
         "((u.id = m.id)))",
         {20001, 20010});
  b.view(20012, "barrier", {{"id", int8}, {"email", text}},
         " SELECT users.id,\n    users.email\n   FROM public.users\n  WHERE (users.city = 'Rome'::text)",
         {20001});
  (*b).relations[20012].security_barrier = true;
  b.table(20013, "public", "user_copy", {{"id", int8}, {"email", text}}, RelationKind::materialized_view)
      .depends_on = {20001};
  b.view(20016, "mails_by_city", {{"city", text}, {"mails", text}},
         " SELECT users.city,\n    string_agg(users.email, ','::text) AS mails\n   FROM public.users\n  "
         "GROUP BY users.city",
         {20001});
  b.view(20014, "product_names", {{"name", text}}, " SELECT products.name\n   FROM public.products", {20007});
  b.table(1255, "pg_catalog", "pg_proc", {{"oid", 26}, {"proname", text}});
  b.table(2619, "pg_catalog", "pg_statistic", {{"starelid", 26}});
  b.table(12100, "pg_catalog", "pg_settings", {{"name", text}, {"setting", text}});
  b.view(12208, "pg_stats", {{"tablename", text}}, " SELECT 1", {2619});
  (*b).relations[12208].schema = "pg_catalog";

  b.function(2147, "pg_catalog", "count", {2276}, 'a');
  b.function(2803, "pg_catalog", "count", {}, 'a');
  b.function(2116, "pg_catalog", "max", {int4}, 'a');
  b.function(2108, "pg_catalog", "sum", {int4}, 'a');
  b.function(3538, "pg_catalog", "string_agg", {text, text}, 'a');
  b.function(3175, "pg_catalog", "json_agg", {2283}, 'a');
  b.function(870, "pg_catalog", "lower", {text}).result_type = text;
  b.function(3787, "pg_catalog", "to_jsonb", {2283});
  b.function(2925, "pg_catalog", "query_to_xml", {text, boolean, boolean, text});
  b.function(2078, "pg_catalog", "set_config", {text, text, boolean}).volatility = 'v';
  b.function(817, "pg_catalog", "current_query", {}).volatility = 'v';
  b.function(30001, "public", "reads_users", {int8}).body = "SELECT email FROM public.users WHERE id = $1";
  b.function(30002, "public", "tax", {numeric}).body = "SELECT $1 * 0.2";
  return b.finish();
}

const char* const shop_rules = R"yaml(version: 1
subjects:
  customer: {table: public.users, key: id}
consent:
  customer:
    source: table
    table: public.user_consents
    subject: user_id
    purpose: purpose
    given: status = 'given'
    valid_from: given_at
    valid_until: expires_at
purposes:
  support: {description: Answer customers, lawful_basis: {contact: contract, identity: contract}}
  marketing: {description: Newsletters, lawful_basis: {contact: consent, identity: [consent], content: consent, hidden: consent}}
tables:
  public.users:
    subject: {customer: id}
    columns:
      email: {category: contact, mask: "null", lookup: equality}
      full_name: {category: identity, mask: "partial(1,'***',0)"}
      ssn: {category: government_id, mask: "null", without_basis: refuse}
      birth_date: {category: identity, mask: year}
      city: public
      newsletter: public
      profile: {category: identity, mask: "null"}
    other_columns: mask
  public.orders:
    subject: {customer: user_id}
    columns:
      amount: public
      address: {category: contact, mask: "constant('[withheld]')"}
  public.payments:
    subject: {customer: {through: public.orders, on: {order_id: id}, key: user_id}}
    columns:
      iban: {category: contact, mask: "partial(2,'****',2)"}
  public.messages:
    subject: {all: [{customer: sender_id}, {customer: recipient_id}]}
    columns:
      body: {category: content, mask: "null"}
  public.secrets:
    subject: {customer: user_id}
    columns:
      pin: {category: hidden, mask: "null", without_basis: hide_row}
      note: public
applications:
  - {role: crm, purposes: [support, marketing]}
  - {role: shop, purposes: [marketing]}
  - {role: dba, exempt: true}
)yaml";

namespace {

enforce::GenerationPtr generation_of(const rules::ReadResult& read) {
  rules::Diagnostics problems = read.diagnostics;
  if (read.rules != nullptr) {
    enforce::GenerationResult made = enforce::make_generation(shop_catalog(), read.rules, {});
    if (made.generation != nullptr) return made.generation;
    problems = made.diagnostics;
  }
  for (const rules::Diagnostic& problem : problems)
    std::fprintf(stderr, "%s\n", rules::to_string(problem).c_str());
  std::abort();
}

}  // namespace

enforce::GenerationPtr shop_generation() {
  return generation_of(rules::parse_rules(shop_rules, "rules.yaml"));
}

enforce::GenerationPtr shop_generation(const std::filesystem::path& rules) {
  return generation_of(rules::read_rules(rules));
}

enforce::SessionState shop_session(std::string role) {
  enforce::SessionState state;
  state.login_role = state.role = std::move(role);
  state.search_path = {"pg_catalog", "public"};
  state.id = 1;
  return state;
}

}  // namespace pgconsent::test_support
