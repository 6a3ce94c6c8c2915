// What is to be done with one message's SQL text, for one session state: an immutable, cacheable value.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parser/bind/name_resolver.h"
#include "parser/catalog/snapshot.h"
#include "parser/edit/splice.h"
#include "parser/names/identifier.h"
#include "parser/names/sql_error.h"
#include "proxy/enforce/disclosure.h"
#include "proxy/enforce/shared_list.h"

namespace pgconsent::enforce {

using parser::AttrNumber;
using parser::Oid;

// As in the audit record. `untouched`: nothing protected is touched, no record is written.
enum class Decision { untouched, allowed, masked, refused, exempt };
std::string_view to_string(Decision decision);

// The table column that a result column comes from, as RowDescription reports it; {0, 0} for an expression.
struct ColumnOrigin {
  Oid table = 0;
  AttrNumber attnum = 0;
  bool operator==(const ColumnOrigin&) const = default;
};

// What a statement may do to the session beyond its result: bits of Statement::effects.
enum Effect : std::uint32_t {
  changes_state = 1u << 0,       // search path, role, purpose, temporary objects: ask the server again
  changes_catalog = 1u << 1,     // DDL: the catalog snapshot is stale once it commits
  ends_transaction = 1u << 2,    // COMMIT, ROLLBACK, ROLLBACK TO, PREPARE TRANSACTION, …
  forgets_statements = 1u << 3,  // DISCARD ALL, DEALLOCATE ALL: prepared statements are gone
  names_statement = 1u << 4,     // PREPARE or DEALLOCATE of Statement::prepared_name
  names_portal = 1u << 5,        // DECLARE or CLOSE of Statement::cursor_name
  forgets_portals = 1u << 6,     // CLOSE ALL, DISCARD ALL
  has_own_answer = 1u << 7,      // COPY, BEGIN, SAVEPOINT, …: not what an EXECUTE could run
  runs_early = 1u << 8,          // code that changes state, which parsing may run: the input of a domain
};

// A statement that runs what was made under a name: what that is, only the session knows.
enum class ByName : std::uint8_t {
  nothing,
  execute,          // EXECUTE name: shows its rows
  execute_into,     // CREATE TABLE … AS EXECUTE name
  explain_execute,  // EXPLAIN [ANALYZE] EXECUTE name: shows its text
  fetch,            // FETCH from the cursor
};

void add_unique(std::vector<std::string>& list, std::string text);

// What the audit says of one statement. Never holds a literal, a parameter or a value.
struct AuditFacts {
  std::string reason;                // refusals: the message
  std::vector<std::string> rules;    // the rules that decided: "public.users.email"
  std::vector<std::string> bases;    // "schema.name.column: category: basis, basis"; "none"
  std::vector<std::string> tables;   // schema.name
  std::vector<std::string> columns;  // schema.name.column, protected ones that the statement uses
  std::string fingerprint;           // 16 hex digits
  std::string statement;             // normalised: constants replaced, comments dropped
};

// A view that is read through its definition, which takes the session's own rights on the relations in it.
struct ExpandedView {
  std::string name;                                            // schema.name
  std::vector<std::pair<std::string, std::string>> relations;  // schema, name
};

struct Statement {
  Decision decision = Decision::untouched;
  std::uint32_t effects = 0;
  ByName by_name = ByName::nothing;
  std::string used_name;              // with by_name
  std::string cursor_name;            // with Effect::names_portal
  std::string prepared_name;          // with Effect::names_statement
  bool takes_snapshot = true;         // not BEGIN, SET, …: they leave the transaction without one
  bool runs_later = false;            // PREPARE: all that is said here is said of its EXECUTE
  bool explainable = true;            // PREPARE: what EXPLAIN EXECUTE would show is what EXPLAIN may show
  bool finds_one_row = false;         // a protected table is asked for one row by a unique key
  bool writes = false;                // to protected relations, or to what carries it on to them
  bool moves_rows = false;            // to tables, or whatever it calls: not only to the client
  bool runs_row_code = false;         // checks, policies, … of the server's own may see raw rows
  bool asks_conditions = false;       // conditions of the rules see raw rows
  bool outlives_transaction = false;  // DECLARE … WITH HOLD
  bool decided_by_constant =
      false;  // a constant's value was judged: no text with another one may be taken for it
  std::string own_text, sent_text;  // PREPARE, DECLARE: the statement alone, the client's and as it is sent
  std::optional<parser::SqlError>
      refusal;                        // decision refused: replaces the error that the sent text provokes
  std::vector<ColumnOrigin> origins;  // by result column: what the client would see directly; may be empty
  std::optional<std::size_t> origins_gap;  // columns that are not known stand before this one of them
  // Of a result column, by the number of columns that came; none where it is not known.
  ColumnOrigin origin(std::size_t column, std::size_t count) const;
  std::vector<ColumnOrigin>
      raw_allowed;                    // protected columns that may arrive unmasked (their basis always holds)
  std::string run_time_refusal_rule;  // `without_basis: refuse` by subject: for DETAIL when it fails at a row
  std::vector<parser::SqlError> write_refusals;  // what fails at a row, by the number behind the token
  std::vector<std::string> target_names;         // what the client calls the targets that have another name
  std::vector<ExpandedView> expanded;            // for the error where the server denies a privilege
  AuditFacts audit;                              // set unless untouched
  DisclosurePtr disclosure;                      // null: nothing is known
};

// 1-based, in UTF-8; 0 for an offset that is not in the text.
int character_position(std::string_view text, std::int32_t offset);

using Edit = parser::TextEdit;  // where text was replaced, to map error positions back

// A text that finds one row by its key, with parameters in place of its constants: the server may keep it
// prepared, which spares it the planning of what the guard adds.
struct KeyLookup {
  std::uint64_t id = 0;  // of the text's shape under one session state: no two are alike
  std::string sql;
  std::vector<std::uint32_t> parameter_types;  // OIDs
};

struct Plan {
  std::string original;          // the client's text
  std::string sql;               // to be sent instead; unused when is_identity
  bool is_identity = true;       // the client's bytes are forwarded untouched
  std::string purpose;           // under which it was decided
  std::string purpose_source;    // "role", "startup", "session" or "comment"
  std::uint64_t generation = 0;  // of the catalog and rules it was made under
  std::uint64_t catalog_version = 0;
  std::string rules_version;              // digest
  SharedList<Statement> statements;       // one per statement of the text, in order
  std::vector<std::string> subject_keys;  // of the only statement: in place of its disclosure's constants
  std::vector<Edit> edits;                // ascending, in the client's text
  bool runs_generated = false;            // EXECUTE or FETCH of a text that is not the client's own
  std::shared_ptr<const KeyLookup> key_lookup;  // may be sent instead of `sql`, with
  std::vector<std::string> key_values;          // these parameters, in text format; null: may not

