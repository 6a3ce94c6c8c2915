// The decision table, written down once more: may this cell be seen? Plain structures and loops, no SQL, and
// nothing of rules/ or proxy/. Times are days from now.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgconsent::reference {

struct Record {
  std::optional<int> purpose, category;  // nothing: NULL
  char status = 'g';                     // given, withdrawn, objected, restricted; 0: NULL
  int from = -1;
  std::optional<int> until, order;
};

struct Subject {
  bool exists = true;  // has a row in the subjects' table
  std::optional<std::string> regime;
  bool member = false, has_order = false;
  std::vector<std::optional<bool>> flags, objections;  // by purpose
  std::optional<bool> restricted;
  std::vector<Record> records;
};

struct Source {
  enum class Kind { none, column, table };
  Kind kind = Kind::none;
  std::vector<bool> has_flag, has_objection;                                  // column: by purpose
  bool by_purpose = true, by_category = true, times = true, history = false;  // table
  bool tells_objections = false, tells_restriction = false;
};

struct Listed {
  enum class Basis { consent, legitimate_interests, declared };
  Basis basis = Basis::declared;
  enum class When { always, row_active, subject_member, subject_order };
  When when = When::always;
  bool until = false;  // less than a year old
};
using Bases = std::vector<Listed>;

struct CategoryBases {
  Bases bases;
  std::map<std::string, Bases> by_regime;  // not empty: instead
};

struct Purpose {
  std::optional<int> wider;
  bool under_restriction = false;
  std::map<int, CategoryBases> categories;
};

struct Row {
  std::vector<const Subject*> subjects;  // null: none
  bool all = true;
  std::optional<bool> active;
  std::optional<int> made;  // days from now
};

bool may_be_seen(const Source& source, const std::vector<Purpose>& purposes, int purpose, int category,
                 const Row& row);

}  // namespace pgconsent::reference
