// Code that PostgreSQL itself runs on unmasked rows: triggers, defaults, checks, index expressions, policies
// and domains of protected tables, and what it calls; likewise what the rules trust. It is not the
// application's to define.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "parser/names/ascii.h"
#include "parser/names/built_in_types.h"
#include "parser/reach/body_constants.h"
#include "parser/reach/closure.h"
#include "parser/reach/words.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

namespace {

using namespace std::string_view_literals;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// From constants: 't'::regclass, to_regclass('t'), nextval('s'). SQL in them: see body_constants.h.
bool takes_names(std::string_view word) {
  return word.starts_with("reg") || word.starts_with("to_reg") || word.ends_with("val");
}

bool is_text_search(std::string_view function) {
  return function.starts_with("to_ts") || function.ends_with("to_tsquery") || function.starts_with("ts_") ||
         function == "regconfig" || function == "regdictionary";
}

}  // namespace

// What is found is followed until nothing new comes up.
class ReachClosure::RowCode {
 public:
  explicit RowCode(ReachClosure& all) : all_(all), out_(all.out_) {}
  void run();

 private:
  void add_protected(const Relation& relation);
  void add(Oid function);
  void add_all(const std::vector<Oid>& functions);
  void add_type(Oid type);
  void add_types(const std::vector<Oid>& types);
  void name_types(const std::vector<Oid>& types);
  void read(Oid relation, std::unordered_set<Oid>& reads);
  void add_named();
  void follow(bool by_itself);
  void call(const std::string& name, Oid caller);
  void add_signature(const Function& function);
  void note_names(const std::string& body, bool qualified_only);
  void note_arguments(const Relation& relation);
  void note_qualified(const std::string& schema, const std::string& name, bool is_relation);
  void note_messages(const Function& function);
  void note_row_types();
  std::size_t known() const { return out_.row_reads_.size() + out_.row_types_.size() + seen_.size(); }

  ReachClosure& all_;
  FunctionReach& out_;
  std::unordered_set<Oid> seen_, judged_;
  std::unordered_set<Oid> nameless_;  // of casts and operator classes, that no code need use
  std::vector<const Function*> queue_;
};

// Whatever may be a type's or a relation's name: identifiers that are not a row's columns, built-in types,
// keywords where such a name stands; where constants are taken for names, every word of one.
// `qualified_only`: those with a schema.
void ReachClosure::RowCode::note_names(const std::string& body, bool qualified_only) {
  static constexpr std::array read = {"from"sv, "join"sv,  "into"sv,  "update"sv, "only"sv,
                                      "as"sv,   "table"sv, "using"sv, "of"sv,     "collate"sv};
  static constexpr std::array written_to = {"into"sv, "table"sv, "exists"sv, "copy"sv, "references"sv};
  const auto tokens = scan(body);
  if (!tokens) return;
  const auto text = [&](std::size_t i) {
    return std::string_view(body).substr((*tokens)[i].start, (*tokens)[i].end - (*tokens)[i].start);
  };
  const auto is_dot = [&](std::size_t i) { return i < tokens->size() && (*tokens)[i].symbol == '.'; };
  const auto is_name = [&](std::size_t i) {
    const Token& token = (*tokens)[i];
    if (token.kind == TokenKind::identifier || is_built_in_type(token.text)) return true;
    if (token.kind != TokenKind::keyword) return false;
    const bool called = i + 1 < tokens->size() && (*tokens)[i + 1].symbol == '(';  // a cast, perhaps
    const bool typed = i + 1 < tokens->size() && (*tokens)[i + 1].kind == TokenKind::constant;
    if (i == 0 || typed || called) return typed || called;
    const Token& before = (*tokens)[i - 1];
    return before.symbol == ',' || text(i - 1) == "::" || before.kind == TokenKind::identifier ||
           is_one_of(before.text, read);
  };
  const bool converts =
      std::any_of(tokens->begin(), tokens->end(), [](const Token& token) { return takes_names(token.text); });
  if (converts) {
    const std::vector<std::string> words = find_constants(body, *tokens).words;
    out_.row_relations_.insert(words.begin(), words.end());
  }
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const Token& token = (*tokens)[i];
    out_.row_code_searches_ |= is_text_search(token.text);
    if (i > 1 && is_dot(i - 1)) {
      const bool called = i + 1 < tokens->size() && (*tokens)[i + 1].symbol == '(';
      const bool written = i > 2 && is_one_of((*tokens)[i - 3].text, written_to);
      const std::string& schema = (*tokens)[i - 2].text;
      if (!token.text.empty() && !schema.empty()) note_qualified(schema, token.text, !called || written);
    } else if (!qualified_only && is_name(i) && !is_dot(i + 1)) {
      out_.row_relations_.insert(token.text);
    }
  }
}

