#include "proxy/enforce/row_triggers.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "parser/reach/builtin_lists.h"
#include "parser/tree/scanner.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plpgsql_assignments.h"

namespace pgconsent::enforce {

namespace {

using parser::Function;
using parser::Oid;
using parser::Relation;
using parser::Token;
using parser::TokenKind;

// A trigger's function sees raw rows as NEW and OLD, and in transition tables. It shows nothing where it
// names public columns of the former only, and no relation that is not in the catalog.
bool names_only_public(const std::vector<Token>& tokens, const rules::ProtectedRelation& rules,
                       const Generation& generation) {
  auto is = [&](std::size_t i, std::string_view word) { return i < tokens.size() && tokens[i].text == word; };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::unicode_identifier) return false;
    const bool relation = (token.text == "from" || token.text == "join") && i + 1 < tokens.size() &&
                          tokens[i + 1].kind == TokenKind::identifier;
    if (relation && !generation.is_known_name(tokens[i + 1].text)) return false;
    if (token.text != "new" && token.text != "old") continue;
    if (i + 2 < tokens.size() && tokens[i + 1].symbol == '.') {
      const std::string& name = tokens[i + 2].text;
      const bool is_public = std::any_of(rules.columns.begin(), rules.columns.end(), [&](const auto& column) {
        return column.is_public && column.name == name;
      });
      if (!is_public) return false;
      continue;
    }
    const bool returned =
        i > 0 && is(i - 1, "return") && i + 1 < tokens.size() && tokens[i + 1].symbol == ';';
    if (!returned) return false;
  }
  return true;
}

bool raises(const std::vector<Token>& tokens) {
  static constexpr std::string_view words[] = {"raise", "assert", "notify", "pg_notify"};
  return std::any_of(tokens.begin(), tokens.end(), [](const Token& token) {
    return token.kind == TokenKind::unicode_identifier ||
           std::find(std::begin(words), std::end(words), token.text) != std::end(words);
  });
}

// Nobody vouches for it, and what it does is not known from elsewhere.
const Function* unvouched(const Generation& generation, Oid oid) {
  const Function* function = generation.catalog().function(oid);
  if (function == nullptr || generation.policy().trusted_functions.contains(oid)) return nullptr;
  return oid < parser::first_user_oid || parser::is_pure_native(*function) ? nullptr : function;
}

// May show the rows that it runs on; null: none.
const Function* showing_code(const Generation& generation, const Relation& relation) {
  const rules::ProtectedRelation* protection = generation.policy().relation(relation.oid);
  if (protection == nullptr) return nullptr;
  auto find = [&](const std::vector<Oid>& oids, auto&& is_harmless) -> const Function* {
    for (Oid oid : oids) {
      const Function* function = unvouched(generation, oid);
      if (function == nullptr) continue;
      const bool readable = function->language == "plpgsql" || function->language == "sql";
      const auto tokens = readable ? parser::scan(function->body) : std::nullopt;
      if (!tokens || !is_harmless(*tokens)) return function;
    }
    return nullptr;
  };
  // A transition table holds whole rows under a name that any clause may use.
  if (const Function* trigger =
          find(relation.transition_functions, [](const std::vector<Token>&) { return false; })) {
    return trigger;
  }
  if (const Function* trigger = find(relation.trigger_functions, [&](const std::vector<Token>& tokens) {
        return names_only_public(tokens, *protection, generation);
      })) {
    return trigger;
  }
  return find(relation.implicit_functions, [](const std::vector<Token>& tokens) { return !raises(tokens); });
}

// Subjects are read from it, conditions, regimes and consent; or from what is computed from it.
bool decides(const Generation& generation, const Relation& relation, parser::AttrNumber attnum) {
  const auto& columns = generation.subject_columns().of(relation.oid);
  const auto is_read = [&](parser::AttrNumber read) {
    return generation.conditions().reads(relation.oid, read) ||
           std::any_of(columns.begin(), columns.end(),
                       [&](const SubjectColumn& column) { return column.attnum == read; });
  };
  return is_read(attnum) ||
         std::any_of(relation.columns.begin(), relation.columns.end(), [&](const parser::Column& column) {
           const auto& from = column.generated_from;
           return std::find(from.begin(), from.end(), attnum) != from.end() && is_read(column.attnum);
         });
}

// Gives the row that is written another value where it decides about masks, whatever the statement assigns.
std::optional<UntrustedCode> changing_code(const Generation& generation, const Relation& relation) {
  for (Oid oid : relation.row_changing_functions) {
    const Function* function = unvouched(generation, oid);
    if (function == nullptr) continue;
    std::string field =
        function->language != "plpgsql" ? "*" : assigned_field(function->body, [&](std::string_view name) {
          const parser::Column* column = relation.column(name);
          return column == nullptr || decides(generation, relation, column->attnum);
        });
    if (!field.empty()) return UntrustedCode{function, std::move(field)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<UntrustedCode> find_untrusted_code(const Generation& generation, const Relation& relation) {
  if (const Function* function = showing_code(generation, relation)) return UntrustedCode{function, {}};
  const bool is_deciding = generation.policy().relation(relation.oid) != nullptr ||
                           !generation.subject_columns().of(relation.oid).empty();
  return is_deciding ? changing_code(generation, relation) : std::nullopt;
}

std::vector<parser::Oid> dangerous_functions(const Generation& generation, const parser::Relation& relation) {
  std::vector<parser::Oid> found;
  for (const auto* functions : {&relation.trigger_functions, &relation.implicit_functions}) {
    std::copy_if(functions->begin(), functions->end(), std::back_inserter(found),
                 [&](parser::Oid oid) { return generation.functions().is_dangerous(oid); });
  }
  return found;
}

}  // namespace pgconsent::enforce
