#include "proxy/audit_database/init.h"

#include <fmt/format.h>

#include "parser/names/identifier.h"
#include "proxy/audit/chain.h"
#include "proxy/audit_database/connection.h"

namespace pgconsent::audit_database {

// Written by CMake from the .sql files.
extern const char* const audit_001_audit;
extern const char* const audit_functions;

namespace {

using parser::quote_identifier;
using parser::quote_literal;

// Each step sets `result.error` on failure, after which nothing more is done.
class Initialiser {
 public:
  Initialiser(Connection& connection, bool dry_run) : connection_(connection), dry_run_(dry_run) {}

  InitResult run() {
    if (plain("BEGIN") &&
        plain("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('pgconsent_audit.init'))") &&
        schema() && migrate() && role() && code())
      plain(dry_run_ ? "ROLLBACK" : "COMMIT");
    return std::move(result_);
  }

 private:
  bool fail(std::string error, std::string hint = {}) {
    result_.error = std::move(error);
    result_.hint = std::move(hint);
    return false;
  }

  bool failed() {
    const Error& error = connection_.error();
    return fail(error.message,
                error.sqlstate == "42501" ? "the role of init needs the right to do this" : "");
  }

  bool plain(const std::string& sql) { return connection_.execute(sql) || failed(); }

  bool ask(const std::string& sql) { return connection_.query(sql, {}, rows_) || failed(); }

  bool execute(const std::string& sql, std::string what = {}) {
    result_.sql.append(sql).append(sql.ends_with('\n') ? "" : ";\n");
    if (!what.empty()) result_.done.push_back(std::move(what));
    return dry_run_ || plain(sql);
  }

  bool schema() {
    if (!ask("SELECT pg_catalog.pg_get_userbyid(n.nspowner), pg_catalog.pg_has_role(n.nspowner, 'USAGE'), "
             "EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relname = "
             "'migration'), "
             "EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid) "
             "FROM pg_catalog.pg_namespace n WHERE n.nspname = 'pgconsent_audit'"))
      return false;
    if (!rows_.empty()) {
      const Values& row = rows_[0];
      if (row[1] != "t")
        return fail(fmt::format("the schema `pgconsent_audit` belongs to role `{}`", *row[0]),
                    "run init as that role (audit.ship.user)");
      has_schema_ = row[2] == "t";
      return has_schema_ || row[3] == "f" ||
             fail("the schema `pgconsent_audit` holds something else", "use another database");
    }
    if (!ask("SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), "
             "pg_catalog.current_database(), current_user"))
      return false;
    const Values& row = rows_[0];
    if (row[0] != "t")
      return fail(fmt::format("role `{}` may not create a schema in database `{}`", *row[2], *row[1]),
                  fmt::format("GRANT CREATE ON DATABASE {} TO {}", quote_identifier(*row[1]),
                              quote_identifier(*row[2])));
    return execute("CREATE SCHEMA pgconsent_audit", "schema pgconsent_audit");
  }

  bool migrate() {
    const std::vector<Migration> all = migrations();
    int version = 0;
    if (has_schema_) {
      if (!ask("SELECT coalesce(max(version), 0) FROM pgconsent_audit.migration")) return false;
      version = std::stoi(*rows_[0][0]);
    }
    if (version > all.back().version)
      return fail(fmt::format("the audit database has version {}, this pgconsent knows {}", version,
                              all.back().version),
                  "use the newer pgconsent");
    for (const Migration& migration : all) {
      if (migration.version <= version) continue;
      if (!execute(std::string(migration.sql),
                   fmt::format("migration {} ({})", migration.version, migration.name)) ||
          !execute(fmt::format("INSERT INTO pgconsent_audit.migration (version, name) VALUES ({}, {})",
                               migration.version, quote_literal(migration.name))))
        return false;
    }
    return true;
  }

  bool role() {
    if (!ask(fmt::format("SELECT FROM pg_catalog.pg_roles WHERE rolname = '{}'", auditor_role))) return false;
    if (!rows_.empty()) return true;
    if (!ask("SELECT current_user, rolcreaterole OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = "
             "current_user"))
      return false;
    if (rows_.empty() || rows_[0][1] != "t")
      return fail(fmt::format("role `{}` does not exist and role `{}` may not create roles", auditor_role,
                              rows_.empty() ? "?" : *rows_[0][0]),
                  fmt::format("CREATE ROLE {} as a superuser, then run init again", auditor_role));
    return execute(fmt::format("CREATE ROLE {} NOLOGIN", auditor_role), fmt::format("role {}", auditor_role));
  }

  // What can be made again and again; left alone while it is the same.
  bool code() {
    std::string sql = audit_functions;
    sql +=
        "REVOKE ALL ON SCHEMA pgconsent_audit FROM PUBLIC;\n"
        "REVOKE ALL ON ALL TABLES IN SCHEMA pgconsent_audit FROM PUBLIC;\n"
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgconsent_audit FROM PUBLIC;\n";
    sql += fmt::format("GRANT USAGE ON SCHEMA pgconsent_audit TO {};\n", auditor_role);
    for (const char* view :
         {"statement_log", "statement_shapes", "access_by_application", "refusals_by_reason", "exempt_access",
          "subject_disclosures", "completeness", "gaps", "log_lines"})
      sql += fmt::format("GRANT SELECT ON pgconsent_audit.{} TO {};\n", view, auditor_role);
    for (const char* function : {"search", "show", "totals", "disclosures_of"})
      sql += fmt::format("GRANT EXECUTE ON FUNCTION pgconsent_audit.{} TO {};\n", function, auditor_role);
    audit::HexHash digest;
    if (!audit::Hasher().hash(sql, digest)) return fail("OpenSSL can't compute SHA-256");
    const std::string mark(audit::view(digest));
    if (has_schema_) {
      if (!ask("SELECT FROM pg_catalog.pg_description WHERE classoid = 'pg_catalog.pg_namespace'::regclass "
               "AND "
               "objoid = 'pgconsent_audit'::regnamespace AND description LIKE '%" +
               mark + "'"))
        return false;
      if (!rows_.empty()) return true;
    }
    return execute("SET LOCAL client_min_messages = warning") && execute(sql, "views, functions, grants") &&
           execute("COMMENT ON SCHEMA pgconsent_audit IS 'audit log of pgconsent; code " + mark + "'");
  }

  Connection& connection_;
  const bool dry_run_;
  bool has_schema_ = false;
  Rows rows_;
  InitResult result_;
};

}  // namespace

std::vector<Migration> migrations() {
  return {{1, "audit", audit_001_audit}};
}

InitResult initialise(const std::string& connection, bool dry_run) {
  Error error;
  auto server = Connection::open(connection, error);
  if (!server) {
    InitResult failed;
    failed.error = error.message;
    return failed;
  }
  return Initialiser(*server, dry_run).run();
}

}  // namespace pgconsent::audit_database
