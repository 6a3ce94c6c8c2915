#include "proxy/consent/store/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/pqxx>
#include <set>

#include "proxy/consent/store/statements.h"
#include "rules/digest.h"

namespace pgconsent::consent {

namespace {

using parser::quote_identifier;
using parser::quote_literal;

constexpr const char* writer_role = "pgconsent_writer";
constexpr int one_spelling = 3;  // the version that took to writing keys in one way
constexpr int most_pairs = rules::store_bits_per_word * 16;  // 16 words: 512 bytes a row

// A problem that a person can do something about.
struct Problem {
  std::string error, hint;
};

class Initialiser {
 public:
  Initialiser(pqxx::work& work, const rules::StoreNeeds& needs, bool dry_run)
      : work_(work), needs_(needs), dry_run_(dry_run) {}

  InitResult run() {
    work_.exec("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('pgconsent.init'))");
    schema();
    migrate();
    pairs();
    kinds();
    code();
    return std::move(result_);
  }

 private:
  pqxx::result ask(const std::string& sql) { return work_.exec(sql); }
  bool exists(const std::string& sql) { return !ask(sql).empty(); }

  void execute(std::string_view sql, std::string what = {}) {
    result_.sql.append(sql).append(sql.ends_with('\n') ? "" : ";\n");
    if (!what.empty()) result_.done.push_back(std::move(what));
    if (!dry_run_) work_.exec(std::string(sql));
  }

  void schema() {
    const pqxx::result rows =
        ask("SELECT pg_catalog.pg_get_userbyid(n.nspowner), pg_catalog.pg_has_role(n.nspowner, 'USAGE') FROM "
            "pg_catalog.pg_namespace n WHERE n.nspname = 'pgconsent'");
    if (!rows.empty()) {
      if (!rows[0][1].as<bool>()) {
        throw Problem{fmt::format("the schema `pgconsent` belongs to role `{}`", rows[0][0].c_str()),
                      "run init as that role (control.user)"};
      }
      has_store_ = exists(
          "SELECT FROM pg_catalog.pg_class WHERE relname = 'migration' AND relnamespace = "
          "'pgconsent'::regnamespace");
      if (!has_store_ &&
          exists("SELECT FROM pg_catalog.pg_class WHERE relnamespace = 'pgconsent'::regnamespace"))
        throw Problem{"the schema `pgconsent` holds something else", "move it to another schema"};
      return;
    }
    if (!exists("SELECT WHERE pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')")) {
      throw Problem{fmt::format("role `{}` may not create a schema in database `{}`", work_.conn().username(),
                                work_.conn().dbname()),
                    fmt::format("GRANT CREATE ON DATABASE {} TO {}", quote_identifier(work_.conn().dbname()),
                                quote_identifier(work_.conn().username()))};
    }
    execute("CREATE SCHEMA pgconsent", "schema pgconsent");
  }

  void migrate() {
    const std::vector<Migration> all = migrations();
    int version = 0;
    if (has_store_)
      version = ask("SELECT coalesce(max(version), 0) FROM pgconsent.migration")[0][0].as<int>();
    if (version > all.back().version) {
      throw Problem{fmt::format("the consent store has version {}, this pgconsent knows {}", version,
                                all.back().version),
                    "use the newer pgconsent"};
    }
    if (version < all.back().version) lock_out_writers();
    if (has_store_ && version < one_spelling) refuse_spellings();
    for (const Migration& migration : all) {
      if (migration.version <= version) continue;
      execute(migration.sql, fmt::format("migration {} ({})", migration.version, migration.name));
      execute(fmt::format("INSERT INTO pgconsent.migration (version, name) VALUES ({}, {})",
                          migration.version, quote_literal(migration.name)));
    }
  }

  // Events of one subject whose keys are written in several ways would be those of several.
  void refuse_spellings() {
    for (const auto& kind : ask("SELECT name, key_type FROM pgconsent.subject_kind")) {
      const std::string name = kind[0].c_str();
      const pqxx::result other =
          ask(fmt::format("SELECT e.subject, c.subject::text FROM pgconsent.{} e JOIN pgconsent.{} c ON "
                          "c.subject = e.subject::{} WHERE "
                          "e.subject <> c.subject::text COLLATE \"C\" LIMIT 1",
                          quote_identifier("consent_event_" + name),
                          quote_identifier(rules::compiled_table(name)), cast_type(kind[1].c_str())));
      if (other.empty()) continue;
      throw Problem{fmt::format("events of kind `{}` write one subject as \"{}\" and \"{}\"", name,
                                other[0][0].c_str(), other[0][1].c_str()),
                    "export the events, drop the schema `pgconsent`, run init and import them"};
    }
  }

