// tests/cases/plan/*.test: what becomes of a statement, as data. PGCONSENT_UPDATE=1 writes the answers as
// they are now.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "proxy/enforce/plan_builder.h"
#include "tests/support/shop_catalog.h"

namespace pgconsent {
namespace {

// A case: lines "key: value" until an empty line; # begins its description.
struct Case {
  std::string file, description;
  std::vector<std::pair<std::string, std::string>> fields;

  std::string get(std::string_view key) const {
    for (const auto& [name, value] : fields) {
      if (name == key) return value;
    }
    return {};
  }
};

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> cases;
  std::ifstream in(file);
  Case current;
  auto finish = [&] {
    if (!current.fields.empty()) cases.push_back(std::move(current));
    current = {};
    current.file = file.filename().string();
  };
  finish();
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) {
      finish();
    } else if (line.starts_with("# ")) {
      current.description = line.substr(2);
    } else {
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos)
        current.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  finish();
  return cases;
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) out += (out.empty() ? "" : ", ") + item;
  return out;
}

// On one line: view definitions bring line breaks.
std::string one_line(const std::string& text) {
  std::string out;
  for (char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space || out.empty() || out.back() != ' ') out.push_back(space ? ' ' : c);
  }
  return out;
}

// What a plan says, in the order of the case format.
std::vector<std::pair<std::string, std::string>> describe(const enforce::Plan& plan) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string decisions, columns, refusals;
  for (const enforce::Statement& statement : plan.statements) {
    decisions += (decisions.empty() ? "" : ", ") + std::string(enforce::to_string(statement.decision));
    const std::string used = joined(statement.audit.columns);
    columns += (columns.empty() || used.empty() ? "" : ", ") + used;
    if (statement.refusal) {
      refusals +=
          (refusals.empty() ? "" : "; ") + statement.refusal->sqlstate + " " + statement.refusal->message;
      if (statement.refusal->position > 0) refusals += " at " + std::to_string(statement.refusal->position);
    }
  }
  out.emplace_back("decision", decisions.empty() ? "none" : decisions);
  if (!columns.empty()) out.emplace_back("columns", columns);
  if (!refusals.empty()) out.emplace_back("refusal", refusals);
  out.emplace_back("sent", plan.is_identity ? "unchanged" : one_line(plan.sql));
  return out;
}

class PlanCases : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(PlanCases, AreDecidedAsWritten) {
  // NAME.yaml beside NAME.test: other rules.
  std::filesystem::path rules = GetParam();
  rules.replace_extension(".yaml");
  const enforce::GenerationPtr generation =
      std::filesystem::exists(rules) ? test_support::shop_generation(rules) : test_support::shop_generation();
  const bool update = std::getenv("PGCONSENT_UPDATE") != nullptr;
  std::ostringstream updated;
  for (const Case& one : read_cases(GetParam())) {
    SCOPED_TRACE(one.description);
    enforce::SessionState state =
        test_support::shop_session(one.get("role").empty() ? "shop" : one.get("role"));
    state.purpose = one.get("purpose");
    if (!one.get("temporary").empty()) {
      state.temporary.push_back({90001, one.get("temporary"), 'r', {"id", "email"}});
      state.search_path.insert(state.search_path.begin(), "pg_temp_3");
    }
    if (!one.get("path").empty()) state.search_path = {one.get("path"), "pg_catalog"};
    enforce::DerivedTableCache tables;
    const enforce::BuiltPlan built = enforce::build_plan(*generation, state, one.get("sql"), true, tables);
    ASSERT_NE(built.plan, nullptr);
    const auto answers = describe(*built.plan);
    if (update) {
      updated << "# " << one.description << "\n";
      for (const auto& [key, value] : one.fields) {
        if (key == "role" || key == "purpose" || key == "temporary" || key == "path" || key == "sql") {
          updated << key << ": " << value << "\n";
        }
      }
      for (const auto& [key, value] : answers) updated << key << ": " << value << "\n";
      updated << "\n";
      continue;
    }
    ASSERT_FALSE(one.get("decision").empty()) << "the case expects nothing";
    for (const auto& [key, value] : answers)
      EXPECT_EQ(one.get(key), value) << key << " of " << one.get("sql");
  }
  if (update) std::ofstream(GetParam()) << updated.str();
}

std::vector<std::filesystem::path> case_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PGCONSENT_SOURCE_DIR "/tests/cases/plan")) {
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Files, PlanCases, testing::ValuesIn(case_files()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace pgconsent
