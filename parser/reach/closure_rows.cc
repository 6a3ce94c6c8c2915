// Code that PostgreSQL itself runs on unmasked rows: triggers, defaults, checks, index expressions, policies
// and domains of protected tables, and what it calls; likewise what the rules trust. It is not the
// application's to define.
#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>
#include <utility>

#include "parser/names/ascii.h"
#include "parser/reach/closure.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Of letters, digits, _ and whatever is not ASCII, in lower case.
template <class Use>
void for_each_word(std::string_view text, Use use) {
  std::string word;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const auto c = at < text.size() ? static_cast<unsigned char>(text[at]) : ' ';
    if (std::isalnum(c) != 0 || c == '_' || c >= 0x80) {
      word.push_back(static_cast<char>(std::tolower(c)));
    } else if (!word.empty()) {
      use(std::exchange(word, {}));
    }
  }
}

// Types of pg_catalog that are found by the search path.
constexpr std::array built_in_types = {
    "bool"sv,        "box"sv,    "bpchar"sv,  "bytea"sv,    "cidr"sv,      "circle"sv,   "date"sv,
    "float4"sv,      "float8"sv, "inet"sv,    "int2"sv,     "int4"sv,      "int8"sv,     "json"sv,
    "jsonb"sv,       "line"sv,   "lseg"sv,    "macaddr"sv,  "money"sv,     "name"sv,     "oid"sv,
    "path"sv,        "point"sv,  "polygon"sv, "record"sv,   "refcursor"sv, "regclass"sv, "text"sv,
    "timestamptz"sv, "timetz"sv, "tsquery"sv, "tsvector"sv, "uuid"sv,      "xml"sv};

}  // namespace

// Whatever may be a type's or a relation's name without a schema: identifiers, built-in types, and keywords
// where a relation's name stands; in dynamic SQL every word may. Of code that rows are not handed to by
// themselves only what it may hand them on to: types, and relations that it writes.
void ReachClosure::note_relations(const std::string& body, bool by_itself) {
  static constexpr std::array read = {"from"sv, "join"sv,  "into"sv, "update"sv,
                                      "only"sv, "table"sv, "using"sv};
  static constexpr std::array written = {"into"sv, "update"sv, "only"sv};
  const auto tokens = scan(body);
  if (!tokens) return;
  const auto is_dot = [&](std::size_t i) { return i < tokens->size() && (*tokens)[i].symbol == '.'; };
  const auto is_name = [&](std::size_t i) {
    const Token& token = (*tokens)[i];
    if (is_one_of(token.text, built_in_types)) return true;
    if (token.kind == TokenKind::identifier && by_itself) return true;
    if (i == 0 || (token.kind != TokenKind::identifier && token.kind != TokenKind::keyword)) return false;
    const Token& before = (*tokens)[i - 1];
    return by_itself ? before.symbol == ',' || is_one_of(before.text, read) : is_one_of(before.text, written);
  };
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const Token& token = (*tokens)[i];
    if (token.kind != TokenKind::constant) {
      if (is_name(i) && !is_dot(i + 1) && (i == 0 || !is_dot(i - 1))) out_.row_relations_.insert(token.text);
      continue;
    }
    if (!by_itself) continue;
    for_each_word(std::string_view(body).substr(token.start, token.end - token.start),
                  [&](std::string word) { out_.row_relations_.insert(std::move(word)); });
  }
}

// In any language.
void ReachClosure::note_words(const std::string& body) {
  for_each_word(body, [&](std::string word) { out_.row_words_.insert(std::move(word)); });
  const std::string text = lower(body);
  for (std::string_view escaped : {"u&\""sv, "u&'"sv}) out_.row_words_all_ |= text.find(escaped) != text.npos;
}

bool FunctionReach::row_code_holds(std::string_view name) const {
  bool all = true;
  for_each_word(name, [&](const std::string& word) { all &= row_words_.contains(word); });
  return all || row_words_all_;
}

void ReachClosure::follow_row_code() {
  std::unordered_set<Oid> seen, judged;
  std::vector<const Function*> queue;
  auto add = [&](Oid oid) {
    const Function* function = oid < first_user_oid ? nullptr : snapshot_.function(oid);
    if (function != nullptr && seen.insert(oid).second) queue.push_back(function);
  };
  auto add_all = [&](const std::vector<Oid>& oids) {
    for (Oid oid : oids) add(oid);
  };
  // A relation, and what it is made of.
  auto read = [&](Oid oid, std::unordered_set<Oid>& reads) {
    std::vector<Oid> relations = {oid};
    while (!relations.empty()) {
      const Relation* relation = snapshot_.relation(relations.back());
      relations.pop_back();
      if (relation == nullptr || relation->oid < first_user_oid || !reads.insert(relation->oid).second)
        continue;
      add_all(relation->policy_functions);
      for (const auto* used : {&relation->depends_on, &relation->policy_relations}) {
        add_all(*used);
        relations.insert(relations.end(), used->begin(), used->end());
      }
    }
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
  for (Oid oid : options_.deciding_relations) read(oid, out_.deciding_);
  out_.row_reads_ = out_.deciding_;
  // The consent store's own functions say what is wrong with their arguments.
  const auto note_messages = [&](const Function& function) {
    if (tellers_.contains(function.oid) && function.schema != "pgconsent")
      out_.telling_.insert(function.name);
  };
  const auto follow = [&](bool by_itself) {
    while (!queue.empty()) {
      const Function& function = *queue.back();
      queue.pop_back();
      if (by_itself) out_.row_code_.insert(function.name);
      out_.row_calls_.insert(function.name);
      note_words(function.body);
      add_all(function.depends_on);
      for (Oid oid : function.depends_on) read(oid, out_.row_reads_);
      if (function.kind == 'a' || (function.language != "sql" && function.language != "plpgsql")) continue;
      if (!judged.contains(function.oid)) note_relations(function.body, by_itself);
      BodyFacts facts = scan_body(function.language, function.body);
      for (const std::string& name : facts.calls) {
        out_.row_calls_.insert(name);
        for (const Function* callee : snapshot_.functions_named(name)) add(callee->oid);
      }
      out_.row_operators_.insert(facts.operators.begin(), facts.operators.end());
      if (by_itself) note_messages(function);
    }
  };
  follow(true);
  // What is called because it is trusted is trusted with its messages, too.
  for (Oid oid : options_.trusted_functions) add(oid);
  follow(false);
  std::size_t known = 0;
  do {
    known = out_.row_reads_.size();
    for (const auto& [oid, relation] : snapshot_.relations) {
      if (holds_rows(relation.kind) && out_.row_code_holds(relation.name)) read(oid, out_.row_reads_);
    }
    follow(false);
  } while (out_.row_reads_.size() > known);
  // Where dangerous code runs by itself, in a policy perhaps, its messages may tell what it has read.
  for (const auto& [oid, reason] : out_.dangerous_) note_messages(*snapshot_.function(oid));
}

}  // namespace pgconsent::parser
