// Random worlds: the SQL guard on a real server and the reference agree on every cell.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <pqxx/pqxx>

#include "proxy/catalog/control_connection.h"
#include "proxy/catalog/loader.h"
#include "proxy/enforce/plan_builder.h"
#include "rules/rule_set.h"
#include "tests/decisions/world.h"
#include "tests/support/private_postgres.h"

namespace pgconsent {
namespace {

using reference::category_count;
using reference::purpose_count;
using reference::World;
using reference::WorldRow;

class Decisions : public testing::Test {
 protected:
  Decisions()
      : connection_("host=" + server_.socket_directory() + " port=" + std::to_string(server_.port()) +
                    " user=postgres dbname=postgres") {
    // What a session can set must not decide.
    pqxx::nontransaction(connection_).exec("SET TimeZone = 'Pacific/Kiritimati'; SET DateStyle = 'German'");
  }

  void check(unsigned seed) {
    SCOPED_TRACE("world " + std::to_string(seed));
    const World world(seed);
    pqxx::nontransaction(connection_).exec(world.sql());
    const rules::ReadResult read = rules::parse_rules(world.yaml(), "rules.yaml");
    ASSERT_TRUE(read.rules) << rules::to_string(read.diagnostics.front()) << "\n" << world.yaml();
    auto loaded = control_->load_if_changed("", catalog::next_snapshot_version());
    ASSERT_TRUE(loaded.snapshot) << loaded.error;
    const auto made = enforce::make_generation(loaded.snapshot, read.rules, {});
    ASSERT_TRUE(made.generation) << rules::to_string(made.diagnostics.front()) << "\n" << world.yaml();
    for (const auto& [table, rows] : world.tables) {
      for (int purpose = 0; purpose < purpose_count; ++purpose) {
        for (const char* tail : {"", " FOR SHARE", "one"})
          ask(world, *made.generation, table, rows, purpose, tail);
        if (HasFailure()) return;
      }
    }
  }

  // `tail`: another form of guard. "one" asks for single rows.
  void ask(const World& world, const enforce::Generation& generation, const std::string& table,
           const std::vector<WorldRow>& rows, int purpose, const std::string& tail) {
    const bool one = tail == "one";
    std::string text = "SELECT id, v0, v1, v2 FROM w." + table;
    const std::string id = world.text_keys && table == "people" ? "s" : "";
    if (one) {
      const std::string value = id + std::to_string(rows[rows.size() / 2].id);
      text += " WHERE id = " + (id.empty() ? value : "'" + value + "'");
    } else {
      text += tail;
    }
    enforce::SessionState state;
    state.login_role = state.role = "app";
    state.search_path = {"pg_catalog", "public"};
    state.purpose = "p" + std::to_string(purpose);
    enforce::DerivedTableCache tables;
    const auto plan = enforce::build_plan(generation, state, text, true, tables).plan;
    ASSERT_FALSE(plan->statements[0].refusal) << plan->statements[0].refusal->message;
    const std::string sql = plan->is_identity ? text : plan->sql;
    const pqxx::result answers = pqxx::nontransaction(connection_).exec(sql);
    ASSERT_EQ(static_cast<std::size_t>(answers.size()), one ? 1 : rows.size());
    std::map<std::string, const WorldRow*> by_id;
    for (const WorldRow& row : rows) by_id[id + std::to_string(row.id)] = &row;
    for (const auto& answer : answers) {
      const WorldRow& row = *by_id.at(answer[0].c_str());
      for (int category = 0; category < category_count; ++category) {
        ++cells_;
        const bool shown = !answer[1 + category].is_null();
        const bool expected =
            reference::may_be_seen(world.source, world.purposes, purpose, category, row.row);
        clear_ += expected;
        ASSERT_EQ(shown, expected) << table << " " << answer[0].c_str() << " p" << purpose << " c" << category
                                   << "\n"
                                   << sql << "\n"
                                   << world.yaml();
      }
    }
  }

  test::PrivatePostgres server_;
  pqxx::connection connection_;
  std::unique_ptr<catalog::ControlConnection> control_ = catalog::make_control_connection([this] {
    catalog::ControlSettings settings;
    settings.host = server_.socket_directory();
    settings.port = server_.port();
    settings.dbname = settings.user = "postgres";
    return settings;
  }());
  long cells_ = 0, clear_ = 0;
};

TEST_F(Decisions, OfGuardAndReferenceAgree) {
  const char* from = std::getenv("PGCONSENT_SEED");
  unsigned seed = from == nullptr ? 1 : static_cast<unsigned>(std::atoi(from));
  for (; cells_ < 100'000 && !HasFailure(); ++seed) check(seed);
  fmt::print("{} cells, {} clear, worlds up to {}\n", cells_, clear_, seed - 1);
  // A world in which everything is masked, or nothing, would agree too easily.
  EXPECT_GT(clear_ * 10, cells_);
  EXPECT_LT(clear_ * 10, cells_ * 9);
}

}  // namespace
}  // namespace pgconsent
