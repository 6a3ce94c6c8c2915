// The code that a statement runs and that no rewriting sees into: what the audit says of it.
#include <algorithm>

#include "parser/names/ascii.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/query_rewriter.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::FunctionReach;
using parser::RelationReach;

// By the names that stand there, whatever they may mean. `before`: what is dangerous for it, too, is not
// meant; null: all is.
class Uses {
 public:
  Uses(const Generation& generation, const FunctionReach& reach, const FunctionReach* before)
      : generation_(generation), reach_(reach), before_(before) {}

  void add(const parser::References& references) {
    for (const parser::FunctionReference& call : references.functions) {
      any |= before_ == nullptr &&
             (call.schema.starts_with("pg_temp") || generation_.catalog().functions_named(call.name).empty());
      if (reach_.any_dangerous(call.name)) add_calls(call.name, call.schema, call.arguments);
    }
    for (std::string_view name : references.attributes) {
      if (reach_.any_dangerous(name)) add_calls(name, {}, 1);
    }
    for (std::string_view name : references.operators)
      unseen_ |= reach_.operator_is_dangerous(name) && !(before_ && before_->operator_is_dangerous(name));
    for (const TypeName* type : references.types) {
      const std::string_view name = parser::last_string(type->names);
      unseen_ |= reach_.any_type_is_dangerous(name) && !(before_ && before_->any_type_is_dangerous(name));
    }
    if (unseen_) {
      any = true;
      const auto& readers = generation_.code_reads().trusted_readers();
      code.insert(code.end(), readers.begin(), readers.end());
    }
  }

  void add(const parser::RelationReference& reference, const parser::ResolvedName& name) {
    any |= before_ == nullptr && name.temporary != nullptr && reference.use == parser::RelationUse::read;
    if (name.relation == nullptr) return;
    const parser::Oid oid = name.relation->oid;
    const FunctionReach& known = generation_.functions();
    const bool shows = reach_.reaches_protected(oid) != RelationReach::none &&
                       known.reaches_protected(oid) == RelationReach::none;
    const bool runs = reference.use == parser::RelationUse::target && reach_.write_is_dangerous(oid) &&
                      !known.write_is_dangerous(oid);
    if (shows || runs) found(oid);
  }

  std::vector<parser::Oid> code;
  bool any = false;  // also where `code` is empty: it may read anything

 private:
  void found(parser::Oid oid) {
    code.push_back(oid);
    any = true;
  }

  void add_calls(std::string_view name, std::string_view schema, int arguments) {
    for (const parser::Function* each : generation_.catalog().functions_named(name)) {
      if (!schema.empty() && each->schema != schema) continue;
      const bool built_in = each->oid < parser::first_user_oid;
      if (built_in && arguments > static_cast<int>(each->argument_types.size())) continue;
      if (reach_.is_dangerous(each->oid) && !(before_ && before_->is_dangerous(each->oid))) found(each->oid);
    }
  }

  const Generation& generation_;
  const FunctionReach& reach_;
  const FunctionReach* before_;
  bool unseen_ = false;
};

bool moves_rows(const parser::StatementFacts& facts, const parser::References& references) {
  using Kind = parser::StatementKind;
  return facts.kind == Kind::create_table_as || facts.kind == Kind::copy_in || facts.kind == Kind::run_code ||
         std::any_of(references.relations.begin(), references.relations.end(),
                     [](const auto& each) { return each.use != parser::RelationUse::read; });
}

bool is_utility(parser::StatementKind kind) {
  using Kind = parser::StatementKind;
  return kind == Kind::lock || kind == Kind::define || kind == Kind::server;
}

}  // namespace

void QueryRewriter::note_effects(const parser::StatementFacts& facts, const std::string& text,
                                 Statement& statement) const {
  statement.moves_rows = moves_rows(facts, references_);
  const bool exempt = statement.decision == Decision::exempt;
  const CodeReads& reads = generation_.code_reads();
  if (exempt && is_utility(facts.kind)) {
    for (const auto* table :
         reads.read_by_text(text.substr(facts.start, facts.end - facts.start), {}).relations)
      add_unique(statement.audit.tables, table->name);
    return;
  }
  const FunctionReach* before = exempt ? nullptr : &generation_.functions();
  const FunctionReach* reach = reads.without_trust();
  if (reach == nullptr && exempt) reach = &generation_.functions();
  if (reach == nullptr) return;
  const std::string_view basis = exempt ? "exempt" : "trusted function";
  if (facts.statement != nullptr && nodeTag(facts.statement) == T_DoStmt) {
    std::string language = "plpgsql", body;
    code_of(parser::as<DoStmt>(facts.statement)->args, language, body);
    language = parser::lower(language);
    const bool is_meant =
        exempt || (before->judge_body(language, body).empty() && !reach->judge_body(language, body).empty());
    if (is_meant) note_read(reads.read_by_text(body, basis), statement);
    return;
  }
  Uses uses(generation_, *reach, before);
  uses.add(references_);
  for (const parser::RelationReference& reference : references_.relations) {
    if (reference.use != parser::RelationUse::create) uses.add(reference, names_.resolve(*reference.range));
  }
  if (uses.any) note_read(reads.read(uses.code, basis), statement);
}

void QueryRewriter::note_read(const ReadByCode& read, Statement& statement) const {
  if (statement.decision == Decision::untouched) statement.decision = Decision::allowed;
  auto shown = statement.disclosure == nullptr ? std::make_shared<Disclosure>()
                                               : std::make_shared<Disclosure>(*statement.disclosure);
  if (statement.decision != Decision::exempt) {
    shown->counts_cells = false;
    shown->masked_cells = 0;
    shown->masked_nulls.clear();
  }
  for (const rules::ProtectedRelation* relation : read.relations) {
    add_unique(statement.audit.tables, relation->name);
    for (const rules::SubjectPath& path : relation->subjects) shown->add_other(shown->kind(path.kind));
  }
  if (read.relations.empty()) {
    for (const auto& [name, kind] : generation_.policy().subjects) shown->add_other(shown->kind(name));
  }
  for (const std::string& text : read.columns) add_unique(statement.audit.columns, text);
  for (const std::string& text : read.bases) add_unique(statement.audit.bases, text);
  for (const std::string& text : read.trusted)
    add_unique(statement.audit.rules, "functions: trusted: " + text);
  statement.disclosure = std::move(shown);
}

}  // namespace pgconsent::enforce
