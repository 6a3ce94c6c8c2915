// Names in a definition that say nothing about existing data.
#pragma once

#include <vector>

#include "parser/bind/name_resolver.h"
#include "parser/tree/scanner.h"
#include "parser/tree/server_nodes.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

// Of CREATE TABLE, ALTER TABLE, CREATE INDEX, DROP: the new table's name, its columns', the table that a
// harmless change is made to, the target of a foreign key on a key that is public, what may go.
class HarmlessNames {
 public:
  // `names` is null where an earlier statement of the text may have changed what names mean.
  HarmlessNames(const Node* statement, const Generation& generation, const parser::NameResolver* names);

  // Every name in the statement is harmless.
  bool all() const { return all_; }
  // The one whose token this is.
  bool contains(const std::vector<parser::Token>& tokens, std::size_t index) const;

 private:
  void add(const RangeVar* range);
  void add_changed(const RangeVar* range, const Node* statement);
  bool is_unprotected(const parser::ResolvedName& name) const;
  bool is_unprotected(const RangeVar* range) const;
  bool names_columns(const AlterTableStmt* alter) const;
  bool drops_harmless(const DropStmt* drop) const;
  bool is_spare_view(const parser::ResolvedName& name) const;
  void element(const Node* node);
  bool is_public_column(std::string_view name) const;

  const Generation& generation_;
  const parser::NameResolver* names_;
  std::vector<int> locations_;
  bool all_ = false;
  bool owned_by_ = false;      // the name behind OWNED BY
  bool columns_only_ = false;  // of one unprotected table: no other relation is named
};

}  // namespace pgconsent::enforce
