// What kind of statement is it, and which parts of it decide what may happen?
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/tree/raw_tree.h"
#include "parser/tree/server_nodes.h"

namespace pgconsent::parser {

enum class StatementKind : std::uint8_t {
  query,         // SELECT, VALUES, TABLE
  modification,  // INSERT, UPDATE, DELETE, MERGE
  explain,       // of `query`
  declare_cursor,
  create_table_as,
  copy_query_out,  // COPY (query) TO
  copy_table_out,
  copy_in,
  prepare,  // PREPARE name AS query
  execute,
  deallocate,
  fetch,         // FETCH, MOVE
  close_cursor,  // CLOSE name, CLOSE ALL
  transaction,
  set,  // SET, RESET
  show,
  discard,
  notify,    // LISTEN, UNLISTEN, NOTIFY, CHECKPOINT
  lock,      // LOCK, VACUUM, ANALYZE, TRUNCATE, CLUSTER, REINDEX: no definitions change
  run_code,  // DO, CALL
  define,    // all DDL
  server,  // LOAD, CREATE SUBSCRIPTION, IMPORT FOREIGN SCHEMA, ALTER SYSTEM, …: reaches beyond the database
};

// Views into the parse tree.
struct StatementFacts {
  StatementKind kind = StatementKind::define;
  std::int32_t start = 0, end = 0;  // byte range in the text, without the semicolon
  const Node* statement = nullptr;
  const Node* query = nullptr;  // the optimisable statement inside, where there is one
  const CopyStmt* copy = nullptr;
  std::string_view name;                 // setting, prepared statement, cursor, language or extension
  std::vector<std::string_view> values;  // SET name TO values
  bool reset = false;                    // RESET, SET … TO DEFAULT, RESET ALL (name empty)
  bool ends_transaction = false;         // COMMIT, ROLLBACK, PREPARE TRANSACTION, ROLLBACK TO
  bool all = false;                      // DISCARD ALL, DEALLOCATE ALL, CLOSE ALL
};

// What a SET says, also the one inside ALTER ROLE, ALTER DATABASE, CREATE FUNCTION. Numbers but 0 and 1:
// empty.
void set_facts(const VariableSetStmt* set, StatementFacts& facts);

// SELECT … INTO, also of the first arm of a set operation; null: none.
const IntoClause* into_clause(const SelectStmt* select);

StatementFacts statement_facts(const RawStmt* raw, const std::string& text);

}  // namespace pgconsent::parser
