// The rules in force in one database: what rules.yaml says, bound to the OIDs of a catalog snapshot.
// Immutable, shared between threads. See shared design sections 5 and 8 for the meaning of each term.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/names/identifier.h"
#include "rules/description.h"
#include "rules/diagnostic.h"

namespace pgconsent::rules {

using parser::AttrNumber;
using parser::Oid;

// GDPR Art. 6(1)(a) to (f).
enum class LawfulBasis {
  consent,
  contract,
  legal_obligation,
  vital_interests,
  public_task,
  legitimate_interests
};
std::string_view to_string(LawfulBasis basis);

// The law that a subject stands under may choose between bases.
enum class Regime { gdpr, lgpd, ccpa };
std::string_view to_string(Regime regime);

// What happens to a cell without a lawful basis.
enum class WithoutBasis { mask, refuse, hide_row };

struct Mask {
  enum class Kind { null, constant, partial, email, hash, pseudonym, year, month, round, range };
  Kind kind = Kind::null;
  std::string text;       // constant: the value; partial: the pad
  int prefix = 0;         // partial: characters kept in front
  int suffix = 0;         // partial: characters kept at the end
  std::int64_t step = 1;  // round(n): digits after the point (may be negative); range(n): width
};

// From a row to the key of one data subject: over zero or more foreign keys, each hop to one row at most
// (validated: the hop's target columns are a unique key).
struct SubjectPath {
  struct Hop {
    // May the row before name a row that is not there? Such a row is masked, until a new row takes that key.
    enum class Gap {
      always,       // no foreign key, or one that is not enforced
      transaction,  // a deferrable foreign key with NO ACTION
      statement,    // NO ACTION is checked when the statement is over
      never,
    };
    Oid relation = 0;
    std::vector<std::pair<AttrNumber, AttrNumber>> on;  // column of the row before, column of `relation`
    Gap gap = Gap::always;
  };
  std::string kind;  // key into Policy::subjects
  std::vector<Hop> hops;
  AttrNumber key = 0;  // column of the last hop's relation (of the protected relation without hops)
  Hop::Gap subject_gap = Hop::Gap::always;  // likewise, from there to the subject's own row
};

struct ProtectedColumn {
  AttrNumber attnum = 0;
  std::string name;
  bool is_public = false;
  bool is_named = false;  // by a rule of its own
  std::string category;   // empty: no rule names the column (masked under every purpose)
  Mask mask;
  bool lookup_equality = false;
  bool write_allowed = false;  // `write: allow`: also to a cell that may not be read
  WithoutBasis without_basis = WithoutBasis::mask;
  std::string shown_where;  // of the server's own catalogs: SQL over the row `t`; empty: nowhere
  std::string rule;         // where it comes from, for DETAIL and audit: "public.users.email (rules.yaml:24)"
  std::string source;   // a view's column whose rule follows from a table's: "public.users.email"; else empty
  Oid declared_by = 0;  // likewise: the table, whose subjects and rules decide; else 0
  std::size_t subject_set = 0;  // likewise: which of ProtectedRelation::subject_sets decides
};

// The subjects of one of the tables behind a view: a range of ProtectedRelation::subjects.
struct SubjectSet {
  bool all_subjects = true;
  std::size_t first = 0, count = 0;
};

struct ProtectedRelation {
  Oid oid = 0;
  Oid declared = 0;  // the relation that the rules name: itself, or the parent it inherits them from
  std::string name;  // schema.name, for messages
  Description description{};
  bool all_subjects = true;  // several subjects: all must clear (true) or any (false)
  std::vector<SubjectPath> subjects;
  bool has_subject = false;              // every row certainly has one: its key is never NULL
  std::vector<ProtectedColumn> columns;  // every live column of the relation, by attnum
  std::vector<std::string> through;      // a view whose rules follow from those of these tables; else empty
  std::vector<SubjectSet> subject_sets;  // likewise, where there are several; empty: all subjects decide
  std::vector<ProtectedColumn> inside;   // likewise: columns that are clear, and computed with inside it

  const ProtectedColumn* column(AttrNumber attnum) const;
  // May a purpose that has no basis for a column leave out its row?
  bool hides_rows() const;
  // Does every purpose see these columns of every row? Not where there are none.
  bool shows_all(const std::vector<AttrNumber>& attnums) const;
};

// SQL as the DBA wrote it, and where; empty: none.
struct Condition {
  std::string sql;
  Location where;
  bool empty() const { return sql.empty(); }
};

// Where one kind of subject's consent, objections and restriction are kept.
struct ConsentSource {
  enum class Kind { table, column, builtin };
  using Flags = std::map<std::string, AttrNumber, std::less<>>;  // purpose -> boolean column
  Kind kind = Kind::table;
  Oid relation = 0;  // table: the consent table; column: the subject's own table; builtin: the compiled rows
  AttrNumber subject = 0;  // the column that holds the subject's key
  std::optional<AttrNumber> purpose, category, valid_from, valid_until;
  std::optional<AttrNumber> history;      // the latest record of (subject, purpose, category) by it counts
  Condition given, objected, restricted;  // table: over the relation's columns; empty: it can't say
  Flags flags, objections;                // column
  std::optional<AttrNumber> restricted_column;  // column
  // builtin: (purpose, category) -> its bit; the empty category is the purpose as a whole.
  std::map<std::pair<std::string, std::string>, int> bits;
  bool one_row = false;      // table: (subject [, purpose] [, category]) is a unique key of the relation
  bool follows_row = false;  // table: foreign keys remove or change its records with the subject's own row