// What is not there, or not yet, is as good as a name without schema.
void ReachClosure::RowCode::note_qualified(const std::string& schema, const std::string& name,
                                           bool is_relation) {
  const Snapshot& snapshot = all_.snapshot_;
  if (!snapshot.has_schema(schema) && schema != "pg_temp") {
    out_.row_schemas_.insert(schema);
    return;
  }
  out_.row_names_.insert(name);
  if (is_relation && schema != "pg_catalog" && snapshot.relation(schema, name) == nullptr)
    out_.row_relations_.insert(name);
}

void ReachClosure::RowCode::add(Oid oid) {
  const Function* function = oid < first_user_oid ? nullptr : all_.snapshot_.function(oid);
  if (function != nullptr && seen_.insert(oid).second) queue_.push_back(function);
}

void ReachClosure::RowCode::add_all(const std::vector<Oid>& functions) {
  for (Oid oid : functions) add(oid);
}

// With the checks of domains.
void ReachClosure::RowCode::add_type(Oid oid) {
  for (const Type* type : all_.snapshot_.type_and_bases(oid)) {
    out_.row_types_.insert(type->oid);
    add_all(type->functions);
  }
}

void ReachClosure::RowCode::add_types(const std::vector<Oid>& types) {
  for (Oid oid : types) add_type(oid);
}

// Their constants may be compared, too.
void ReachClosure::RowCode::name_types(const std::vector<Oid>& types) {
  add_types(types);
  for (Oid oid : types) {
    for (const Type* type : all_.snapshot_.type_and_bases(oid)) out_.row_constants_.insert(type->oid);
  }
}

// A relation, and what it is made of.
void ReachClosure::RowCode::read(Oid oid, std::unordered_set<Oid>& reads) {
  std::vector<Oid> relations = {oid};
  while (!relations.empty()) {
    const Relation* relation = all_.snapshot_.relation(relations.back());
    relations.pop_back();
    if (relation == nullptr || relation->oid < first_user_oid || !reads.insert(relation->oid).second)
      continue;
    for (const auto* code :
         {&relation->policy_functions, &relation->trigger_functions, &relation->implicit_functions})
      add_all(*code);
    name_types(relation->named_types);
    note_arguments(*relation);
    for (Oid function : relation->depends_on) {
      const Function* known = all_.snapshot_.function(function);
      out_.row_code_searches_ |= known != nullptr && is_text_search(known->name);
    }
    for (const auto* used : {&relation->depends_on, &relation->policy_relations}) {
      add_all(*used);
      relations.insert(relations.end(), used->begin(), used->end());
    }
  }
}

void ReachClosure::RowCode::add_protected(const Relation& relation) {
  for (Oid trigger : relation.trigger_functions) {
    // What names public columns only is all that may run without being trusted.
    if (!all_.options_.trusted_functions.contains(trigger)) judged_.insert(trigger);
  }
  for (const auto* code : {&relation.trigger_functions, &relation.implicit_functions,
                           &relation.policy_functions, &relation.statistics_functions})
    add_all(*code);
  add_types(relation.named_types);
  for (const Column& column : relation.columns) add_type(column.type);
  note_arguments(relation);
}

// Of triggers: names of columns, tables or functions, perhaps.
void ReachClosure::RowCode::note_arguments(const Relation& relation) {
  for_each_word(relation.trigger_arguments, [&](const std::string& word) {
    out_.row_relations_.insert(word);
    for (Oid trigger : relation.trigger_functions) call(word, trigger);
  });
}

// The consent store's own functions say what is wrong with their arguments.
void ReachClosure::RowCode::note_messages(const Function& function) {
  if (all_.tellers_.contains(function.oid) && function.schema != "pgconsent")
    out_.telling_.insert(function.name);
}

void ReachClosure::RowCode::call(const std::string& name, Oid caller) {
  out_.row_calls_.insert(name);
  for (const Function* callee : all_.snapshot_.functions_named(name)) {
    add(callee->oid);
    if (callee->oid >= first_user_oid) out_.row_tables_.add_call(caller, callee->oid);
    if (nameless_.erase(callee->oid) > 0) add_signature(*callee);
  }
}

// Rows of a table that are handed over, or back, are taken by position.
void ReachClosure::RowCode::add_signature(const Function& function) {
  std::vector<Oid> types = function.argument_types;
  types.insert(types.end(), function.all_types.begin(), function.all_types.end());
  types.push_back(function.result_type);
  name_types(types);
  for (Oid oid : types) {
    for (const Type* type : all_.snapshot_.type_and_bases(oid)) {
      if (type->relation == 0) continue;
      out_.row_tables_.add_whole(type->relation);
      read(type->relation, out_.row_reads_);
    }
  }
}

