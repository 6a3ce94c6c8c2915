// Whether a column that comes, goes or gets another name means something else to code on unmasked rows.
#include <gtest/gtest.h>

#include "tests/unit/reach/fixture.h"

namespace pgconsent::parser {
namespace {

constexpr Oid history = 20500, people = 20501, history_2026 = 20502;

// A trigger `keep` on `people`, whose rows go to `history`, perhaps.
World with_history(const std::string& body) {
  World world = shop();
  world.snapshot->schemas = {"public", "old"};
  world.relation(history, "history");
  world.relation(people, "people");
  world.relation(history_2026, "history_2026");
  world.inherit(history_2026, history);
  world.function(30000, "keep", "plpgsql", body);
  world.snapshot->relations[people].trigger_functions = {30000};
  world.options.protected_relations.insert(people);
  world.options.trusted_functions = {30000};
  return world;
}

bool is_whole(const FunctionReach& reach, Oid relation) {
  return reach.changes_meaning(relation, "any");
}

TEST(RowTables, RowsOfTriggersByName) {
  for (const char* body :
       {"BEGIN RETURN NEW; END",
        "BEGIN IF NEW IS DISTINCT FROM OLD THEN NEW.at := now(); END IF; RETURN NEW; END",
        "BEGIN IF OLD.* IS NOT DISTINCT FROM NEW.* THEN RETURN NULL; END IF; RETURN COALESCE(NEW, OLD); END",
        "BEGIN IF ROW(NEW.*) IS DISTINCT FROM ROW(OLD.*) OR OLD IS NULL OR OLD <> NEW THEN RETURN OLD; END "
        "IF; RETURN NULL; END",
        "BEGIN PERFORM pg_notify('c', to_jsonb(OLD.*) - 'a' || row_to_json(NEW)::text); RETURN; END",
        "BEGIN PERFORM pg_notify('c', jsonb_build_object('old', OLD, 'new', NEW)::text); RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object('a', NEW.b, 'c', lower(f(NEW.d, 1)))); "
        "RETURN NEW #= public.hstore('a', 'b'); END",
        "BEGIN NEW := NEW #= hstore('a', 'b'); RETURN jsonb_populate_record(OLD, to_jsonb(NEW) - 'a'); END",
        "DECLARE _new record; BEGIN _new := NEW; _new.\"updated_at\" = NOW(); RETURN _new; END",
        "DECLARE rec record; BEGIN CASE TG_OP WHEN 'INSERT' THEN rec := NEW; ELSE rec := OLD; END CASE; "
        "PERFORM "
        "pg_notify('c', row_to_json(rec)::text || rec.id); RETURN coalesce(rec, NEW); END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {history, people, history_2026}) EXPECT_FALSE(is_whole(*reach, oid)) << body;
  }
}

TEST(RowTables, WholeRowsOfTriggers) {
  for (const char* body :
       {"BEGIN INSERT INTO log SELECT (OLD).*; RETURN NEW; END",
        "BEGIN PERFORM store(OLD); RETURN NEW; END",
        "DECLARE r record; BEGIN r := OLD; INSERT INTO log SELECT r.*; RETURN NEW; END",
        "DECLARE r record; BEGIN r := OLD; SELECT 1, 2 INTO r; RETURN r; END",
        "DECLARE r record; BEGIN r := OLD; DECLARE r log; BEGIN r := OLD; END; RETURN NEW; END",
        "DECLARE r log; BEGIN r := OLD; RETURN NEW; END",
        "DECLARE n ALIAS FOR NEW; BEGIN RETURN NULL; END",
        "BEGIN SELECT a, b INTO NEW FROM log; RETURN NEW; END",
        "DECLARE r record; BEGIN SELECT * INTO r FROM log; RETURN r; END",
        "DECLARE r record; BEGIN SELECT 1 INTO r; RETURN COALESCE(r, NEW); END",
        "BEGIN NEW := (1, 2, 3); RETURN NEW; END",
        "BEGIN EXECUTE 'SELECT 1' USING OLD.a; RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NULL::log, '{}'); RETURN NEW; END",
        "BEGIN IF ROW(1, 2) = OLD THEN RETURN NULL; END IF; END",
        "BEGIN INSERT INTO log VALUES (OLD.*); RETURN NEW; END",
        "BEGIN RETURN u&\"n\\0065w\"; END",
        "BEGIN INSERT INTO log SELECT (OLD #= hstore('city', 'then')).*; RETURN NEW; END",
        "BEGIN INSERT INTO log SELECT (jsonb_populate_record(OLD, jsonb_build_object('a', 1))).*; RETURN "
        "NEW; END",
        "DECLARE h log; BEGIN h := jsonb_populate_record(OLD, jsonb_build_object('a', 1)); RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[0] || '_lower', lower(NEW.a))); "
        "RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object('a', 1, NEW.kind, NEW.a)); RETURN NEW; "
        "END",
        "BEGIN NEW := jsonb_populate_record(NEW, named(NEW.a)); RETURN NEW; END",
        "BEGIN NEW := set_all(NEW); RETURN NEW; END",
        "BEGIN RETURN NEW #= hstore(NEW.kind, NEW.a); END",
        "BEGIN EXECUTE NEW.code; RETURN NEW; END",
        "BEGIN PERFORM run(TG_TABLE_NAME); RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object(E'\\x61', 1)); RETURN NEW; END"}) {
    World world = with_history(body);
    world.function(30001, "run", "plpgsql", "BEGIN EXECUTE format('SELECT 1 FROM %I', $1); END");
    EXPECT_TRUE(is_whole(*world.reach(), people)) << body;
  }
}

TEST(RowTables, WholeRowsOfOtherTables) {
  for (const char* body :
       {"BEGIN INSERT INTO history SELECT OLD.*; END",
        "BEGIN INSERT INTO public.history VALUES (OLD.id); END",
        "DECLARE r public.history; BEGIN END",
        "DECLARE r constant history; BEGIN END",
        "DECLARE r history%ROWTYPE; BEGIN END",
        "DECLARE r public.history[]; BEGIN END",
        "BEGIN INSERT INTO x TABLE history; END",
        "BEGIN INSERT INTO history (SELECT OLD.id); END",
        "BEGIN INSERT INTO history ((SELECT OLD.id)); END",
        "BEGIN INSERT INTO history AS h VALUES (1); END",
        "BEGIN INSERT INTO log (a) SELECT DISTINCT ON (id) * FROM history; END",
        "BEGIN INSERT INTO log (a) SELECT x FROM log, history AS l(x); END",
        "BEGIN INSERT INTO log SELECT h.* FROM (history h JOIN log USING (id)); END",
        "BEGIN PERFORM to_jsonb(h) FROM log JOIN history h ON true; END",
        "BEGIN PERFORM to_jsonb(history) FROM log, history; END",
        "BEGIN PERFORM to_jsonb(h) FROM \"order\" \"limit\", history h; END",
        "BEGIN PERFORM to_jsonb(j) FROM (log JOIN history USING (id)) AS j; END",
        "BEGIN PERFORM to_jsonb(h) FROM log a JOIN log b ON CASE WHEN a.x THEN b.x END, history h; END",
        "BEGIN DELETE FROM log USING (history h CROSS JOIN log b) WHERE h = b; END",
        "BEGIN PERFORM 1 FROM history NATURAL JOIN log; END",
        "BEGIN PERFORM f(NULL::history); END",
        "BEGIN PERFORM CAST(x AS history); END",
        "BEGIN PERFORM history '(1,2)'; END",
        "BEGIN PERFORM 1 FROM jsonb_to_record(x) AS t(a history); END",
        "BEGIN MERGE INTO history h USING log ON true WHEN NOT MATCHED THEN INSERT VALUES (1); END",
        "BEGIN UPDATE history SET a = 1 RETURNING * INTO r; END",
        "BEGIN COPY history TO 'x'; END",
        "BEGIN INSERT INTO history (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = f(excluded); END",
        "BEGIN EXECUTE 'INSERT INTO public.' || 'history' || ' VALUES ($1)'; END",
        "BEGIN PERFORM dblink_exec('c', format('INSERT INTO public.history VALUES (%L)', OLD.id)); END",
        "BEGIN PERFORM my_exec('INSERT INTO history VALUES (1)'); END",
        "BEGIN EXECUTE format('INSERT INTO %I VALUES ($1)', 'hist' || TG_ARGV[0]); END",
        "BEGIN EXECUTE format('TABLE public.%I_2026', x); END",
        "BEGIN EXECUTE 'TABLE ' || x || '_2026'; END",
        "BEGIN EXECUTE format('TABLE %I', concat_ws('_', x, '2026')); END",
        "BEGIN EXECUTE format('TABLE %I', concat('hist', x)); END",
        "DECLARE x text := 'story'; BEGIN EXECUTE 'TABLE ' || TG_TABLE_NAME || x; END",
        "BEGIN EXECUTE format('TABLE %I', replace(x, 'a', 'story')); END",
        "BEGIN EXECUTE E'TABLE h\\x69story'; END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {history, history_2026}) EXPECT_TRUE(is_whole(*reach, oid)) << body;
  }
}

TEST(RowTables, OtherTablesByColumns) {
  for (const char* body :
       {"BEGIN INSERT INTO history (a, b) VALUES (OLD.a, OLD.b * 2); END",
        "BEGIN INSERT INTO public.history AS h (a) SELECT OLD.a; END",
        "BEGIN INSERT INTO history DEFAULT VALUES; END",
        "DECLARE v public.history.a%TYPE; BEGIN SELECT h.a, count(*) * 2 INTO v FROM history h; END",
        "BEGIN IF EXISTS (SELECT * FROM history WHERE history.a = NEW.a) THEN RETURN NEW; END IF; END",
        "BEGIN MERGE INTO history h USING log ON h.a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1); END",
        "BEGIN UPDATE ONLY history h SET a = 1 FROM log WHERE h.a = log.a; DELETE FROM history USING log; "
        "END",
        "BEGIN FOR r IN SELECT a FROM history LOOP PERFORM r.a; END LOOP; END",
        "BEGIN PERFORM s.a FROM (history JOIN log USING (id)) JOIN (SELECT a FROM log) AS s ON true; END",
        "BEGIN PERFORM a FROM history h FOR UPDATE OF h; END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {history, history_2026}) {
      EXPECT_FALSE(is_whole(*reach, oid)) << body;
      EXPECT_TRUE(reach->changes_meaning(oid, "a") || reach->changes_meaning(oid, "values")) << body;
    }
    EXPECT_FALSE(is_whole(*reach, people)) << body;
  }
}

TEST(RowTables, NamesOfColumnsAreNoTables) {
  for (
      const char* body :
      {"BEGIN NEW.history := OLD.history; RETURN NEW; END", "BEGIN UPDATE log SET history = history + 1; END",
       "DECLARE history int; BEGIN SELECT a AS history INTO x FROM log WHERE a IS DISTINCT FROM history; END",
       "BEGIN INSERT INTO log (id, history) VALUES (1, history); END",
       "BEGIN RAISE EXCEPTION 'no history'; END", "BEGIN PERFORM 1 FROM log JOIN x USING (history); END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {history, history_2026}) EXPECT_FALSE(reach->changes_meaning(oid, "log")) << body;
  }
  World world = with_history("BEGIN INSERT INTO old.history VALUES (OLD.a); RETURN NEW; END");
  world.snapshot->relations[history].schema = "old";
  EXPECT_TRUE(is_whole(*world.reach(), history));
}

// Of a body that names the table, of its trigger and the trigger's arguments.
TEST(RowTables, NamesThatCodeHolds) {
  World world = with_history(
      "BEGIN PERFORM 1 FROM history WHERE mail = address; NEW := NEW #= hstore('filled', 'x'); RETURN NEW; "
      "END");
  world.relation(20503, "other");
  world.snapshot->relations[people].trigger_arguments = "tsv\npg_catalog.english";
  auto reach = world.reach();
  for (const char* name : {"address", "mail", "filled"}) {
    for (Oid oid : {history, history_2026, people}) EXPECT_TRUE(reach->changes_meaning(oid, name)) << name;
    EXPECT_FALSE(reach->changes_meaning(20503, name)) << name;
    EXPECT_FALSE(reach->changes_meaning(users, name)) << name;
  }
  EXPECT_TRUE(reach->changes_meaning(people, "tsv"));
  EXPECT_FALSE(reach->changes_meaning(history, "tsv"));
  world.function(30000, "keep", "c", "keep");
  EXPECT_TRUE(world.reach()->changes_meaning(people, "tsv"));
}

// Dynamic SQL is about what constants name, and its own table.
TEST(RowTables, DynamicSqlElsewhere) {
  World world = with_history("BEGIN RETURN NEW; END");
  world.function(30001, "run", "plpgsql", "BEGIN EXECUTE 'SELECT a FROM ' || $1; END");
  world.options.trusted_functions.insert(30001);
  for (Oid oid : {history, people, users, orders}) EXPECT_FALSE(is_whole(*world.reach(), oid));
  world.function(30002, "names", "sql", "SELECT 'public.history'");
  world.options.trusted_functions.insert(30002);
  world.snapshot->relations[people].trigger_arguments = "orders";
  for (Oid oid : {history, history_2026, orders}) EXPECT_TRUE(is_whole(*world.reach(), oid));
  EXPECT_TRUE(world.reach()->names_for_rows("history"));
  for (Oid oid : {people, users}) EXPECT_FALSE(is_whole(*world.reach(), oid));
  world.function(30000, "keep", "plpython3u", "");
  EXPECT_TRUE(is_whole(*world.reach(), people));
}

TEST(RowTables, TransitionTablesSignaturesAndTypes) {
  World world = with_history("BEGIN RETURN NEW; END");
  world.snapshot->relations[people].transition_functions = {30000};
  EXPECT_TRUE(is_whole(*world.reach(), people));
  world.snapshot->relations[people].transition_functions.clear();
  world.options.trusted_functions.clear();  // it is judged by its columns then, and goes on running
  world.function(30000, "keep", "plpgsql", "BEGIN INSERT INTO history SELECT OLD.*; RETURN NEW; END");
  for (Oid oid : {history, people}) EXPECT_TRUE(is_whole(*world.reach(), oid)) << oid;

  world = with_history("BEGIN PERFORM store(NEW.a); RETURN NEW; END");
  world.snapshot->types[40000] = {40000, "public", "history", history, 0, {}};
  world.function(30001, "store", "sql", "SELECT 1");
  world.snapshot->functions[30001].result_type = 40000;
  EXPECT_TRUE(is_whole(*world.reach(), history));
  EXPECT_TRUE(world.reach()->is_read_for_rows(history));

  world = with_history("DECLARE h public.past; BEGIN h := ROW(OLD.id, NULL); RETURN NEW; END");
  world.snapshot->types[40000] = {40000, "public", "history", history, 0, {}};
  world.snapshot->types[40001] = {40001, "public", "past", 0, 40000, {}};
  EXPECT_TRUE(is_whole(*world.reach(), history));

  world = with_history("BEGIN RETURN NEW; END");
  world.relation(20503, "inner", RelationKind::composite_type);
  world.snapshot->types[40000] = {40000, "public", "history", history, 0, {}};
  world.snapshot->types[40001] = {40001, "public", "_inner", 0, 40002, {}};
  world.snapshot->types[40002] = {40002, "public", "inner", 20503, 0, {}};
  world.snapshot->relations[history].columns.resize(1);
  world.snapshot->relations[history].columns[0].type = 40001;
  EXPECT_FALSE(is_whole(*world.reach(), history));
  world.snapshot->relations[users].named_types = {40000};
  for (Oid oid : {history, history_2026, Oid{20503}}) EXPECT_TRUE(is_whole(*world.reach(), oid)) << oid;
}

}  // namespace
}  // namespace pgconsent::parser
