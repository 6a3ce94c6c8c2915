// tests/cases/rules/NAME.yaml with what pgconsent says about it in NAME.expected. The first line of each case
// tells what it is about. With PGCONSENT_UPDATE=1 in the environment the expected texts are written instead:
// read the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "rules/rule_set.h"
#include "tests/unit/rules/shop_catalog.h"

namespace pgconsent::rules {
namespace {

namespace fs = std::filesystem;
const fs::path folder = fs::path(PGCONSENT_SOURCE_DIR) / "tests/cases/rules";

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string verdict(const std::string& yaml) {
  auto catalog = testing::shop_catalog();
  auto read = parse_rules(yaml, "rules.yaml");
  Diagnostics all = read.diagnostics;
  std::string last = "read: refused";
  if (read.rules) {
    auto bound = bind_rules(*read.rules, *catalog);
    all.insert(all.end(), bound.diagnostics.begin(), bound.diagnostics.end());
    EXPECT_EQ(bound.policy == nullptr, has_errors(bound.diagnostics));
    last = bound.policy ? "accepted" : "bind: refused";
  }
  EXPECT_EQ(read.rules == nullptr, has_errors(read.diagnostics));
  std::string out;
  for (const Diagnostic& diagnostic : all) out += to_string(diagnostic) + "\n";
  return out + last + "\n";
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, SaysWhatIsExpected) {
  const fs::path expected = folder / (GetParam() + ".expected");
  const std::string yaml = read_file(folder / (GetParam() + ".yaml"));
  EXPECT_TRUE(yaml.starts_with("# ")) << "the first line says what the case is about";
  const std::string said = verdict(yaml);
  if (std::getenv("PGCONSENT_UPDATE") != nullptr) {
    std::ofstream(expected, std::ios::binary) << said;
  } else {
    ASSERT_TRUE(fs::exists(expected));
    EXPECT_EQ(said, read_file(expected));
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rules, Golden, ::testing::ValuesIn(case_names()), test_name);

}  // namespace
}  // namespace pgconsent::rules
