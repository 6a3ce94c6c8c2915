// A plan from a template must be the plan that a fresh analysis of the same text makes: held for every
// statement of tests/cases, with other constants in it.
#include "proxy/enforce/plan_template.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "proxy/enforce/plan_builder.h"
#include "proxy/enforce/planner.h"
#include "tests/support/shop_catalog.h"

namespace pgconsent {
namespace {

using parser::LiteralKind;

std::vector<std::string> all_statements() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(PGCONSENT_SOURCE_DIR "/tests/cases/plan")) {
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("sql: ")) texts.push_back(line.substr(5));
    }
  }
  // Every shape the template takes by design, over masked and unmasked tables.
  for (const char* text :
       {"SELECT id, email FROM users WHERE id = 5", "SELECT email FROM users WHERE email = 'x' LIMIT 10",
        "SELECT u.email, 'a', 7 FROM users u JOIN orders o ON o.user_id = u.id AND o.amount > 1.5",
        "SELECT * FROM products WHERE id IN (1, 2, 3000000000) AND name = 'it''s'",
        "SELECT address FROM orders WHERE id = -5 AND address LIKE 'a%' ORDER BY id LIMIT 3 OFFSET 2"}) {
    texts.emplace_back(text);
  }
  return texts;
}

std::string other_constants(std::string_view text, const parser::LiteralShape& shape, std::mt19937& random) {
  std::string out;
  std::size_t copied = 0;
  for (const parser::Literal& literal : shape.literals) {
    out.append(text.substr(copied, literal.start - copied));
    switch (literal.kind) {
      case LiteralKind::integer:
        out += std::to_string(random() % 100000);
        break;
      case LiteralKind::bigint:
        out += std::to_string(3000000000u + random() % 1000000000u);
        break;
      case LiteralKind::numeric:
        out += std::to_string(random() % 1000) + ".25";
        break;
      case LiteralKind::string:
        out += "'" + std::string(random() % 12, 'v') + "''é'";
        break;
    }
    copied = literal.end;
  }
  out.append(text.substr(copied));
  return out;
}

TEST(PlanTemplate, MakesWhatAFreshAnalysisMakes) {
  const enforce::GenerationPtr generation = test_support::shop_generation();
  std::mt19937 random(7);
  int from_template = 0, by_constant = 0;
  for (const char* role : {"shop", "crm"}) {
    enforce::SessionState state = test_support::shop_session(role);
    for (const std::string& text : all_statements()) {
      parser::LiteralShape shape;
      if (!parser::literal_shape(text, shape)) continue;
      enforce::DerivedTableCache tables;
      const auto plan_of = [&](const std::string& sql) {
        return enforce::build_plan(*generation, state, sql, true, tables).plan;
      };
      const auto made = enforce::PlanTemplate::make(*plan_of(text), shape, plan_of);
      if (made == nullptr) continue;
      for (int i = 0; i < 3; ++i) {
        const std::string changed = other_constants(text, shape, random);
        parser::LiteralShape changed_shape;
        ASSERT_TRUE(parser::literal_shape(changed, changed_shape));
        ASSERT_EQ(changed_shape.key, shape.key);
        const auto fresh = plan_of(changed);
        const auto instance = made->instance(changed, changed_shape);
        EXPECT_EQ(instance->original, changed);
        EXPECT_EQ(instance->is_identity, fresh->is_identity) << changed;
        EXPECT_EQ(instance->sql, fresh->sql) << changed;
        ASSERT_EQ(instance->edits.size(), fresh->edits.size());
        for (std::size_t e = 0; e < fresh->edits.size(); ++e) {
          EXPECT_EQ(instance->edits[e].start, fresh->edits[e].start) << changed;
          EXPECT_EQ(instance->edits[e].end, fresh->edits[e].end) << changed;
          EXPECT_EQ(instance->edits[e].length, fresh->edits[e].length) << changed;
        }
        ASSERT_EQ(instance->statements.size(), 1u);
        const enforce::Statement &a = instance->statements[0], &b = fresh->statements[0];
        EXPECT_EQ(a.decision, b.decision) << changed;
        EXPECT_EQ(a.origins, b.origins) << changed;
        EXPECT_EQ(a.audit.statement, b.audit.statement) << changed;
        EXPECT_FALSE(b.refusal) << changed;
        const enforce::DisclosurePtr of_a = instance->disclosure(0), of_b = fresh->disclosure(0);
        ASSERT_EQ(of_a == nullptr, of_b == nullptr) << changed;
        if (of_a != nullptr) {
          EXPECT_EQ(*of_a, *of_b) << changed;
        }
        by_constant += of_a != nullptr && !of_a->constants.empty();
        ++from_template;
      }
    }
  }
  EXPECT_GT(from_template, 60);
  EXPECT_GT(by_constant, 10);
}

