// A recorded statement under the rules in force now: for its own purpose, and for the others that its role
// may act for. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/admin/pages/context.h"

namespace pgconsent::pages {

// What the rules say about the column that a refusal is about.
struct RefusedColumn {
  std::string name, category;  // the name in the table; no category: no rule names it
  struct Use {
    std::string purpose, bases;
    std::vector<std::string> roles;  // that may act for it
  };
  std::vector<Use> uses;  // the purposes that have a basis for it
};

struct Judged {
  Judgement same_purpose;
  std::optional<RefusedColumn> column;
  std::vector<std::pair<std::string, Judgement>> other_purposes;  // those that the role may act for
};
Judged judge_again(const Context& context, const std::string& database, const std::string& role,
                   const std::string& purpose, const std::string& statement);
// "What would allow it".
Html remedies(const Judged& judged, bool refused);

}  // namespace pgconsent::pages