// Values of protected columns, of those that decide, of whole rows and of domains that code names keep their
// fields; typed tables keep their types.
void ReachClosure::RowCode::note_row_types() {
  std::unordered_set<Oid> tables = out_.row_tables_.whole();
  tables.insert(out_.row_reads_.begin(), out_.row_reads_.end());
  tables.insert(all_.options_.protected_relations.begin(), all_.options_.protected_relations.end());
  std::vector<Oid> relations(tables.begin(), tables.end());
  const auto keep = [&](Oid oid) {
    for (const Type* type : all_.snapshot_.type_and_bases(oid)) {
      out_.row_types_.insert(type->oid);
      if (type->relation == 0) continue;
      out_.row_tables_.add_whole(type->relation);
      if (tables.insert(type->relation).second) relations.push_back(type->relation);
    }
  };
  for (Oid oid : std::vector<Oid>(out_.row_types_.begin(), out_.row_types_.end())) {  // that code names
    const auto type = all_.snapshot_.types.find(oid);
    if (type != all_.snapshot_.types.end() && type->second.base != 0) keep(oid);
  }
  while (!relations.empty()) {
    const Relation* relation = all_.snapshot_.relation(relations.back());
    relations.pop_back();
    if (relation == nullptr) continue;
    for (const Column& column : relation->columns) keep(column.type);
    for (Oid type : relation->named_types) keep(type);
  }
}

// `by_itself`: rows are handed to it, so its errors may hold their values.
void ReachClosure::RowCode::follow(bool by_itself) {
  while (!queue_.empty()) {
    const Function& function = *queue_.back();
    queue_.pop_back();
    if (by_itself) out_.row_code_.insert(function.name);
    out_.row_calls_.insert(function.name);
    const std::string body = lower(function.body);
    for (std::string_view escaped : {"u&\""sv, "u&'"sv})
      out_.row_names_all_ |= body.find(escaped) != body.npos;
    add_all(function.depends_on);
    for (Oid oid : function.depends_on) {
      read(oid, out_.row_reads_);
      out_.row_tables_.add_call(function.oid, oid);
    }
    if (!nameless_.contains(function.oid)) add_signature(function);
    out_.row_tables_.note(all_.snapshot_, function);
    if (function.kind == 'a' || (function.language != "sql" && function.language != "plpgsql")) continue;
    if (!judged_.contains(function.oid)) note_names(function.body, false);
    BodyFacts facts = scan_body(function.language, function.body);
    for (const std::string& name : facts.calls) call(name, function.oid);
    if (std::binary_search(facts.names.begin(), facts.names.end(), "execute"))  // dynamic SQL
      for_each_word(function.body, [&](const std::string& word) { call(word, function.oid); });
    if (by_itself) note_messages(function);
  }
}

// By name, and what no body says that it uses: the code of operators and casts.
void ReachClosure::RowCode::add_named() {
  for (const auto& [oid, relation] : all_.snapshot_.relations) {
    if (holds_rows(relation.kind) && out_.row_code_names(relation.name)) read(oid, out_.row_reads_);
  }
  for (const auto& [oid, type] : all_.snapshot_.types) {
    const bool named = out_.row_code_names(type.name) || out_.row_calls_.contains(type.name);
    if (oid >= first_user_oid && named) add_type(oid);
  }
  if (seen_.empty() && out_.deciding_.empty()) return;
  for (const Operator& op : all_.snapshot_.operators)
    add_all({op.function, op.restrict_estimator, op.join_estimator});
  std::vector<Oid> nameless = all_.snapshot_.support_functions;
  for (const Cast& cast : all_.snapshot_.casts) nameless.push_back(cast.function);
  for (Oid function : nameless) {
    if (!seen_.contains(function)) nameless_.insert(function);
  }
  add_all(nameless);
}

void ReachClosure::RowCode::run() {
  const ReachOptions& options = all_.options_;
  for (Oid oid : options.protected_relations) {
    if (const Relation* relation = all_.snapshot_.relation(oid)) add_protected(*relation);
  }
  for (Oid oid : options.unwritable_relations) {  // their triggers could fill what decides about subjects
    const Relation* relation = all_.snapshot_.relation(oid);
    if (relation == nullptr) continue;
    add_all(relation->trigger_functions);
    add_all(relation->implicit_functions);
    note_arguments(*relation);
  }
  follow(true);
  // What is called because it is trusted is trusted with its messages, too; what decides sees no masked
  // value.
  add_all({options.trusted_functions.begin(), options.trusted_functions.end()});
  for (Oid oid : options.deciding_relations) read(oid, out_.deciding_);
  out_.row_reads_.insert(out_.deciding_.begin(), out_.deciding_.end());
  for (const std::string& condition : options.conditions) note_names(condition, true);
  follow(false);
  for (std::size_t before = known();; before = known()) {
    add_named();
    follow(false);
    if (known() == before) break;
  }
  out_.row_tables_.finish(all_.snapshot_);
  note_row_types();
  // Where dangerous code runs by itself, in a policy perhaps, its messages may tell what it has read.
  for (const auto& [oid, reason] : out_.dangerous_) note_messages(*all_.snapshot_.function(oid));
}

void ReachClosure::follow_row_code() {
  RowCode(*this).run();
}

}  // namespace pgconsent::parser