TEST(PlanTemplate, TheThirdTextOfAShapeComesFromIt) {
  const enforce::GenerationPtr generation = test_support::shop_generation();
  const auto planner =
      enforce::make_planner([&]() -> const enforce::GenerationPtr& { return generation; }, {});
  const enforce::SessionState state = test_support::shop_session("shop");
  const auto plan = [&](const std::string& text) {
    return std::get<enforce::PlanPtr>(planner->plan(text, state, true));
  };
  for (int i = 1; i < 9; ++i) {
    const auto made = plan("SELECT email FROM users WHERE id = " + std::to_string(i * 7));
    EXPECT_TRUE(made->sql.ends_with("AS \"users\" WHERE id = " + std::to_string(i * 7))) << made->sql;
    EXPECT_EQ(made->statements[0].decision, enforce::Decision::masked);
  }
  // A constant of another kind is another shape.
  EXPECT_TRUE(plan("SELECT email FROM users WHERE id = 'x'")->sql.ends_with("WHERE id = 'x'"));
  // What may name something is looked at every time.
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(plan("SELECT set_config('work_mem', '1MB', true)")->statements[0].refusal);
  }
  EXPECT_TRUE(plan("SELECT set_config('pgconsent.purpose', 'no such', true)")->statements[0].refusal);
}

// Shapes with a constant where something could be decided by it, or seem to be.
constexpr const char* deciding_places[] = {
    "SELECT set_config(name, 'o' || 'ff', false) FROM pg_settings WHERE name = $",
    "SELECT set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name = $",
    "SELECT set_config($, 'off', false)",
    "SELECT set_config(CAST($ AS text), 'off', false)",
    "SELECT set_config($::text, 'off', true) FROM users WHERE id = 1",
    "INSERT INTO products (id, name) SELECT 1, set_config(name, 'off', false) FROM pg_settings WHERE name = "
    "$",
    "SELECT nextval($)",
    "SELECT $::regclass::oid",
    "SELECT CAST($ AS regclass)",
    "SELECT query_to_xml($, true, false, '')",
    "SELECT current_setting($)",
    "SELECT has_table_privilege($, 'SELECT')",
    "SELECT email FROM users WHERE id = $",
    "SELECT email FROM users WHERE id = -$",
    "SELECT email FROM users WHERE email = $ LIMIT 3",
    "SELECT id, email FROM users LIMIT $ OFFSET $",
    "SELECT email FROM users FETCH FIRST $ ROWS ONLY",
    "SELECT id, email FROM users ORDER BY $",
    "SELECT id, email FROM users GROUP BY $, 2",
    "SELECT DISTINCT ON ($) id, email FROM users",
    "SELECT email::varchar($) FROM users",
    "SELECT INTERVAL $ FROM users",
    "SELECT (ARRAY[email])[$] FROM users",
    "SELECT email FROM users TABLESAMPLE BERNOULLI ($)",
    "SELECT email FROM users WHERE id IN ($, 2)",
    "SELECT CASE WHEN id = $ THEN email ELSE $ END FROM users",
    "SELECT COALESCE(email, $), ROW(id, $), ARRAY[$] FROM users",
    "SELECT sum(id) OVER (ROWS $ PRECEDING) FROM users",
    "INSERT INTO products (id, name) VALUES ($, 'n')",
    "UPDATE orders SET user_id = $ WHERE id = 3",
    "UPDATE orders SET amount = $ WHERE user_id = 3 RETURNING address",
    "DELETE FROM orders WHERE id = $",
    "SELECT v.x FROM (VALUES ($), ($)) v (x)",
};

constexpr const char* deciding_constants[] = {"'jit'",
                                              "'standard_conforming_strings'",
                                              "'role'",
                                              "'session_authorization'",
                                              "'users'",
                                              "'pgconsent.purpose'",
                                              "'Role'",
                                              "'public.users'",
                                              "'select email from users'",
                                              "'12'",
                                              "''",
                                              "1",
                                              "0",
                                              "2",
                                              "100"};

std::string with_constant(std::string text, std::string_view constant) {
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string::npos; at += constant.size())
    text.replace(at, 1, constant);
  return text;
}

TEST(PlanTemplate, WhatAConstantDecidesIsJudgedForEachText) {
  const enforce::GenerationPtr generation = test_support::shop_generation();
  const enforce::SessionState state = test_support::shop_session("shop");
  enforce::DerivedTableCache tables;
  int refused = 0;
  for (const char* place : deciding_places) {
    for (const char* usual : deciding_constants) {
      // A planner that has seen the shape often, with a constant of its own.
      const auto planner =
          enforce::make_planner([&]() -> const enforce::GenerationPtr& { return generation; }, {});
      for (int i = 0; i < 3; ++i) planner->plan(with_constant(place, usual), state, true);
      for (const char* constant : deciding_constants) {
        const std::string text = with_constant(place, constant);
        const auto known = std::get<enforce::PlanPtr>(planner->plan(text, state, true));
        const auto fresh = enforce::build_plan(*generation, state, text, true, tables).plan;
        ASSERT_EQ(known->statements.size(), fresh->statements.size()) << text;
        const enforce::Statement &a = known->statements[0], &b = fresh->statements[0];
        EXPECT_EQ(a.refusal.has_value(), b.refusal.has_value()) << text << " behind " << usual;
        EXPECT_EQ(a.decision, b.decision) << text << " behind " << usual;
        EXPECT_EQ(a.effects, b.effects) << text << " behind " << usual;
        EXPECT_EQ(known->is_identity, fresh->is_identity) << text << " behind " << usual;
        if (!fresh->is_identity) {
          EXPECT_EQ(known->sql, fresh->sql) << text << " behind " << usual;
        }
        refused += b.refusal.has_value();
      }
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace pgconsent
