// What deciding about one statement costs, beside the raw parse of the same text. Usage:
//   analysis_benchmark (CONNECTION RULES STATEMENTS)... [--benchmark_…]
// with a database whose catalog is loaded, the rules for it, and a file of `role NUL purpose NUL text NUL`
// entries. Runs: parse/N; plan/N, as a text not seen before; reparse/N, the text that is sent instead;
// cached/N.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "parser/tree/raw_tree.h"
#include "proxy/catalog/loader.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/planner.h"
#include "rules/rule_set.h"

namespace {

namespace catalog = pgconsent::catalog;
namespace enforce = pgconsent::enforce;
namespace parser = pgconsent::parser;
namespace rules = pgconsent::rules;

struct Entry {
  enforce::SessionState state;
  std::string text;
  std::string decision;
};

parser::SnapshotPtr load_catalog(const std::string& connection_string) {
  pqxx::connection connection(connection_string);
  pqxx::work transaction(connection);
  catalog::SnapshotBuilder builder;
  const auto queries = catalog::catalog_queries();
  std::vector<std::optional<std::string_view>> fields;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    for (const auto& row : transaction.exec(std::string(queries[i]))) {
      fields.clear();
      for (const auto& field : row) {
        fields.push_back(field.is_null() ? std::nullopt
                                         : std::optional(std::string_view(field.c_str(), field.size())));
      }
      if (!builder.row(i, fields)) throw std::runtime_error("a catalog query has a row of a wrong shape");
    }
  }
  return builder.finish(1);
}

enforce::GenerationPtr load_rules(const std::string& file, const parser::SnapshotPtr& snapshot) {
  const auto read = rules::read_rules(file);
  for (const auto& diagnostic : read.diagnostics) std::fprintf(stderr, "%s\n", to_string(diagnostic).c_str());
  if (read.rules == nullptr) throw std::runtime_error(file + " can't be read");
  const auto made = enforce::make_generation(snapshot, read.rules, {.pseudonym_key = "benchmark"});
  for (const auto& diagnostic : made.diagnostics) std::fprintf(stderr, "%s\n", to_string(diagnostic).c_str());
  if (made.generation == nullptr) throw std::runtime_error(file + " does not fit the database");
  return made.generation;
}

// Sessions as they are after connecting: default search path, nothing temporary.
std::vector<Entry> read_entries(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<Entry> entries;
  std::string role, purpose, text;
  while (std::getline(in, role, '\0') && std::getline(in, purpose, '\0') && std::getline(in, text, '\0')) {
    Entry entry;
    entry.state.login_role = entry.state.role = role;
    entry.state.search_path = {"pg_catalog", "public"};
    entry.state.purpose = purpose;
    entry.text = text;
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) throw std::runtime_error(file + " holds no statements");
  return entries;
}

// The decisions of a text in one word.
std::string gravest(const enforce::Plan& plan) {
  auto decision = enforce::Decision::untouched;
  for (const auto& statement : plan.statements) {
    if (statement.decision == enforce::Decision::refused) return "refused";
    decision = std::max(decision, statement.decision);
  }
  return std::string(enforce::to_string(decision));
}

// A text that no cache has seen: the same with trailing white space that spells a number. Changing the
// session state instead would miss a cache that is keyed by the text alone. What this adds counts against the
// analysis.
class FreshText {
 public:
  explicit FreshText(const std::string& text) : text_(text) {
    for (int i = 0; i < digits; ++i) text_.push_back((number >> i & 1) != 0 ? '\t' : ' ');
  }
  const std::string& next() {
    ++number;
    for (std::size_t at = text_.size() - digits; at < text_.size(); ++at) {
      text_[at] = text_[at] == ' ' ? '\t' : ' ';
      if (text_[at] == '\t') break;  // no carry
    }
    return text_;
  }

 private:
  static constexpr int digits = 26;
  static inline std::uint32_t number = 0;  // goes on from one run of a benchmark to the next
  std::string text_;
};

void parse(benchmark::State& state, const std::string& text) {
  for (auto _ : state) {
    parser::RawTree tree;
    parser::SqlError error;
    benchmark::DoNotOptimize(parser::RawTree::parse(text, tree, error));
  }
}

void plan_new(benchmark::State& state, enforce::Planner& planner, const Entry& entry) {
  state.SetLabel(entry.decision);
  FreshText fresh(entry.text);
  for (auto _ : state) benchmark::DoNotOptimize(planner.plan(fresh.next(), entry.state, true));
}

void plan_cached(benchmark::State& state, enforce::Planner& planner, const Entry& entry) {
  // Whatever the cache wants to see before it keeps a plan.
  for (int use = 0; use < 4; ++use) benchmark::DoNotOptimize(planner.plan(entry.text, entry.state, true));
  for (auto _ : state) benchmark::DoNotOptimize(planner.plan(entry.text, entry.state, true));
}

// Called in order; everything lives until the end of main.
class Suite {
 public:
  void add(const std::string& connection, const std::string& rules_file, const std::string& statements) {
    const auto generation = load_rules(rules_file, load_catalog(connection));
    planners_.push_back(enforce::make_planner([generation]() -> const enforce::GenerationPtr& { return generation; }, {}));
    enforce::Planner& planner = *planners_.back();
    for (Entry& entry : read_entries(statements)) {
      entry.state.id = ++next_id_;
      auto planned = planner.plan(entry.text, entry.state, true);
      const auto* plan = std::get_if<enforce::PlanPtr>(&planned);
      if (plan == nullptr) throw std::runtime_error("no plan for: " + entry.text);
      entry.decision = gravest(**plan);
      add(planner, std::make_shared<Entry>(std::move(entry)), **plan);
    }
  }

 private:
  static std::unique_ptr<enforce::Planner> make(const parser::SnapshotPtr& snapshot,
                                                const rules::PolicyPtr& policy);

  void add(enforce::Planner& planner, const std::shared_ptr<const Entry>& entry, const enforce::Plan& plan) {
    parser::RawTree tree;
    parser::SqlError error;
    // What does not parse is no measure for the analysis.
    if (!parser::RawTree::parse(entry->text, tree, error)) return;
    const std::string number = "/" + std::to_string(number_++);
    benchmark::RegisterBenchmark(("parse" + number).c_str(),
                                 [entry](benchmark::State& s) { parse(s, entry->text); });
    benchmark::RegisterBenchmark(("plan" + number).c_str(),
                                 [&planner, entry](benchmark::State& s) { plan_new(s, planner, *entry); });
    benchmark::RegisterBenchmark(("cached" + number).c_str(),
                                 [&planner, entry](benchmark::State& s) { plan_cached(s, planner, *entry); });
    if (plan.is_identity || entry->decision == "refused")
      return;  // nothing was edited for the checker to parse
    benchmark::RegisterBenchmark(("reparse" + number).c_str(),
                                 [sql = plan.sql](benchmark::State& s) { parse(s, sql); });
  }

  std::vector<std::unique_ptr<enforce::Planner>> planners_;
  std::uint64_t next_id_ = 0;
  int number_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc < 4 || argc % 3 != 1) {
    std::fprintf(stderr, "usage: %s (CONNECTION RULES STATEMENTS)... [--benchmark_...]\n", argv[0]);
    return 2;
  }
  Suite suite;
  try {
    for (int i = 1; i + 2 < argc; i += 3) suite.add(argv[i], argv[i + 1], argv[i + 2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
