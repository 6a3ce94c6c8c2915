#include "rules/builtin_store.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "rules/binder.h"

namespace pgconsent::rules {

namespace {

// Table names are cut at 63 bytes: consent_event_KIND_7.
constexpr std::size_t longest_kind = 40;

void add_kind(const ConsentRule& rule, const SubjectKindRule& subject, const Binding& binding,
              StoreNeeds& needs, Reporter& report) {
  if (rule.kind.text.size() > longest_kind) {
    report.error(rule.kind.at, "the name of subject kind " + in_backticks(rule.kind.text) +
                                   " is too long for the built-in store: at most " +
                                   std::to_string(longest_kind) + " bytes");
  }
  // x_0 would be the first part of x's events.
  const std::string& name = rule.kind.text;
  const bool is_part =
      name.size() > 2 && name[name.size() - 2] == '_' && name.back() >= '0' && name.back() <= '7';
  for (const ConsentRule& other : binding.rules.consent) {
    if (is_part && other.source == ConsentSource::Kind::builtin &&
        other.kind.text == name.substr(0, name.size() - 2))
      report.error(rule.kind.at, "subject kinds " + in_backticks(name) + " and " +
                                     in_backticks(other.kind.text) +
                                     " would share a table in the built-in store: rename one");
  }
  const parser::Relation* relation = find_relation(binding, subject.table, report);
  const parser::Column* key = relation == nullptr ? nullptr : find_column(*relation, subject.key, report);
  if (key == nullptr) return;
  if (!key->has_equality) {
    return report.error(subject.key.at,
                        in_backticks(key->name) + " is of a type without equality: it can't be a key");
  }
  std::string type = key->type_sql;
  if (!key->collation_sql.empty()) type += " COLLATE " + key->collation_sql;
  needs.kinds.push_back({rule.kind.text, parser::quote_qualified({relation->schema, relation->name}),
                         parser::quote_identifier(key->name), std::move(type)});
}

// The purpose and those that it narrows: consent to them covers it.
std::vector<std::string> chain_of(const RuleSet& rules, const PurposeRule& purpose) {
  std::vector<std::string> names;
  for (const PurposeRule* at = &purpose; at != nullptr;) {
    if (std::find(names.begin(), names.end(), at->name.text) != names.end()) break;
    names.push_back(at->name.text);
    const PurposeRule* next = nullptr;
    for (const PurposeRule& other : rules.purposes) {
      if (at->narrows && other.name.text == at->narrows->text) next = &other;
    }
    at = next;
  }
  return names;
}

}  // namespace

StoreNeedsResult store_needs(const RuleSet& rules, const parser::Snapshot& catalog) {
  StoreNeedsResult result;
  Reporter report(rules.file, result.diagnostics);
  Binding binding{rules, catalog, {}};
  for (const ConsentRule& rule : rules.consent) {
    if (rule.source != ConsentSource::Kind::builtin) continue;
    for (const SubjectKindRule& subject : rules.subjects) {
      if (subject.name.text == rule.kind.text) add_kind(rule, subject, binding, result.needs, report);
    }
  }
  std::set<StorePair> pairs;
  for (const PurposeRule& purpose : rules.purposes) {
    pairs.emplace(purpose.name.text, "");
    const std::vector<std::string> chain = chain_of(rules, purpose);
    for (std::size_t i = 1; i < chain.size(); ++i) result.needs.narrowing.emplace_back(chain[0], chain[i]);
    for (const BasisRule& basis : purpose.lawful_basis) {
      for (const std::string& name : chain) pairs.emplace(name, basis.category.text);
    }
  }
  result.needs.pairs.assign(pairs.begin(), pairs.end());
  for (const ApplicationRule& application : rules.applications) {
    if (!application.exempt && catalog.roles.contains(application.role.text))
      result.needs.roles.push_back(application.role.text);
  }
  return result;
}

// Labels hold neither blanks nor quotes (check_label).
std::string write_numbering(const StoreNumbering& numbering) {
  std::string text = "version " + std::to_string(numbering.version) + "\ndigest " + numbering.digest + "\n";
  std::vector<std::pair<int, StorePair>> by_number;
  for (const auto& [pair, number] : numbering.pairs) by_number.emplace_back(number, pair);
  std::sort(by_number.begin(), by_number.end());
  for (const auto& [number, pair] : by_number) {
    text += "pair " + std::to_string(number) + " " + pair.first;
    text += pair.second.empty() ? "\n" : " " + pair.second + "\n";
  }
  return "SELECT '" + text + "'::text";
}

std::optional<StoreNumbering> read_numbering(const parser::Snapshot& catalog) {
  const parser::Function* found = nullptr;
  for (const parser::Function* function : catalog.functions_named("numbering")) {
    if (function->schema == store_schema && function->argument_types.empty()) found = function;
  }
  if (found == nullptr || found->language != "sql") return std::nullopt;
  const std::size_t begin = found->body.find('\''), end = found->body.rfind('\'');
  if (begin == std::string::npos || end <= begin) return std::nullopt;
  StoreNumbering numbering;
  std::istringstream text(found->body.substr(begin + 1, end - begin - 1));
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string word, purpose, category;
    words >> word;
    if (word == "version") {
      words >> numbering.version;
    } else if (word == "digest") {
      words >> numbering.digest;
    } else if (int number = -1; word == "pair" && words >> number >> purpose && number >= 0) {
      words >> category;
      numbering.pairs[{purpose, category}] = number;
    } else {
      return std::nullopt;
    }
  }
  return numbering.version > 0 ? std::optional(std::move(numbering)) : std::nullopt;
}

std::string compiled_table(std::string_view kind) {
  return std::string(kind) + "_consent";
}

bool is_public_store_function(std::string_view name) {
  constexpr std::string_view names[] = {"give", "refuse", "withdraw", "object", "restrict", "lift"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace pgconsent::rules
