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
  EXPECT_FALSE(reach->row_code_searches());
  world.function(30000, "keep", "sql", "SELECT to_tsvector('crm.c', $1) * 2");
  EXPECT_TRUE(world.reach()->row_code_searches());
}

// Whoever makes what is not there, or not yet, is handed what code writes to it.
TEST(RowCode, WhatIsNotThere) {
  World world = shop();
  world.snapshot->schemas.push_back("public");
  world.relation(20500, "history");
  world.function(
      30000, "keep", "plpgsql",
      "BEGIN INSERT INTO public.history SELECT 1; INSERT INTO public.gone SELECT public.f(1); INSERT "
      "INTO archive.past SELECT h.id, ('1').x FROM public.other(1) h; END");
  world.function(30001, "monthly", "plpgsql",
                 "BEGIN EXECUTE format('INSERT INTO public.%I SELECT 1', 'log_' || month); "
                 "EXECUTE format('TABLE %I_hist', TG_TABLE_NAME) || 'x'; END");
  world.options.trusted_functions = {30000, 30001};
  auto reach = world.reach();
  for (const char* name : {"gone", "log_2026_11", "month_log_", "orders_hist"})
    EXPECT_TRUE(reach->names_for_rows(name)) << name;
  for (const char* name : {"history", "f", "past", "other", "logs", "hist"})
    EXPECT_FALSE(reach->names_for_rows(name)) << name;
  EXPECT_TRUE(reach->row_code_looks_into("archive"));
  EXPECT_FALSE(reach->row_code_looks_into("public"));
  EXPECT_FALSE(reach->row_code_looks_into(""));
  EXPECT_TRUE(reach->names_without_schema().empty());
  world.function(30000, "keep", "sql", "INSERT INTO history SELECT 1");
  reach = world.reach();
  ASSERT_EQ(reach->names_without_schema().size(), 1U);
  EXPECT_EQ(reach->names_without_schema()[0].function, 30000U);
  EXPECT_EQ(reach->names_without_schema()[0].relation->name, "history");
}

}  // namespace
}  // namespace pgconsent::parser
