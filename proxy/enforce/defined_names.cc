#include "proxy/enforce/defined_names.h"

#include "parser/tree/walker.h"
#include "proxy/enforce/cascades.h"
#include "proxy/enforce/hop_changes.h"

namespace pgconsent::enforce {

namespace {

class Names {
 public:
  Names(const Generation& generation, const parser::NameResolver& names, const parser::TokenIndex& tokens,
        parser::Splicer& splicer)
      : generation_(generation), names_(names), tokens_(tokens), splicer_(splicer) {}

  void add(const RangeVar* range) {
    if (range != nullptr) note(names_.resolve(*range));
    if (range != nullptr && range->schemaname == nullptr && range->location >= 0)
      add(range->relname, range->location);
  }

  // DROP TABLE [IF EXISTS] a, b.c: the tree does not say where the names are.
  void add_dropped(const DropStmt* drop, const parser::StatementFacts& facts) {
    const char* const kind = drop->removeType == OBJECT_TABLE ? "table" : "view";
    int token = 0;
    while (token < tokens_.size() && (tokens_[token].start < facts.start || !tokens_.is_keyword(token, kind)))
      ++token;
    ++token;
    if (drop->missing_ok) token += 2;
    parser::for_each(drop->objects, [&](const Node* object) {
      if (token >= tokens_.size() || tokens_[token].start >= facts.end) return;
      const List* name = parser::as<List>(object);
      if (name->length == 1) add(parser::last_string(name), tokens_[token].start);
      note(names_.resolve(parser::schema_string(name), parser::last_string(name)));
      token = tokens_.after_name(token) + 1;  // and the comma
    });
  }

  // `count`: how often the statement says CASCADE behind what it drops.
  bool restrict_drops(const parser::StatementFacts& facts, std::size_t count) {
    if (count == 0 || !(restricts_ || has_deciding_views(generation_))) return true;
    std::vector<int> found;
    for (int i = 0; i < tokens_.size() && tokens_[i].start < facts.end; ++i) {
      if (tokens_[i].start >= facts.start && is_cascade(tokens_, i)) found.push_back(i);
    }
    for (const int i : found) splicer_.replace(tokens_[i].start, tokens_[i].end, "RESTRICT");
    return found.size() == count;
  }

 private:
  void note(const parser::ResolvedName& name) {
    restricts_ |= name.found() && generation_.reach(name) != parser::RelationReach::none;
  }

  void add(std::string_view name, std::int32_t at) {
    if (!generation_.is_sensitive_name(name)) return;
    const parser::ResolvedName found = names_.resolve("", name);
    if (found.found()) splicer_.insert(at, parser::quote_identifier(schema_of(found)) + ".");
  }

  const Generation& generation_;
  const parser::NameResolver& names_;
  const parser::TokenIndex& tokens_;
  parser::Splicer& splicer_;
  bool restricts_ = false;
};

}  // namespace

std::string_view schema_of(const parser::ResolvedName& name) {
  return name.temporary != nullptr ? std::string_view("pg_temp") : name.relation->schema;
}

bool add_schemas(const parser::StatementFacts& facts, const Generation& generation,
                 const parser::NameResolver& names, const parser::TokenIndex& tokens,
                 parser::Splicer& splicer) {
  Names add(generation, names, tokens, splicer);
  switch (nodeTag(facts.statement)) {
    case T_AlterTableStmt: {
      const auto* alter = parser::as<AlterTableStmt>(facts.statement);
      add.add(alter->relation);
      return add.restrict_drops(facts, cascade_count(alter));
    }
    case T_IndexStmt:
      add.add(parser::as<IndexStmt>(facts.statement)->relation);
      return true;
    case T_RenameStmt:
      add.add(parser::as<RenameStmt>(facts.statement)->relation);
      return true;
    case T_CreateStatsStmt:
      parser::for_each(parser::as<CreateStatsStmt>(facts.statement)->relations, [&](const Node* range) {
        if (nodeTag(range) == T_RangeVar) add.add(parser::as<RangeVar>(range));
      });
      return true;
    case T_DropStmt: {
      const auto* drop = parser::as<DropStmt>(facts.statement);
      if (drop->removeType == OBJECT_TABLE || drop->removeType == OBJECT_VIEW ||
          drop->removeType == OBJECT_MATVIEW)
        add.add_dropped(drop, facts);
      return add.restrict_drops(facts, drop->behavior == DROP_CASCADE ? 1 : 0);
    }
    default:
      return true;
  }
}

}  // namespace pgconsent::enforce
