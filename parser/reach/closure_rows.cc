// Code that PostgreSQL itself runs on unmasked rows: triggers, defaults, checks, index expressions, policies
// and domains of protected tables, and what it calls. It is not the application's to define.
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "parser/reach/closure.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

// Whatever may be a relation's name without a schema: identifiers, and keywords where a relation's name
// stands; in dynamic SQL every word may.
void ReachClosure::note_relations(const std::string& body) {
  const auto tokens = scan(body);
  if (!tokens) return;
  const auto names_follow = [&](std::size_t i) {
    static constexpr std::array<std::string_view, 7> before = {"from", "join",  "into", "update",
                                                               "only", "table", "using"};
    if (i == 0) return false;
    const Token& token = (*tokens)[i - 1];
    return token.symbol == ',' || std::find(before.begin(), before.end(), token.text) != before.end();
  };
  const auto is_dot = [&](std::size_t i) { return i < tokens->size() && (*tokens)[i].symbol == '.'; };
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const Token& token = (*tokens)[i];
    if (token.kind == TokenKind::identifier || (token.kind == TokenKind::keyword && names_follow(i))) {
      if (!is_dot(i + 1) && (i == 0 || !is_dot(i - 1))) out_.row_relations_.insert(token.text);
    } else if (token.kind == TokenKind::constant) {
      std::string word;
      for (auto at = static_cast<std::size_t>(token.start); at <= static_cast<std::size_t>(token.end); ++at) {
        const auto c = at < body.size() ? static_cast<unsigned char>(body[at]) : ' ';
        if (std::isalnum(c) != 0 || c == '_' || c >= 0x80) {
          word.push_back(static_cast<char>(std::tolower(c)));
        } else if (!word.empty()) {
          out_.row_relations_.insert(std::exchange(word, {}));
        }
      }
    }
  }
}

void ReachClosure::follow_row_code() {
  std::unordered_set<Oid> seen, judged;
  std::vector<const Function*> queue;
  auto add = [&](Oid oid) {
    const Function* function = oid < first_normal_oid ? nullptr : snapshot_.function(oid);
    if (function != nullptr && seen.insert(oid).second) queue.push_back(function);
  };
  auto add_all = [&](const std::vector<Oid>& oids) {
    for (Oid oid : oids) add(oid);
  };
  for (Oid oid : options_.protected_relations) {
    const Relation* relation = snapshot_.relation(oid);
    if (relation == nullptr) continue;
    add_all(relation->trigger_functions);
    for (Oid trigger : relation->trigger_functions) {
      // What names public columns only is all that may run without being trusted.
      if (!options_.trusted_functions.contains(trigger)) judged.insert(trigger);
    }
    add_all(relation->implicit_functions);
    add_all(relation->policy_functions);
    for (const Column& column : relation->columns) {
      auto type = snapshot_.types.find(column.type);
      for (int depth = 0; depth < 32 && type != snapshot_.types.end(); ++depth) {
        add_all(type->second.functions);
        type = snapshot_.types.find(type->second.base);
      }
    }
  }
  for (Oid oid : options_.unwritable_relations) {  // their triggers could fill what decides about subjects
    if (const Relation* relation = snapshot_.relation(oid)) add_all(relation->trigger_functions);
  }
  for (Oid oid : options_.deciding_relations) {
    if (const Relation* relation = snapshot_.relation(oid)) add_all(relation->depends_on);
  }
  // The consent store's own functions say what is wrong with their arguments.
  const auto note_messages = [&](const Function& function) {
    if (tellers_.contains(function.oid) && function.schema != "pgconsent")
      out_.telling_.insert(function.name);
  };
  while (!queue.empty()) {
    const Function& function = *queue.back();
    queue.pop_back();
    out_.row_code_.insert(function.name);
    out_.row_calls_.insert(function.name);
    add_all(function.depends_on);
    if (function.kind == 'a' || (function.language != "sql" && function.language != "plpgsql")) continue;
    if (!judged.contains(function.oid)) note_relations(function.body);
    BodyFacts facts = scan_body(function.language, function.body);
    for (const std::string& name : facts.calls) {
      out_.row_calls_.insert(name);
      for (const Function* callee : snapshot_.functions_named(name)) add(callee->oid);
    }
    out_.row_operators_.insert(facts.operators.begin(), facts.operators.end());
    note_messages(function);
  }
  // Where dangerous code runs by itself, in a policy perhaps, its messages may tell what it has read.
  for (const auto& [oid, reason] : out_.dangerous_) note_messages(*snapshot_.function(oid));
}

}  // namespace pgconsent::parser