  // A number stays with its pair for ever, also when the rules no longer name it.
  void pairs() {
    if (has_store_) {
      for (const auto& row : ask("SELECT purpose, category, number FROM pgconsent.pair"))
        numbering_.pairs[{row[0].c_str(), row[1].c_str()}] = row[2].as<int>();
    }
    int next = 0;
    for (const auto& [pair, number] : numbering_.pairs) next = std::max(next, number + 1);
    std::string values;
    int added = 0;
    for (const rules::StorePair& pair : needs_.pairs) {
      if (!numbering_.pairs.emplace(pair, next).second) continue;
      if (has_store_ && !pair.second.empty()) added_.push_back(pair);
      values += fmt::format("{}\n  ({}, {}, {})", values.empty() ? "" : ",", next++,
                            quote_literal(pair.first), quote_literal(pair.second));
      ++added;
    }
    if (next > most_pairs) {
      throw Problem{fmt::format("{} pairs of purpose and category, the store takes {}", next, most_pairs),
                    ""};
    }
    count_ = next;
    if (added > 0) {
      execute("INSERT INTO pgconsent.pair (number, purpose, category) VALUES" + values,
              fmt::format("{} pairs of purpose and category", added));
    }
  }

  void kinds() {
    for (const rules::StoreKind& kind : needs_.kinds) {
      const std::string type = kind.key_type;
      pqxx::result known;
      if (has_store_) {
        known = ask("SELECT key_type, subject_table, subject_key FROM pgconsent.subject_kind WHERE name = " +
                    quote_literal(kind.name));
      }
      if (known.empty()) {
        execute(fmt::format("INSERT INTO pgconsent.subject_kind VALUES ({}, {}, {}, {})",
                            quote_literal(kind.name), quote_literal(kind.table), quote_literal(kind.key),
                            quote_literal(type)),
                fmt::format("subject kind {} ({}.{})", kind.name, kind.table, kind.key));
      } else if (known[0][0].c_str() != type) {
        throw Problem{fmt::format("subject kind `{}` was made for keys of type {}, the rules say {}",
                                  kind.name, known[0][0].c_str(), type),
                      "export its events, drop it and run init again"};
      } else if (known[0][1].c_str() != kind.table || known[0][2].c_str() != kind.key) {
        execute(fmt::format(
                    "UPDATE pgconsent.subject_kind SET subject_table = {}, subject_key = {} WHERE name = {}",
                    quote_literal(kind.table), quote_literal(kind.key), quote_literal(kind.name)),
                fmt::format("subject kind {} is now {}.{}", kind.name, kind.table, kind.key));
      }
    }
  }

  // What can be made again and again; left alone while it is the same.
  void code() {
    std::string sql = functions_sql() + narrowing();
    for (const rules::StoreKind& kind : needs_.kinds) sql += kind_sql(kind, count_);
    sql += rights();
    numbering_.version = migrations().back().version;
    numbering_.digest = rules::sha256_hex(sql);
    const std::string body = rules::write_numbering(numbering_);
    const bool is_same =
        has_store_ && exists(
                          "SELECT FROM pg_catalog.pg_proc WHERE proname = 'numbering' AND pronamespace = "
                          "'pgconsent'::regnamespace AND prosrc = " +
                          quote_literal(body));
    if (is_same && is_whole()) return;
    role();
    lock_out_writers();
    execute("SET LOCAL client_min_messages = warning");
    execute("CREATE OR REPLACE FUNCTION pgconsent.numbering() RETURNS text LANGUAGE sql IMMUTABLE AS " +
            quote_literal(body));
    execute(sql, is_same ? "functions and triggers that were missing or disabled"
                         : "functions, tables of the subject kinds, grants");
    cover_new_pairs();
  }

  // In their own order, that nobody waits for one who waits for him.
  void lock_out_writers() {
    if (!has_store_) return;
    std::string tables;
    for (const auto& kind :
         ask("SELECT name FROM pgconsent.subject_kind WHERE pg_catalog.to_regclass('pgconsent.' || "
             "pg_catalog.quote_ident(name || '_consent')) IS NOT NULL ORDER BY name"))
      tables += fmt::format("pgconsent.{}, ", quote_identifier(rules::compiled_table(kind[0].c_str())));
    execute("LOCK TABLE " + tables + "pgconsent.consent_event, pgconsent.change IN ACCESS EXCLUSIVE MODE");
  }