  bool tells_objections() const { return kind == Kind::builtin || !objected.empty() || !objections.empty(); }
  bool tells_restriction() const {
    return kind == Kind::builtin || !restricted.empty() || restricted_column.has_value();
  }
};

struct SubjectKind {
  std::string name;
  Oid relation = 0;
  AttrNumber key = 0;
  bool one_row = false;              // `key` is a unique key of `relation`
  std::optional<AttrNumber> regime;  // column of `relation` with the name of a regime
  std::optional<ConsentSource> consent;
  Description description{};
};

// A basis as a purpose lists it, with what else it depends on.
struct ListedBasis {
  LawfulBasis basis = LawfulBasis::consent;
  Condition when;         // holds where this is true of the row or the subject
  Condition until;        // holds before this point in time
  std::string exception;  // of Art. 9(2), for sensitive categories: "9-2-c"
  Description description{};
  bool by_declaration() const {
    return basis != LawfulBasis::consent && basis != LawfulBasis::legitimate_interests;
  }
};
using ListedBases = std::vector<ListedBasis>;

// What a purpose rests on for one category: the same for everybody, or by the subject's regime.
struct CategoryBases {
  ListedBases bases;
  std::map<Regime, ListedBases> by_regime;  // not empty: `bases` is
  std::vector<const ListedBases*> alternatives() const;
};

struct Purpose {
  std::string name;
  Description description{};
  std::map<std::string, CategoryBases, std::less<>> lawful_basis;  // by category
  bool under_restriction = false;  // also of subjects under restriction (Art. 18)
  std::vector<std::string> wider;  // the purposes that this one narrows, the nearest first
};

struct Application {
  std::string role;
  std::vector<std::string> purposes;  // allowed; the first is the default
  bool exempt = false;
  // In place of the configured one; zero: unlimited.
  std::optional<std::chrono::milliseconds> max_snapshot_age{};
  Description description{};
};

struct Policy {
  std::uint64_t version = 0;  // grows with each load in this process
  std::string digest;         // of the rules file's text, for the audit
  std::map<std::string, SubjectKind, std::less<>> subjects;
  std::set<std::string, std::less<>> sensitive_categories;
  std::map<std::string, Description, std::less<>> category_descriptions;
  Controller controller;
  std::map<std::string, Purpose, std::less<>> purposes;
  std::map<std::string, Application, std::less<>> applications;  // by login role
  std::unordered_map<Oid, ProtectedRelation> relations;          // children and partitions included
  // Consent tables: a client's own reference to them is allowed to roles that own data only by its
  // privileges; they are listed so that `check` can name who may read them.
  std::set<Oid> consent_relations;
  std::set<Oid> trusted_functions, refused_functions;
  // Names of trusted ones that are not there, and of the schemas where they would be.
  std::set<std::string, std::less<>> missing_functions, missing_function_schemas;
  // The built-in store: no client names its relations, nor its functions but those for applications.
  std::set<Oid> store_relations;
  bool refuse_unlisted_tables = false;

  const ProtectedRelation* relation(Oid oid) const;
  const Application* application(std::string_view role) const;
  const Purpose* purpose(std::string_view name) const;
};

using PolicyPtr = std::shared_ptr<const Policy>;

// May data of this category of the relation's rows be used for this purpose?
enum class Clearance {
  never,   // no basis listed, purpose or category unknown, or the rows have no subjects
  always,  // a listed basis holds by declaration, for every row
  by_row,  // decided row by row: by the subject's records, by conditions, by whether there is a subject
};
struct Decision {
  Clearance clearance = Clearance::never;
  // Those that can decide: "contract" alone where it always holds, else all that are listed.
  std::vector<LawfulBasis> bases;
};
// `purpose` may be null (unknown): never. A basis that always holds wins over the others.
Decision decide(const Policy& policy, const ProtectedRelation& relation, const Purpose* purpose,
                std::string_view category);
// Of one of its columns.
Decision decide(const Policy& policy, const ProtectedRelation& relation, const Purpose* purpose,
                const ProtectedColumn& column);

}  // namespace pgconsent::rules
