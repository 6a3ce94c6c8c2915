// What rules.yaml says, section by section. Private to the reader and the binder.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/names.h"
#include "rules/policy.h"
#include "rules/reporter.h"

namespace pgconsent::rules {

struct SubjectKindRule {
  Text name;
  Description description;
  TableName table;
  Text key;
  std::optional<Text> regime;
};

struct ConsentRule {
  Text kind;
  ConsentSource::Kind source = ConsentSource::Kind::table;
  // table
  TableName table;
  Text subject, given;
  std::optional<Text> purpose, category, valid_from, valid_until, history;
  std::optional<Text> objected;    // a condition
  std::optional<Text> restricted;  // table: a condition; column: the column
  // column: purpose, boolean column of the subject's table
  std::vector<std::pair<Text, Text>> flags, objections;
};

struct CategoryRule {
  Text name;
  bool sensitive = false;
  Description description;
  std::optional<Text> dpv;
};

struct BasisEntry {
  ListedBasis listed;
  Place at;
};

struct BasisRule {
  struct Alternative {
    std::optional<Regime> regime;  // nothing: for everybody
    Place at;
    std::vector<BasisEntry> bases;
  };
  Text category;
  std::vector<Alternative> alternatives;  // one without regime, or one per regime
};

struct PurposeRule {
  Text name;
  Description description;
  std::vector<BasisRule> lawful_basis;
  std::optional<Text> narrows;
  bool under_restriction = false;
  std::optional<Text> dpv;
  std::vector<int> tcf;
};

struct PathRule {
  struct Hop {
    TableName through;
    std::vector<std::pair<Text, Text>> on;  // column of the row before, column of `through`
    Place at;
  };
  Text kind;
  std::vector<Hop> hops;
  Text key;
};

struct SubjectRule {
  Place at;
  bool all = true;
  std::vector<PathRule> paths;  // none: the rows have no subject
};

struct ColumnRule {
  Text name;
  bool is_public = false;
  Text category;
  Mask mask;
  Place mask_at;
  bool lookup_equality = false;
  bool write_allowed = false;
  WithoutBasis without_basis = WithoutBasis::mask;
};

struct TableRule {
  TableName name;
  Description description;
  SubjectRule subject;
  std::vector<ColumnRule> columns;
  bool others_public = false;
  Place others_at;  // of `other_columns`, or of the table without it
};

struct ApplicationRule {
  Text role;
  std::vector<Text> purposes;
  bool exempt = false;
  std::optional<std::chrono::milliseconds> max_snapshot_age = std::nullopt;  // zero: unlimited
  Description description{};
};

struct RuleSet {
  std::string file;
  std::string digest;
  Controller controller;
  std::vector<SubjectKindRule> subjects;
  std::vector<ConsentRule> consent;
  std::vector<CategoryRule> categories;
  std::vector<PurposeRule> purposes;
  std::vector<TableRule> tables;
  std::vector<ApplicationRule> applications;
  std::vector<FunctionName> trusted, refused;
  bool refuse_unlisted_tables = false;
};

}  // namespace pgconsent::rules