  bool touches_protected() const;  // any statement with a decision other than untouched
  std::uint32_t effects() const;   // of all statements
  // Something that it shows or does is decided by row, by consents in the snapshot that it runs in.
  bool depends_on_consent() const;
  bool takes_snapshot() const;  // any statement
  // What the disclosure of one of its statements means by From::constant.
  const std::vector<std::string>& constants(const Disclosure& disclosure) const {
    return subject_keys.empty() ? disclosure.constants : subject_keys;
  }
  DisclosurePtr disclosure(std::size_t statement) const;  // with these; may be null
  // 1-based character position in the sent text -> in the client's text; 0 stays 0.
  int original_position(int sent_position) const;
};
using PlanPtr = std::shared_ptr<const Plan>;

// What decides about a plan besides the text: answered by the server, see proxy/session/state_query.h.
// What a temporary relation's definition, defaults, checks, triggers or policies use, of users' own.
struct TemporaryUse {
  enum class Kind : std::uint8_t { function, relation, type, operation };
  Kind kind = Kind::function;
  parser::Oid oid = 0;
  std::string relation;  // that uses it
};

struct SessionState {
  std::string login_role;  // session_user at the start: decides about purposes
  std::string role;        // current_user
  std::vector<std::string>
      search_path;  // current_schemas(true): pg_temp_N first where one exists, pg_catalog included
  bool path_names_temporary = false;  // the setting itself: what is made without a schema may be temporary
  std::string purpose;                // current_setting('pgconsent.purpose', true); empty: the role's default
  std::string purpose_source =
      "session";            // or what it was at the start: "role" (its default), "startup" (an option)
  bool may_revert = false;  // changed in the current transaction: its end may bring back what was before
  std::vector<parser::TemporaryName> temporary;  // the relations of its own, which no shared snapshot holds
  std::vector<TemporaryUse> temporary_uses;      // not those in the temporary schema itself
  parser::SnapshotPtr
      private_catalog;   // set while the transaction has DDL of its own; overrides the shared one
  std::uint64_t id = 0;  // equal ids mean equal states (interned by the session layer per worker)
};

// The catalog in force does not know a relation that the text names: load a newer one, then plan again.
struct NeedsCatalog {
  std::uint64_t newer_than = 0;
};

// A violated constraint as an error names it, with the DETAIL that prints its key.
struct PrintedKey {
  std::string_view sqlstate;  // unique_violation or foreign_key_violation
  std::string_view schema, relation, constraint, detail;
};

class Planner {  // one per worker and database: not thread-safe
 public:
  virtual ~Planner() = default;
  // `catalog_is_fresh`: the caller has just reloaded; a relation that is still unknown does not exist.
  virtual std::variant<PlanPtr, NeedsCatalog> plan(std::string_view text, const SessionState& state,
                                                   bool catalog_is_fresh) = 0;
  // Would a plan made now for the same text and state be the same? (catalog or rules may have changed)
  virtual bool is_current(const Plan& plan) const = 0;
  // Layer 3: is this a protected column that may never arrive raw? By what was in force when the statement
  // was planned, which a reload does not end while it runs; null: by what is now.
  virtual bool is_protected(ColumnOrigin column, const Plan* plan) const = 0;
  // May this login role act for this purpose? Null when it may; else the error for the client.
  virtual std::optional<parser::SqlError> check_purpose(std::string_view login_role,
                                                        std::string_view purpose) const = 0;
  // The role's default purpose; empty when it has none.
  virtual std::string default_purpose(std::string_view login_role) const = 0;
  virtual bool is_exempt(std::string_view login_role) const = 0;
  // Of the role's own, in place of the configured one; zero: unlimited.
  virtual std::optional<std::chrono::milliseconds> max_snapshot_age(std::string_view login_role) const = 0;
  // Errors name what they speak of, and a transaction may have renamed it: judged by what the statement's
  // plan was made under, and as what may not be shown where that is not known any more; null: by what is now.
  // Of a function that stands in an error's CONTEXT: may what it raises, or how it fails, show a raw value?
  virtual bool messages_may_tell(std::string_view function, const Plan* plan) const = 0;
  virtual bool errors_may_tell(std::string_view function, const Plan* plan) const = 0;
  // May an integrity error of this relation print its rows, or the key of one of its constraints
  // (printed_rows.h)?
  virtual bool may_print_rows(std::string_view schema, std::string_view relation, bool touched,
                              const Plan* plan) const = 0;
  virtual bool may_print_key(const PrintedKey& key, const Plan* plan) const = 0;
};

// The text that makes the server fail in place of a refused statement, and how its error is recognised:
// the ErrorResponse's message contains the token. `index` is the statement's place in Plan::statements.
std::string refusal_statement(std::size_t index, bool syntax_error);
std::optional<std::size_t> refusal_index(std::string_view server_message);
// Likewise `without_basis: refuse` at run time: the mask expression fails with a message that holds this
// token.
inline constexpr std::string_view run_time_refusal_token = "pgconsent_refused_value";
// And the writes that may not happen at a row: followed by an index into Statement::write_refusals.
inline constexpr std::string_view write_refusal_token = "pgconsent_refused_write_";
std::optional<std::size_t> write_refusal_index(std::string_view server_message);

}  // namespace pgconsent::enforce
