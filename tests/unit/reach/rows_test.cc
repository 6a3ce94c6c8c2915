// Code that PostgreSQL runs on unmasked rows: which names it uses, and what may tell of them.
#include <gtest/gtest.h>

#include "tests/unit/reach/fixture.h"

namespace pgconsent::parser {
namespace {

TEST(RowCode, TriggersAndWhatTheyCall) {
  World world = shop();
  world.relation(users, "users").trigger_functions = {30000};
  world.function(30000, "note", "plpgsql", "BEGIN IF NEW.a ~* 'x' THEN PERFORM deep(OLD.email); END IF; END");
  world.function(30001, "deep", "plpgsql", "BEGIN RAISE NOTICE 'was %', $1; END");
  world.function(30002, "deep", "sql", "SELECT 1", "other");
  world.function(30003, "far", "plpgsql", "BEGIN RAISE NOTICE 'was %', $1; END");
  auto reach = world.reach();
  EXPECT_TRUE(reach->runs_on_rows("note"));
  EXPECT_TRUE(reach->runs_on_rows("deep"));
  EXPECT_FALSE(reach->runs_on_rows("far"));
  EXPECT_TRUE(reach->messages_may_tell("deep"));
  EXPECT_FALSE(reach->messages_may_tell("note"));
  EXPECT_TRUE(reach->errors_may_tell("note"));
  EXPECT_FALSE(reach->messages_may_tell("far"));
  EXPECT_FALSE(reach->errors_may_tell("far"));
}

TEST(RowCode, PoliciesDefaultsDomainsAndConsent) {
  World world = shop();
  Relation& relation = world.relation(users, "users");
  relation.implicit_functions = {30000, 870};
  relation.policy_functions = {30001};
  Column column;
  column.type = 40000;
  relation.columns.push_back(column);
  world.snapshot->types[40000].functions = {30002};
  world.view(20500, "consents", {30003});
  world.options.deciding_relations = {20500};
  for (Oid oid : {30000, 30001, 30002, 30003})
    world.function(oid, "f" + std::to_string(oid), "sql", "SELECT true");
  auto reach = world.reach();
  for (const char* name : {"f30000", "f30001", "f30002", "f30003"})
    EXPECT_TRUE(reach->runs_on_rows(name)) << name;
}

// What is trusted to read them is not for others to define, either; its messages are trusted with it.
TEST(RowCode, WhatTrustedFunctionsName) {
  World world = shop();
  world.function(
      30000, "label", "plpgsql",
      "DECLARE n text; result int; BEGIN n := fmt((SELECT email FROM users)); INSERT INTO kept VALUES "
      "(n); RETURN n; END");
  world.function(30001, "fmt", "plpgsql", "BEGIN RAISE NOTICE '%', $1; RETURN $1; END");
  world.options.trusted_functions = {30000};
  auto reach = world.reach();
  EXPECT_TRUE(reach->runs_on_rows("label"));
  EXPECT_TRUE(reach->runs_on_rows("fmt"));
  EXPECT_TRUE(reach->names_for_rows("text"));
  EXPECT_TRUE(reach->names_for_rows("kept"));
  EXPECT_TRUE(reach->names_for_rows("users"));
  EXPECT_FALSE(reach->names_for_rows("email2"));
  EXPECT_FALSE(reach->errors_may_tell("label"));
  EXPECT_FALSE(reach->messages_may_tell("fmt"));
}

// An untrusted trigger names public columns only: see write_rules.
TEST(RowCode, RelationsWithoutTheirSchema) {
  World world = shop();
  world.relation(users, "users").trigger_functions = {30000, 30001};
  world.function(30000, "keep", "plpgsql",
                 "BEGIN INSERT INTO kept (x) VALUES (OLD.email); EXECUTE 'INSERT INTO \"Old\" SELECT 1'; "
                 "INSERT INTO audit.log SELECT 1; END");
  world.function(30001, "count", "plpgsql", "BEGIN INSERT INTO counted VALUES (1); RETURN NEW; END");
  world.options.trusted_functions = {30000};
  auto reach = world.reach();
  EXPECT_TRUE(reach->names_for_rows("kept"));
  EXPECT_TRUE(reach->names_for_rows("old"));
  EXPECT_FALSE(reach->names_for_rows("log"));
  EXPECT_FALSE(reach->names_for_rows("counted"));
  EXPECT_NE(reach->judge_body("plpgsql", "BEGIN CREATE TEMP TABLE kept (x text); END"), "");
  EXPECT_EQ(reach->judge_body("plpgsql", "BEGIN CREATE TEMP TABLE other (y text); END"), "");
}

TEST(RowCode, AConstantMessageTellsNothing) {
  World world = shop();
  world.relation(users, "users").trigger_functions = {30000, 30001, 30002};
  world.function(30000, "plain", "plpgsql", "BEGIN RAISE EXCEPTION 'too much' ; RAISE; END");
  world.function(30001, "detail", "plpgsql", "BEGIN RAISE unique_violation USING MESSAGE = OLD.email; END");
  world.function(30002, "asserts", "plpgsql", "BEGIN ASSERT false, OLD.email; END");
  auto reach = world.reach();
  EXPECT_FALSE(reach->messages_may_tell("plain"));
  EXPECT_TRUE(reach->messages_may_tell("detail"));
  EXPECT_TRUE(reach->messages_may_tell("asserts"));
}

// A policy may call what the application may not; its messages are the function's, all the same.
TEST(RowCode, DangerousCodeMayTell) {
  World world = shop();
  world.function(30000, "peek", "plpgsql",
                 "DECLARE r text; BEGIN SELECT email INTO r FROM users; RAISE NOTICE '%', r; END");
  auto reach = world.reach();
  EXPECT_TRUE(reach->is_dangerous(30000));
  EXPECT_TRUE(reach->messages_may_tell("peek"));
  EXPECT_TRUE(reach->errors_may_tell("peek"));
}

// A consent view over a materialised one over a table; its function names another view, which calls a
// function.
TEST(RowCode, WhatConsentAndTrustedCodeRead) {
  World world = shop();
  world.relation(20500, "flags");
  world.view(20501, "kept_flags", {20500, 30001}).kind = RelationKind::materialized_view;
  world.view(20502, "consents", {20501, 30000});
  world.view(20503, "switch", {30002});
  world.view(20504, "Named by trust", {});
  world.view(20505, "spare", {20500});
  world.snapshot->schemas.push_back("crm");
  world.function(30000, "may", "plpgsql", "BEGIN RETURN (SELECT on FROM crm.Switch); END");
  world.function(30001, "is_set", "sql", "SELECT true");
  world.function(30002, "is_on", "sql", "SELECT true");
  world.function(30003, "label", "plpgsql", "BEGIN RETURN (SELECT 1 FROM \"Named by trust\"); END");
  world.options.deciding_relations = {20502};
  world.options.trusted_functions = {30003};
  auto reach = world.reach();
  for (Oid oid : {20500, 20501, 20502}) EXPECT_TRUE(reach->decides(oid)) << oid;
  EXPECT_FALSE(reach->decides(20503));
  for (Oid oid : {20500, 20501, 20502, 20503, 20504}) EXPECT_TRUE(reach->is_read_for_rows(oid)) << oid;
  EXPECT_FALSE(reach->is_read_for_rows(20505));
  for (const char* name : {"may", "is_set", "is_on", "label"}) EXPECT_TRUE(reach->runs_on_rows(name)) << name;
  EXPECT_TRUE(reach->row_code_holds("switch"));
  EXPECT_FALSE(reach->row_code_holds("spare"));
}

TEST(RowCode, EscapedNamesMayBeAny) {
  World world = shop();
  world.view(20505, "spare", {});
  world.function(30000, "label", "sql", "SELECT 1 FROM U&\"sp\\0061re\"");
  world.options.trusted_functions = {30000};
  EXPECT_TRUE(world.reach()->is_read_for_rows(20505));
}

TEST(RowCode, NamesOfTypes) {
  World world = shop();
  world.snapshot->schemas.push_back("crm");
  world.relation(20500, "history");
  world.snapshot->types[40000] = {40000, "crm", "mood", 0, 0, {30001}};
  world.function(30001, "is_mood", "sql", "SELECT true");
  world.function(
      30000, "keep", "plpgsql",
      "DECLARE l label; BEGIN NEW.search := lower(NEW.email)::crm.Mood; EXECUTE 'SELECT late()'; END");
  world.function(30002, "late", "sql", "SELECT 1", "other");
  world.options.trusted_functions = {30000};
  auto reach = world.reach();
  EXPECT_TRUE(reach->names_for_rows("label"));
  EXPECT_TRUE(reach->is_row_type(40000));
  EXPECT_TRUE(reach->runs_on_rows("is_mood"));
  EXPECT_TRUE(reach->runs_on_rows("late"));
  EXPECT_FALSE(reach->row_code_names("search"));
  EXPECT_TRUE(reach->row_code_holds("search"));
  EXPECT_FALSE(reach->row_code_searches());
  world.function(30000, "keep", "sql", "SELECT to_tsvector('crm.c', $1) * 2");
  EXPECT_TRUE(world.reach()->row_code_searches());
}

// A trigger `keep` on `people`, whose rows go to `history`, perhaps.
World with_history(const std::string& body) {
  World world = shop();
  world.relation(20500, "history");
  world.relation(20501, "people");
  world.relation(20502, "history_2026");
  world.snapshot->relations[20500].children = {20502};
  world.snapshot->relations[20502].parents = {20500};
  world.function(30000, "keep", "plpgsql", body);
  world.snapshot->relations[20501].trigger_functions = {30000};
  world.options.protected_relations.insert(20501);
  world.options.trusted_functions = {30000};
  return world;
}

TEST(RowCode, OrderOfColumns) {
  for (const char* body :
       {"BEGIN RETURN NEW; END",
        "BEGIN IF NEW IS DISTINCT FROM OLD THEN NEW.at := now(); END IF; RETURN NEW; END",
        "BEGIN IF OLD.* IS NOT DISTINCT FROM NEW.* THEN RETURN NULL; END IF; RETURN COALESCE(NEW, OLD); END",
        "BEGIN IF ROW(NEW.*) IS DISTINCT FROM ROW(OLD.*) OR OLD IS NULL OR OLD <> NEW THEN RETURN OLD; END "
        "IF; RETURN NULL; END",
        "BEGIN PERFORM pg_notify('c', to_jsonb(OLD.*) - 'a' || row_to_json(NEW)::text); RETURN; END",
        "BEGIN PERFORM pg_notify('c', jsonb_build_object('old', OLD, 'new', NEW)::text); RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, '{}'); RETURN NEW #= hstore('a', 'b'); END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {20500, 20501, 20502}) EXPECT_FALSE(reach->row_code_copies(oid)) << body;
  }
  for (const char* body :
       {"BEGIN INSERT INTO log SELECT (OLD).*; RETURN NEW; END", "BEGIN PERFORM store(OLD); RETURN NEW; END",
        "DECLARE r record; BEGIN r := OLD; RETURN NEW; END",
        "DECLARE n ALIAS FOR NEW; BEGIN RETURN NULL; END",
        "BEGIN SELECT a, b INTO NEW FROM log; RETURN NEW; END",
        "DECLARE r record; BEGIN SELECT * INTO r FROM log; RETURN r; END",
        "BEGIN NEW := (1, 2, 3); RETURN NEW; END", "BEGIN EXECUTE 'SELECT 1' USING OLD.a; RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NULL::log, '{}'); RETURN NEW; END",
        "BEGIN IF ROW(1, 2) = OLD THEN RETURN NULL; END IF; END",
        "BEGIN INSERT INTO log VALUES (OLD.*); RETURN NEW; END", "BEGIN RETURN u&\"n\\0065w\"; END"}) {
    EXPECT_TRUE(with_history(body).reach()->row_code_copies(20501)) << body;
  }
  for (const char* body :
       {"BEGIN INSERT INTO history SELECT OLD.*; END", "DECLARE r public.history; BEGIN END",
        "DECLARE a history.id%TYPE; BEGIN END", "BEGIN INSERT INTO x TABLE history; END",
        "BEGIN INSERT INTO history (SELECT OLD.id); END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {20500, 20502}) EXPECT_TRUE(reach->row_code_copies(oid)) << body;
  }
  EXPECT_FALSE(
      with_history("BEGIN NEW.history := OLD.history; RETURN NEW; END").reach()->row_code_copies(20500));
}

TEST(RowCode, OrderOfColumnsElsewhere) {
  World world = with_history("BEGIN RETURN NEW; END");
  world.snapshot->relations[20501].transition_functions = {30000};
  EXPECT_TRUE(world.reach()->row_code_copies(20501));
  world.snapshot->relations[20501].transition_functions.clear();
  world.options.trusted_functions.clear();  // it is judged by its columns then, and goes on running
  world.function(30000, "keep", "plpgsql", "BEGIN INSERT INTO history SELECT OLD.*; RETURN NEW; END");
  for (Oid oid : {20500, 20501}) EXPECT_TRUE(world.reach()->row_code_copies(oid)) << oid;

  world = with_history("BEGIN PERFORM store(NEW.a); RETURN NEW; END");
  world.snapshot->types[40000] = {40000, "public", "history", 20500, 0, {}};
  world.function(30001, "store", "sql", "SELECT 1");
  world.snapshot->functions[30001].result_type = 40000;
  EXPECT_TRUE(world.reach()->row_code_copies(20500));
  EXPECT_TRUE(world.reach()->is_read_for_rows(20500));

  world = with_history("");
  world.snapshot->functions[30000].language = "plpython3u";
  EXPECT_TRUE(world.reach()->row_code_copies(20501));
  EXPECT_TRUE(world.reach()->row_code_fills(20501, "any"));
  EXPECT_FALSE(world.reach()->row_code_fills(20500, "any")) << "nothing says so";
}

TEST(RowCode, ColumnsOfAnyName) {
  for (const char* body : {"BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object('a', NEW.b, 'c', "
                           "lower(f(NEW.d, 1)))); RETURN NEW; END",
                           "BEGIN INSERT INTO history VALUES (OLD.*); RETURN NEW; END",
                           "BEGIN RETURN NEW #= public.hstore('a', NEW.b); END",
                           "BEGIN INSERT INTO history SELECT (jsonb_populate_record(NULL::history, "
                           "to_jsonb(OLD) - 'a' || jsonb_build_object('at', now()))).*; "
                           "RETURN NEW; END"}) {
    auto reach = with_history(body).reach();
    for (Oid oid : {20500, 20501}) EXPECT_FALSE(reach->row_code_fills(oid, "any")) << body;
    EXPECT_TRUE(reach->row_code_fills(20500, "a") || reach->row_code_copies(20500)) << body;
  }
  for (const char* body :
       {"BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[0] || '_lower', lower(NEW.a))); "
        "RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object('a', 1, NEW.kind, NEW.a)); RETURN NEW; "
        "END",
        "BEGIN NEW := jsonb_populate_record(NEW, named(NEW.a)); RETURN NEW; END",
        "BEGIN NEW := set_all(NEW); RETURN NEW; END", "BEGIN RETURN NEW #= hstore(NEW.kind, NEW.a); END",
        "BEGIN EXECUTE NEW.code; RETURN NEW; END",
        "BEGIN NEW := jsonb_populate_record(NEW, jsonb_build_object(E'\\x61', 1)); RETURN NEW; END"}) {
    EXPECT_TRUE(with_history(body).reach()->row_code_fills(20501, "any")) << body;
  }
  auto reach = with_history(
                   "BEGIN INSERT INTO history SELECT (json_populate_record(NULL::history, keyed(OLD.a))).*; "
                   "RETURN NEW; END")
                   .reach();
  EXPECT_TRUE(reach->row_code_fills(20500, "any"));
  EXPECT_FALSE(reach->row_code_fills(20501, "any"));
}

}  // namespace
}  // namespace pgconsent::parser
