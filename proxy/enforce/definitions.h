// What the statements of one text change for those behind them. It is in no catalog yet: new relations are
// known by their names, new code and new names of old things are not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/bind/name_resolver.h"
#include "parser/bind/statement.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

class Definitions {
 public:
  explicit Definitions(const Generation& generation) : generation_(generation) {}

  // A statement that will be sent. `names`: as they were before the text, but for its SET search_path.
  void note(const parser::StatementFacts& facts, const std::string& text, const parser::NameResolver& names);
  void unsettle() { unsettled_ = true; }
  // The catalog that the text is judged by may be in force no more.
  void lose_catalog() { change_code_ = true; }

  // New relations.
  bool creates(std::string_view name) const { return has(created_, name); }
  // Relations that are new, gone or have other columns: what the catalog says of the name may be wrong.
  bool changes(std::string_view name) const { return renames(name) || has(reshaped_, name); }
  // Any name may mean something else, or this one does.
  bool blurs(std::string_view name) const { return unsettled_ || changes(name); }
  // New or gone.
  bool renames(std::string_view name) const { return has(created_, name) || has(dropped_, name); }
  // Does the statement name none that are new or gone, and does every name mean what it did?
  bool keep_names_of(const parser::StatementFacts& facts, const std::string& text) const;

  // Has the text added, changed or taken away relations?
  bool any() const { return !created_.empty() || !dropped_.empty() || !reshaped_.empty(); }
  // Any name may mean something else.
  bool unsettled() const { return unsettled_; }
  // Operators, types, schemas, …: what a later statement runs or reads can't be judged any more.
  bool change_code() const { return change_code_; }

 private:
  // Or an identifier that is not resolved here.
  template <class Test>
  static bool any_name(const parser::StatementFacts& facts, const std::string& text, Test test);
  bool shows_leading(const parser::StatementFacts& facts, const std::string& text) const;
  bool may_change_state(const parser::StatementFacts& facts, const std::string& text) const;
  static bool has(const std::vector<std::string>& names, std::string_view name);
  bool alter(const AlterTableStmt* alter, const parser::NameResolver& names);
  void reshape(const parser::Relation& relation);
  bool rename(const RenameStmt* rename, const parser::NameResolver& names);
  bool drop(const DropStmt* drop);
  bool decides(const parser::Relation& relation) const;
  bool is_plain(const parser::Relation& relation) const;
  bool is_deciding_key(std::string_view index) const;
  bool is_guarded_key(std::string_view index) const;

  const Generation& generation_;
  std::vector<std::string> created_, dropped_, reshaped_;
  bool unsettled_ = false, change_code_ = false;
};

// Behind a statement that is sent: may the purpose be another one than the plan's?
bool changes_purpose(const parser::StatementFacts& facts, const Plan& plan, const SessionState& state);
// Do relations' names mean what they did? Or what they mean on another search path, which is then set: one of
// schemas that were on it before, so that they exist and may be used. `path` is current_schemas(true).
bool keeps_names(const parser::StatementFacts& facts, const SessionState& state,
                 std::vector<std::string>& path);

// ALTER TABLE (VALIDATE CONSTRAINT and new types evaluate expressions on each row) and REFRESH.
bool runs_row_code(const Node* statement, const Generation& generation, const parser::NameResolver& names);

// refuse_utility() behind the statements `before`.
std::optional<parser::SqlError> refuse_utility(const parser::StatementFacts& facts, const std::string& text,
                                               const Generation& generation,
                                               const parser::NameResolver& names, const Definitions& before);

}  // namespace pgconsent::enforce
