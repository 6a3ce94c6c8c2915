// Turns one optimisable statement into one over T': finds what it touches, decides, and edits the text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parser/bind/binding.h"
#include "parser/bind/references.h"
#include "parser/edit/rewrite.h"
#include "proxy/enforce/derived_table.h"
#include "proxy/enforce/disclosure_builder.h"
#include "proxy/enforce/generation.h"
#include "proxy/enforce/plan.h"

namespace pgconsent::enforce {

// Derived tables by what they depend on besides the generation; the statements of an application share few.
class DerivedTableCache {
 public:
  const DerivedTable& get(const Generation& generation, const DerivedTableRequest& request);

 private:
  std::uint64_t generation_ = 0;
  std::unordered_map<std::string, DerivedTable> tables_;
};

// A text and its tokens, scanned when first needed.
class Source {
 public:
  explicit Source(const std::string& text) : text_(text) {}
  const std::string& text() const { return text_; }
  const parser::TokenIndex& tokens() {
    if (!tokens_) tokens_.emplace(text_);
    return *tokens_;
  }

 private:
  const std::string& text_;
  std::optional<parser::TokenIndex> tokens_;
};

class Definitions;

struct RewriteOptions {
  const rules::Purpose* purpose = nullptr;
  bool explain = false;
  bool locked = false;  // a lock from outside reaches every relation (a view under FOR UPDATE)
  const Definitions* before = nullptr;  // of earlier statements of the text; null: there are none
  bool catalog_is_fresh = false;
  bool apart = false;  // some statement around it has LATERAL items
  int view_depth = 0;
};

// What `lookup: equality` adds: conditions on raw columns, and what must hold before anything else is asked
// of a row that they find. Both empty, or neither.
struct LookupFilter {
  std::string raw, guard;
};

class QueryRewriter {
 public:
  enum class Outcome {
    done,           // `statement` says what was decided; edits are in the splicer
    needs_catalog,  // a name is not in the snapshot
  };

  QueryRewriter(const Generation& generation, const parser::NameResolver& names, DerivedTableCache& tables)
      : generation_(generation), names_(names), tables_(tables) {}

  // Before each statement of a text: what was learnt of the one before goes, what may stay in place is kept.
  void begin_statement();

  // Sets statement.decision, .refusal, .origins, .raw_allowed, .audit (tables, columns, rules, bases) and
  // effects.
  Outcome run(Source& source, const Node* query, const RewriteOptions& options, parser::Splicer& splicer,
              Statement& statement);

  // True: it is refused, since it names a file or program of the server.
  static bool refuse_server_file(const CopyStmt* copy, Statement& statement);
  // COPY table [(columns)] TO: edits the relation into a query.
  Outcome run_copy(Source& source, const CopyStmt* copy, const RewriteOptions& options,
                   parser::Splicer& splicer, Statement& statement);

  // An exempt role's: nothing is decided or edited, but the audit says what is read.
  void describe(const parser::StatementFacts& facts, Statement& statement);
  // For the audit, what its result does not show: rows that go elsewhere, and what code reads that it runs
  // (trusted functions; all of them, of an exempt role). REQUIRES: it was run or described.
  void note_effects(const parser::StatementFacts& facts, const std::string& text, Statement& statement) const;

  // Of the statement that was run last: how many $n stay in its own text, and the byte offset that a refusal
  // is about (or -1).
  int parameters() const {
    return static_cast<int>(references_.parameter_locations.size()) - moved_parameters_;
  }
  bool shows_sent_text() const { return shows_sent_text_; }
  int error_location() const { return error_location_; }

  // May the relation be named in what is sent? (nothing of it is masked, or it is not protected at all)
  bool is_forbidden(const parser::ResolvedName& relation, std::string_view bare_name) const;

 private:
  DisclosurePtr copy_disclosure(const CopyStmt* copy, const parser::RangeEntry& entry,
                                const DisclosureRequest& request) const;
  void describe_query(const Node* query, Statement& statement);
  void describe_copy(const CopyStmt* copy, Statement& statement);
  void note_raw(const parser::RangeEntry& entry, Statement& statement) const;
  void note_read(const ReadByCode& read, Statement& statement) const;
  parser::RangeEntry copied_entry(const CopyStmt* copy, const parser::Relation& relation) const;
  bool copy_in(Source& source, const CopyStmt* copy, const RewriteOptions& options, parser::Splicer& splicer,
               Statement& statement);
  void qualify(Source& source, const parser::BoundRelation& bound, parser::Splicer& splicer,
               Statement& statement);
  Outcome resolve(const RewriteOptions& options, Statement& statement);
  bool refuse_binding(const parser::Binding& binding, Statement& statement);
  bool check_code(const Node* node, Statement& statement);
  void check_write(const parser::RelationReference& reference, const parser::Relation& target,
                   const RewriteOptions& options, Statement& statement);
  std::string repeated(Source& source, const Node* value, const parser::Column& column, bool any) const;
  bool keeps_type(const TypeCast* cast, const parser::Column& column) const;
  bool finds_key(const parser::RangeEntry& entry, const rules::ProtectedRelation& rules, bool pinned) const;
  LookupFilter lookups(Source& source, const parser::RangeEntry& entry, const DerivedTable& table,
                       std::string_view alias, const RewriteOptions& options) const;
  parser::TargetReplacement target(Source& source, const parser::Modification& modification,
                                   const parser::Binding& binding, const RewriteOptions& options,
                                   Statement& statement);
  bool replacement(Source& source, const parser::RangeEntry& entry, const RewriteOptions& options,
                   parser::Replacement& out, Statement& statement);
  bool expand_view(const parser::RangeEntry& entry, const RewriteOptions& options, parser::Replacement& out,
                   Statement& statement);
  void add_read(ExpandedView& view) const;
  void note(const DerivedTable& table, const rules::ProtectedRelation& relation, Statement& statement);
  bool is_fully_clear(const rules::ProtectedRelation& relation, const rules::Purpose* purpose) const;
  void refuse(Statement& statement, parser::SqlError error, int location = -1);

  const Generation& generation_;
  const parser::NameResolver& names_;
  DerivedTableCache& tables_;
  parser::References references_;
  std::vector<parser::BoundRelation> relations_;
  std::vector<std::pair<const parser::Relation*, const Node*>> write_targets_;  // so far
  std::unordered_set<const parser::Relation*> in_place_;  // protected, but nothing of them needs a mask
  int error_location_ = -1;
  int moved_parameters_ = 0;      // into generated text
  bool shows_sent_text_ = false;  // calls current_query()
  bool columns_unknown_ = false;  // reads a relation that an earlier statement of the text changes
  bool names_unknown_ = false;    // calls a function that the catalog does not have
};

}  // namespace pgconsent::enforce
