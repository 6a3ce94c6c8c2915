// Errors of checks that see raw rows: no value may pass, what helps the application must.
#include "proxy/session/withheld.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/unit/session/fakes.h"

namespace pgconsent::session {
namespace {

std::string message_after(wire::ErrorFields fields, bool row_code) {
  session_test::FakePlanner planner;
  std::deque<std::string> texts;
  withhold(fields, planner, {true, true, row_code, true}, texts);
  for (const wire::ErrorField& field : fields) {
    if (field.code == 'M') return std::string(field.value);
  }
  return {};
}

wire::ErrorFields cast_failure() {
  return {
      {'S', "ERROR"}, {'V', "ERROR"}, {'C', "22008"}, {'M', "date/time field out of range: \"03/25/1999\""}};
}

TEST(Withheld, FailedCastsOfWritesThatMayBeACheckOfRawRows) {
  EXPECT_EQ(message_after(cast_failure(), true).find("1999"), std::string::npos);
  // A query computes T' alone: its message is the one that T' gives.
  EXPECT_NE(message_after(cast_failure(), false).find("1999"), std::string::npos);
}

std::string told(std::string_view state, std::string_view message, wire::ErrorFields more = {}) {
  wire::ErrorFields fields{{'S', "ERROR"}, {'V', "ERROR"}, {'C', state}, {'M', message}};
  fields.insert(fields.end(), more.begin(), more.end());
  session_test::FakePlanner planner;
  std::deque<std::string> texts;
  withhold(fields, planner, {true, true, true, true}, texts);
  std::string all;
  for (const wire::ErrorField& field : fields) all += std::string(field.value) + "\n";
  return all;
}

// A guessed key that waits for the row that has it.
TEST(Withheld, WhichRowIsWaitedFor) {
  const std::string text = told("55P03", "canceling statement due to lock timeout",
                                {{'W', "while locking tuple (0,3) in relation \"customers\""}});
  EXPECT_EQ(text.find("(0,3)"), std::string::npos) << text;
  const std::string inside =
      told("57014", "canceling statement due to user request",
           {{'W',
             "während des Aktualisierens von Tupel (12,345) in Relation »x«\nSQL statement \"SELECT 1\"\n"
             "PL/pgSQL function save(integer) line 3 at SQL statement"}});
  EXPECT_EQ(inside.find("(12,345)"), std::string::npos) << inside;
  EXPECT_NE(inside.find("PL/pgSQL function save(integer) line 3"), std::string::npos) << inside;
  EXPECT_NE(told("40P01", "deadlock detected", {{'D', "Process 1 waits for process 2."}}).find("Process 1"),
            std::string::npos);
}

TEST(Withheld, WhateverACheckPrints) {
  const auto hides = [](const std::string& text) { return text.find("RAW") == std::string::npos; };
  EXPECT_TRUE(hides(told("22P02", "invalid input syntax for type json",
                         {{'D', "Token \"RAW\" is invalid."}, {'W', "JSON data, line 1: RAW..."}})));
  // What a value looks like exempts nothing.
  EXPECT_TRUE(hides(told("22P02", "invalid input syntax for type json",
                         {{'W', "JSON data, line 1: PL/pgSQL function RAW(integer) line 3"}})));
  EXPECT_TRUE(hides(told("42601", "syntax error in tsquery: \"RAW note\"")));
  EXPECT_TRUE(hides(told("42P01", "relation \"RAW\" does not exist", {{'F', "namespace.c"}})));
  EXPECT_TRUE(hides(told("2200M", "invalid XML document", {{'D', "line 1: Start tag expected: RAW"}})));
  EXPECT_TRUE(hides(told("22023", "time zone \"RAW\" not recognized")));
  EXPECT_TRUE(hides(told("XX000", "cache lookup failed for RAW")));
  EXPECT_TRUE(hides(told("22003", "value \"RAW\" is out of range for type integer")));
  EXPECT_TRUE(hides(told("22P02", "invalid input syntax for type integer: \"RAW\"",
                         {{'W', "SQL statement \"UPDATE ONLY x SET y = NULL\""}})));
}

TEST(Withheld, NotWhatTheStatementDoesItself) {
  const auto kept = [](const std::string& text) { return text.find("kept") != std::string::npos; };
  EXPECT_TRUE(kept(told("22P02", "kept: \"x\"", {{'P', "17"}})));
  EXPECT_TRUE(
      kept(told("22P02", "kept", {{'W', "PL/pgSQL function public.f(integer) line 3 at assignment"}})));
  EXPECT_TRUE(kept(told("40P01", "kept")));
  EXPECT_TRUE(kept(told("57014", "kept")));
  EXPECT_TRUE(kept(told("22012", "kept")));
  EXPECT_TRUE(kept(told("22003", "kept out of range")));
  EXPECT_TRUE(kept(told("42501", "kept", {{'F', "aclchk.c"}, {'R', "aclcheck_error"}})));
  EXPECT_TRUE(kept(told("42501", "kept", {{'F', "execMain.c"}, {'R', "ExecWithCheckOptions"}})));
  EXPECT_TRUE(kept(told("428C9", "kept", {{'F', "rewriteHandler.c"}})));
}

TEST(Withheld, KeysThatArePublicMayBeTold) {
  const auto kept = [](const std::string& text) { return text.find("kept") != std::string::npos; };
  const auto key = [](const char* constraint) {
    return wire::ErrorFields{{'D', "kept"}, {'s', "public"}, {'t', "shut"}, {'n', constraint}};
  };
  EXPECT_TRUE(kept(told("23505", "duplicate key", key("open_key"))));
  EXPECT_TRUE(kept(told("23503", "violates foreign key", key("open_key"))));
  EXPECT_FALSE(kept(told("23505", "duplicate key", key("shut_key"))));
  EXPECT_FALSE(kept(told("23514", "violates check", key("open_key")))) << "prints the row";
  wire::ErrorFields raised = key("open_key");
  raised.push_back({'R', "exec_stmt_raise"});
  EXPECT_FALSE(kept(told("23505", "by somebody's code", raised)));
}

}  // namespace
}  // namespace pgconsent::session
