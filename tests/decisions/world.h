// One random world: rules, subjects and rows, as the reference sees them, as rules.yaml and as SQL.
#pragma once

#include <random>

#include "tests/decisions/reference.h"

namespace pgconsent::reference {

inline constexpr int purpose_count = 4, category_count = 3;

struct WorldRow {
  int id = 0;
  Row row;
  std::vector<std::optional<int>> keys;  // of subjects; nothing: NULL
};

struct World {
  explicit World(unsigned seed);

  std::string yaml() const;
  std::string sql() const;  // creates and fills the schema `w`
  // The reference's rows of a table, by its name.
  std::map<std::string, std::vector<WorldRow>> tables;

  Source source;
  std::vector<Purpose> purposes;
  std::vector<Subject> subjects;  // by key
  bool text_keys = false;         // of subjects: text instead of bigint
  bool with_regime = false, unique = false;

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  int pick(int count) { return static_cast<int>(random_() % count); }
  std::optional<bool> flag() { return chance(20) ? std::nullopt : std::optional(chance(50)); }
  void make_source();
  void make_purposes();
  void make_subjects();
  void make_rows();
  bool takes_objections(int purpose) const;
  Bases make_bases(int purpose);
  std::string key(int subject) const;

  std::mt19937 random_;
};

}  // namespace pgconsent::reference
