// What a function's body gives away by its tokens.
#include <gtest/gtest.h>

#include "tests/unit/reach/fixture.h"

namespace pgconsent::parser {
namespace {

struct BodyCase {
  const char* name;
  const char* language;
  const char* body;
  const char* reason;  // part of it; empty: harmless
};

void PrintTo(const BodyCase& c, std::ostream* out) {
  *out << c.name;
}

class Body : public testing::TestWithParam<BodyCase> {};

TEST_P(Body, IsJudged) {
  World world = shop();
  world.view(20010, "customer_list", {users});
  world.builtin(2924, "query_to_xml", "text, boolean, boolean, text");
  world.builtin(2078, "set_config", "text, text, boolean");
  world.relation(2619, "pg_statistic", RelationKind::table, "pg_catalog");
  world.relation(20011, "Quoted Users");
  world.relation(20012, "order");
  world.options.protected_relations.insert({20011, 20012});
  world.function(30000, "under_test", GetParam().language, GetParam().body);
  auto reach = world.reach();
  std::string reason = reach->reason(30000);
  EXPECT_EQ(reach->is_dangerous(30000), *GetParam().reason != '\0') << reason;
  EXPECT_NE(reason.find(GetParam().reason), reason.npos) << reason;
  // The same text as a body that is not in the catalog yet.
  EXPECT_EQ(reach->judge_body(GetParam().language, GetParam().body).empty(), *GetParam().reason == '\0');
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, Body,
    testing::Values(
        BodyCase{"plain", "sql", "SELECT $1 * 2", ""},
        BodyCase{"other_table", "sql", "SELECT count(*) FROM orders WHERE id = $1", ""},
        BodyCase{"protected_table", "sql", "SELECT email FROM users", "reads `public.users`"},
        BodyCase{"other_case", "sql", "SELECT email FROM USERS", "reads `public.users`"},
        BodyCase{"own_schema", "sql", "SELECT email FROM \"public\" . Users", "reads `public.users`"},
        BodyCase{"own_database", "sql", "SELECT email FROM shop.public.users", "reads `public.users`"},
        BodyCase{"other_schema", "sql", "SELECT email FROM other.users", ""},
        BodyCase{"field", "plpgsql", "BEGIN NEW.total := NEW.users + r.users; RETURN NEW; END", ""},
        BodyCase{"field_of_expression", "sql", "SELECT (public.f(1)).users", "reads `public.users`"},
        BodyCase{"label", "sql", "SELECT count(*) AS users FROM orders", ""},
        BodyCase{"variable_as", "plpgsql", "BEGIN SELECT email FROM INTO \"as\" users; END",
                 "reads `public.users`"},
        BodyCase{"word_as", "plpgsql", "BEGIN SELECT email FROM INTO as users; END", "reads `public.users`"},
        BodyCase{"strict_as", "plpgsql", "BEGIN SELECT email FROM INTO STRICT as users; END",
                 "reads `public.users`"},
        BodyCase{"variables_as", "plpgsql", "BEGIN SELECT 1, email FROM INTO a, as users; END",
                 "reads `public.users`"},
        BodyCase{"field_as", "plpgsql", "BEGIN SELECT email FROM INTO r.as users; END",
                 "reads `public.users`"},
        BodyCase{"cut_schema", "plpgsql", "BEGIN SELECT email FROM public INTO a.b.c .users; END",
                 "reads `public.users`"},
        BodyCase{"cut_call", "plpgsql",
                 "BEGIN SELECT query_to_xml INTO r ('TABLE users', true, false, ''); END", "query_to_xml"},
        BodyCase{"cut_calls", "plpgsql",
                 "BEGIN SELECT query_to_xml INTO STRICT a.b.c, d ('', true, false, ''); END", "query_to_xml"},
        BodyCase{"cut_behind_quoted", "plpgsql",
                 "BEGIN SELECT x AS \"insert\" FROM orders \"merge\" INTO r users; END", "`public.users`"},
        BodyCase{"cut_in_the_middle", "plpgsql", "BEGIN SELECT email FROM public INTO r . users; END", ""},
        BodyCase{"cut_before_point", "plpgsql", "BEGIN SELECT email FROM public INTO r . a . b . users; END",
                 "reads `public.users`"},
        BodyCase{"not_cut", "plpgsql", "BEGIN INSERT INTO users VALUES (1); END", "reads `public.users`"},
        BodyCase{"alias_used", "sql", "SELECT users FROM orders AS users", "reads `public.users`"},
        BodyCase{"type_with_schema", "sql", "SELECT CAST(NULL AS public.users)", "reads `public.users`"},
        BodyCase{"dropped_at_commit", "plpgsql", "BEGIN CREATE TEMP TABLE x (id int) ON COMMIT DROP; END",
                 ""},
        BodyCase{"dropped", "plpgsql", "BEGIN COMMIT; DROP VIEW x; END", "has DDL"},
        BodyCase{"quoted", "sql", "SELECT 1 FROM \"Quoted Users\"", "Quoted Users"},
        BodyCase{"quoted_keyword", "sql", "SELECT 1 FROM \"order\"", "order"},
        BodyCase{"keyword_is_no_name", "sql", "SELECT id FROM orders ORDER BY id", ""},
        BodyCase{"in_a_comment", "sql", "SELECT 1 -- from users\n", ""},
        BodyCase{"in_a_string", "sql", "SELECT 'users'", ""},
        BodyCase{"hidden_by_comment", "sql", "SELECT email FROM/**/users", "reads `public.users`"},
        BodyCase{"unicode_identifier", "sql", "SELECT 1 FROM U&\"\\0075sers\"", "U&"},
        BodyCase{"view", "plpgsql", "BEGIN RETURN (SELECT 1 FROM customer_list); END", "customer_list"},
        BodyCase{"dynamic", "plpgsql", "BEGIN EXECUTE 'SELECT 1'; END", "EXECUTE"},
        BodyCase{"dynamic_cursor", "plpgsql", "BEGIN OPEN c FOR EXECUTE q; END", "EXECUTE"},
        BodyCase{"dynamic_in_string", "plpgsql", "BEGIN RAISE NOTICE 'EXECUTE'; END", ""},
        BodyCase{"copy", "sql", "COPY orders TO '/tmp/x'", "COPY"},
        BodyCase{"do_block", "sql", "DO $$ begin null; end $$", "DO block"},
        BodyCase{"on_conflict", "sql", "INSERT INTO orders VALUES (1) ON CONFLICT DO NOTHING", ""},
        BodyCase{"builtin", "sql", "SELECT query_to_xml('select 1', true, true, '')", "query_to_xml"},
        BodyCase{"builtin_qualified", "plpgsql",
                 "BEGIN PERFORM pg_catalog.query_to_xml(q, true, true, ''); END", "query_to_xml"},
        BodyCase{"statistics", "sql", "SELECT * FROM pg_statistic", "pg_statistic"},
        BodyCase{"unterminated", "sql", "SELECT 'x", "does not scan"},
        BodyCase{"temporary_table", "plpgsql", "BEGIN CREATE TEMP TABLE t AS SELECT 1; DROP TABLE t; END",
                 ""},
        BodyCase{"creates_a_function", "sql", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''", "DDL"},
        BodyCase{"temporary_view", "sql", "CREATE TEMP VIEW v AS SELECT 1", "DDL"},
        BodyCase{"alters", "plpgsql", "BEGIN IF true THEN ALTER SCHEMA a RENAME TO b; END IF; END", "DDL"},
        BodyCase{"sets_dialect", "plpgsql", "BEGIN SET LOCAL standard_conforming_strings = off; END",
                 "standard_conforming_strings"},
        BodyCase{"sets_dialect_quoted", "sql", "SET \"Standard_Conforming_Strings\" TO off", "tandard"},
        BodyCase{"sets_encoding", "sql", "SET NAMES 'SJIS'", "names"},
        BodyCase{"temporary_function", "plpgsql", "BEGIN PERFORM pg_temp.f(1); END", "temporary schema"},
        BodyCase{"temporary_relation", "plpgsql",
                 "BEGIN CREATE TEMP TABLE IF NOT EXISTS pg_temp.t (a int); INSERT INTO pg_temp.t (a) VALUES "
                 "(1); END",
                 ""},
        BodyCase{"resets_all", "plpgsql", "BEGIN RESET ALL; END", "resets all"},
        BodyCase{"resets_dialect", "sql", "RESET standard_conforming_strings", "standard_conforming_strings"},
        BodyCase{"resets_another", "plpgsql", "BEGIN RESET work_mem; RESET app.tenant; END", ""},
        BodyCase{"sets_to_default", "sql", "SET client_encoding TO DEFAULT", "client_encoding"},
        BodyCase{"prepares", "plpgsql", "BEGIN DEALLOCATE s; PREPARE s AS SELECT 1; END",
                 "prepares statements"},
        BodyCase{"closes_a_name", "plpgsql",
                 "DECLARE c refcursor := 'h'; BEGIN CLOSE c; OPEN c FOR SELECT 1; END", "opened elsewhere"},
        BodyCase{"config_plain", "sql", "SELECT set_config('app.tenant', $1::text, true)", ""},
        BodyCase{"config_search_path", "sql", "SELECT set_config('search_path', 'a', true)", ""},
        BodyCase{"config_dialect", "sql", "SELECT set_config('Row_Security', 'off', true)", "Row_Security"},
        BodyCase{"config_variable", "sql", "SELECT set_config($1, 'off', true)", "set_config"},
        BodyCase{"config_escaped", "sql", "SELECT set_config(E'row\\x5fsecurity', 'off', true)",
                 "set_config"},
        BodyCase{"purpose", "sql", "SET pgconsent.purpose = 'support'", "pgconsent"},
        BodyCase{"purpose_by_config", "sql", "SELECT set_config('pgconsent.purpose', 'x', true)",
                 "pgconsent"},
        BodyCase{
            "own_cursor", "plpgsql",
            "DECLARE c CURSOR FOR SELECT id FROM orders; d NO SCROLL CURSOR FOR SELECT 1; e refcursor; r "
            "record; "
            "BEGIN OPEN c; FETCH c INTO r; MOVE FORWARD 2 FROM c; FETCH c INTO r; OPEN d; FETCH NEXT FROM d "
            "INTO r; OPEN e FOR SELECT 1; FETCH LAST IN e INTO r; CLOSE e; RETURN r; END",
            ""},
        BodyCase{"cursor_never_opened", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN FETCH c INTO r; END", "opened elsewhere"},
        BodyCase{
            "cursor_opened_perhaps", "plpgsql",
            "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN IF x THEN OPEN c; END IF; FETCH c INTO r; END",
            "opened elsewhere"},
        BodyCase{"cursor_behind_a_guard", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN IF x IS NULL THEN RETURN NULL; END IF; OPEN "
                 "c; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; IF r.a THEN CONTINUE; END IF; END LOOP; CLOSE "
                 "c; RETURN r; END",
                 ""},
        BodyCase{"cursor_opened_in_a_loop", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN FOR i IN 1..3 LOOP OPEN c; FETCH c INTO r; "
                 "WHILE FOUND LOOP FETCH c INTO r; END LOOP; CLOSE c; END LOOP; END",
                 ""},
        BodyCase{"cursor_opened_in_a_block", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN BEGIN OPEN c; FETCH c INTO r; CLOSE c; "
                 "EXCEPTION WHEN OTHERS THEN NULL; END; END",
                 ""},
        BodyCase{"cursor_of_the_other_branch", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN IF x THEN OPEN c; ELSE FETCH c INTO r; END "
                 "IF; END",
                 "opened elsewhere"},
        BodyCase{"cursor_of_another_case", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN CASE x WHEN 1 THEN OPEN c; WHEN 2 THEN "
                 "FETCH c INTO r; END CASE; END",
                 "opened elsewhere"},
        BodyCase{"cursor_in_the_handler", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN OPEN c; EXCEPTION WHEN OTHERS THEN FETCH c "
                 "INTO r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_of_a_loop_that_ended", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN WHILE x LOOP OPEN c; IF y THEN NULL; END "
                 "IF; END LOOP; FETCH c INTO r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_behind_empty_blocks", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN IF x THEN OPEN c; IF y THEN END IF; BEGIN "
                 "END; END IF; FETCH c INTO r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_behind_a_column_called_loop", "plpgsql",
                 "DECLARE c CURSOR FOR SELECT 1; r record; BEGIN IF x THEN OPEN c; PERFORM loop, 1 AS begin; "
                 "END IF; FETCH c INTO r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_declared_inside", "plpgsql",
                 "BEGIN FETCH c INTO r; DECLARE c CURSOR FOR SELECT 1; BEGIN OPEN c; END; END",
                 "opened elsewhere"},
        BodyCase{"cursor_in_a_loop", "plpgsql",
                 "DECLARE r record; BEGIN FOR r IN FETCH ALL FROM c LOOP NULL; END LOOP; END",
                 "opened elsewhere"},
        BodyCase{"cursor_returned_as_rows", "plpgsql", "BEGIN RETURN QUERY FETCH NEXT FROM c; END",
                 "opened elsewhere"},
        BodyCase{"fetch_first_rows", "plpgsql", "BEGIN PERFORM 1 FROM orders FETCH FIRST 2 ROWS ONLY; END",
                 ""},
        BodyCase{"returned_cursor", "plpgsql",
                 "DECLARE c refcursor := 'h'; BEGIN OPEN c FOR SELECT 1; RETURN c; END", ""},
        BodyCase{"cursor_of_the_caller", "plpgsql", "DECLARE r record; BEGIN FETCH c INTO r; RETURN r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_by_number", "plpgsql", "DECLARE r record; BEGIN FETCH $1 INTO r; RETURN r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_moved", "plpgsql", "BEGIN IF true THEN MOVE ALL FROM c; END IF; END",
                 "opened elsewhere"},
        BodyCase{"cursor_with_a_value", "plpgsql",
                 "DECLARE c refcursor := 'h'; r int; BEGIN FETCH c INTO r; RETURN r; END",
                 "opened elsewhere"},
        BodyCase{
            "cursor_assigned", "plpgsql",
            "DECLARE c refcursor; r int; BEGIN OPEN c FOR SELECT 1; c := 'h'; FETCH c INTO r; RETURN r; END",
            "opened elsewhere"},
        BodyCase{"cursor_selected", "plpgsql",
                 "DECLARE c refcursor; r int; BEGIN SELECT 1, 'h' INTO r, c; FETCH c INTO r; RETURN r; END",
                 "opened elsewhere"},
        BodyCase{"cursor_by_another_name", "plpgsql",
                 "DECLARE c refcursor; d ALIAS FOR c; r int; BEGIN d := 'h'; FETCH c INTO r; RETURN r; END",
                 "opened elsewhere"},
        BodyCase{"other_language", "plpython3u", "pass", "plpython3u"}),
    [](const auto& info) { return std::string(info.param.name); });

struct StateCase {
  const char* name;
  const char* language;
  const char* body;
  bool changes;
};

void PrintTo(const StateCase& c, std::ostream* out) {
  *out << c.name;
}

class State : public testing::TestWithParam<StateCase> {};

TEST_P(State, IsSeen) {
  World world = shop();
  world.builtin(2078, "set_config", "text, text, boolean");
  world.function(30001, "deeper", "sql", "SELECT set_config('search_path', '', false)");
  world.function(30000, "under_test", GetParam().language, GetParam().body);
  auto reach = world.reach();
  EXPECT_EQ(reach->may_change_state(30000), GetParam().changes);
  EXPECT_EQ(reach->any_special_or_stateful("under_test"), GetParam().changes);
}

INSTANTIATE_TEST_SUITE_P(
    States, State,
    testing::Values(
        StateCase{"none", "plpgsql", "BEGIN RETURN x + 1; END", false},
        StateCase{"update_set", "plpgsql", "BEGIN UPDATE ONLY a.orders AS o SET x = 1; END", false},
        StateCase{"upsert", "sql", "INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 1",
                  false},
        StateCase{"merge", "sql", "MERGE INTO orders USING t ON true WHEN MATCHED THEN UPDATE SET x = 1",
                  false},
        StateCase{"set", "plpgsql", "BEGIN SET search_path = a; END", true},
        StateCase{"set_after_lock", "plpgsql",
                  "BEGIN IF EXISTS (SELECT 1 FROM orders FOR UPDATE) THEN SET LOCAL ROLE x; END IF; END",
                  true},
        StateCase{"set_after_update", "sql", "UPDATE orders SET x = 1; SET search_path = a", true},
        StateCase{"reset", "sql", "RESET ALL", true}, StateCase{"discard", "sql", "DISCARD TEMP", true},
        StateCase{"temporary_table", "sql", "CREATE TEMP TABLE t (x int)", true},
        StateCase{"select_into_sql", "sql", "SELECT 1 AS x INTO TEMP t", true},
        StateCase{"select_into_plpgsql", "plpgsql", "BEGIN SELECT 1 INTO x; END", false},
        StateCase{"insert_into", "sql", "INSERT INTO orders VALUES (1)", false},
        StateCase{"config", "sql", "SELECT set_config('a.b', 'c', true)", true},
        StateCase{"through_another", "plpgsql", "BEGIN PERFORM deeper(); END", true},
        StateCase{"opaque", "plperl", "", true}, StateCase{"commit", "plpgsql", "BEGIN COMMIT; END", true}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace pgconsent::parser