  // As the last init has left it. What rows have lost is not made anew from nothing.
  bool is_whole() {
    std::string tables, functions;
    for (const rules::StoreKind& kind : needs_.kinds) {
      tables +=
          fmt::format("{}{}", tables.empty() ? "" : ", ", quote_literal(rules::compiled_table(kind.name)));
      for (const char* name : {"apply", "compile", "replay", "state"})
        functions += ", " + quote_literal(kind.name + "_" + name);
    }
    const std::size_t columns = needs_.kinds.size() * 4 * static_cast<std::size_t>(words_of(count_));
    if (columns > 0 &&
        !exists(fmt::format(
            "SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
            "WHERE c.relnamespace = 'pgconsent'::regnamespace AND c.relname IN ({}) AND NOT "
            "a.attisdropped AND a.attname ~ '^(given|limited|withdrawn|objected)_[0-9]+$' "
            "HAVING count(*) >= {}",
            tables, columns)))
      throw Problem{"the consent store has lost a table or a column of what holds",
                    "restore it from a backup"};
    return exists(fmt::format(
        "SELECT FROM pg_catalog.pg_proc WHERE pronamespace = 'pgconsent'::regnamespace AND "
        "proname IN ('give', 'refuse', "
        "'withdraw', 'object', 'restrict', 'lift', 'apply', 'record', 'record_id'{}) HAVING "
        "count(DISTINCT proname) = {} "
        "AND (SELECT count(*) FILTER (WHERE t.tgname IN ('compile', 'replay') AND t.tgparentid = 0) >= {} "
        "AND bool_and("
        "t.tgenabled = CASE t.tgname WHEN 'replay' THEN 'R' WHEN 'own_transaction' THEN 'R' WHEN "
        "'number_change' THEN 'A' "
        "ELSE 'O' END) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE "
        "c.relnamespace = 'pgconsent'::regnamespace)",
        functions, 9 + 4 * needs_.kinds.size(), 2 * needs_.kinds.size()));
  }

  std::string narrowing() const {
    std::string sql = "DELETE FROM pgconsent.narrowing;\n";
    for (std::size_t i = 0; i < needs_.narrowing.size(); ++i) {
      const auto& [purpose, wider] = needs_.narrowing[i];
      const bool widest = i + 1 == needs_.narrowing.size() || needs_.narrowing[i + 1].first != purpose;
      sql += fmt::format("INSERT INTO pgconsent.narrowing VALUES ({}, {}, {});\n", quote_literal(purpose),
                         quote_literal(wider), widest);
    }
    return sql;
  }

  // Who has withdrawn from a purpose as a whole has done so for what it comes to use. In rows of before.
  void cover_new_pairs() {
    for (const rules::StorePair& pair : added_) {
      const int number = numbering_.pairs.at(pair);
      for (const rules::StoreKind& kind : needs_.kinds) execute(withdraw_sql(kind, pair, number));
    }
  }

  void role() {
    if (exists(fmt::format("SELECT FROM pg_catalog.pg_roles WHERE rolname = '{}'", writer_role))) return;
    if (!exists(
            "SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND (rolcreaterole OR rolsuper)")) {
      throw Problem{fmt::format("role `{}` does not exist and role `{}` may not create roles", writer_role,
                                work_.conn().username()),
                    fmt::format("CREATE ROLE {} as a superuser, then run init again", writer_role)};
    }
    execute(fmt::format("CREATE ROLE {} NOLOGIN", writer_role), fmt::format("role {}", writer_role));
  }

  std::string rights() const {
    std::string sql =
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgconsent FROM PUBLIC;\n"
        "REVOKE ALL ON ALL TABLES IN SCHEMA pgconsent FROM PUBLIC;\n";
    sql += fmt::format("GRANT USAGE ON SCHEMA pgconsent TO {};\n", writer_role);
    for (const char* name : {"give", "refuse", "withdraw", "object", "restrict", "lift"})
      sql += fmt::format("GRANT EXECUTE ON FUNCTION pgconsent.{} TO {};\n", name, writer_role);
    for (const std::string& role : needs_.roles) {
      sql += fmt::format("GRANT USAGE ON SCHEMA pgconsent TO {};\n", quote_identifier(role));
      for (const rules::StoreKind& kind : needs_.kinds) {
        sql += fmt::format("GRANT SELECT ON pgconsent.{} TO {};\n",
                           quote_identifier(rules::compiled_table(kind.name)), quote_identifier(role));
      }
    }
    return sql;
  }

  pqxx::work& work_;
  const rules::StoreNeeds& needs_;
  const bool dry_run_;
  bool has_store_ = false;
  int count_ = 0;
  std::vector<rules::StorePair> added_;  // to a store that was there
  rules::StoreNumbering numbering_;
  InitResult result_;
};

std::string first_line(std::string text) {
  text.resize(std::min(text.size(), text.find('\n')));
  return text;
}

}  // namespace

InitResult initialise(const std::string& connection, const rules::StoreNeeds& needs, bool dry_run) {
  InitResult failed;
  try {
    pqxx::connection server(connection);
    pqxx::work work(server);
    work.exec("SET LOCAL search_path = ''");
    InitResult result = Initialiser(work, needs, dry_run).run();
    if (dry_run) {
      work.abort();
    } else {
      work.commit();
    }
    return result;
  } catch (const Problem& problem) {
    failed.error = problem.error;
    failed.hint = problem.hint;
  } catch (const pqxx::sql_error& error) {
    failed.error = first_line(error.what());
    if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr)
      failed.hint = "the role of init needs the right to do this";
  } catch (const std::exception& error) {
    failed.error = first_line(error.what());
  }
  return failed;
}

}  // namespace pgconsent::consent
