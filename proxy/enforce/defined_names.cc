#include "proxy/enforce/defined_names.h"

#include "parser/tree/walker.h"

namespace pgconsent::enforce {

namespace {

class Names {
 public:
  Names(const Generation& generation, const parser::NameResolver& names, const parser::TokenIndex& tokens,
        parser::Splicer& splicer)
      : generation_(generation), names_(names), tokens_(tokens), splicer_(splicer) {}

  void add(const RangeVar* range) {
    if (range != nullptr && range->schemaname == nullptr && range->location >= 0)
      add(range->relname, range->location);
  }

  // DROP TABLE [IF EXISTS] a, b.c: the tree does not say where the names are.
  void add_dropped(const DropStmt* drop, const parser::StatementFacts& facts) {
    int token = 0;
    while (token < tokens_.size() &&
           (tokens_[token].start < facts.start || !tokens_.is_keyword(token, "table")))
      ++token;
    ++token;
    if (drop->missing_ok) token += 2;
    parser::for_each(drop->objects, [&](const Node* object) {
      if (token >= tokens_.size() || tokens_[token].start >= facts.end) return;
      const List* name = parser::as<List>(object);
      if (name->length == 1) add(parser::last_string(name), tokens_[token].start);
      token = tokens_.after_name(token) + 1;  // and the comma
    });
  }

 private:
  void add(std::string_view name, std::int32_t at) {
    if (!generation_.is_sensitive_name(name)) return;
    const parser::ResolvedName found = names_.resolve("", name);
    if (found.found()) splicer_.insert(at, parser::quote_identifier(schema_of(found)) + ".");
  }

  const Generation& generation_;
  const parser::NameResolver& names_;
  const parser::TokenIndex& tokens_;
  parser::Splicer& splicer_;
};

}  // namespace

std::string_view schema_of(const parser::ResolvedName& name) {
  return name.temporary != nullptr ? std::string_view("pg_temp") : name.relation->schema;
}

void add_schemas(const parser::StatementFacts& facts, const Generation& generation,
                 const parser::NameResolver& names, const parser::TokenIndex& tokens,
                 parser::Splicer& splicer) {
  Names add(generation, names, tokens, splicer);
  switch (nodeTag(facts.statement)) {
    case T_AlterTableStmt:
      return add.add(parser::as<AlterTableStmt>(facts.statement)->relation);
    case T_IndexStmt:
      return add.add(parser::as<IndexStmt>(facts.statement)->relation);
    case T_RenameStmt:
      return add.add(parser::as<RenameStmt>(facts.statement)->relation);
    case T_CreateStatsStmt:
      parser::for_each(parser::as<CreateStatsStmt>(facts.statement)->relations, [&](const Node* range) {
        if (nodeTag(range) == T_RangeVar) add.add(parser::as<RangeVar>(range));
      });
      return;
    case T_DropStmt:
      if (parser::as<DropStmt>(facts.statement)->removeType == OBJECT_TABLE)
        add.add_dropped(parser::as<DropStmt>(facts.statement), facts);
      return;
    default:
      return;
  }
}

}  // namespace pgconsent::enforce
