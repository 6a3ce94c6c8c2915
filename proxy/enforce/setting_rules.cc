// Which settings may a client change?
#include <algorithm>
#include <array>
#include <string_view>

#include "parser/names/ascii.h"
#include "parser/names/encodings.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;
using parser::StatementFacts;

bool is_on(std::string_view value) {
  const std::string v = parser::lower(value);
  return v == "on" || v == "true" || v == "yes" || v == "1" || v == "t" || v == "y";
}

// PostgreSQL takes any prefix of a word for on; here what is not clearly off is on.
bool is_off(std::string_view value) {
  const std::string v = parser::lower(value);
  return v == "off" || v == "false" || v == "no" || v == "0";
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<SqlError> refuse_setting(const StatementFacts& facts, const rules::Application* role) {
  if (facts.name.empty() || facts.reset) return std::nullopt;
  const std::string name = parser::lower(facts.name);
  const std::string value(facts.values.empty() ? std::string_view() : facts.values.front());
  if (name == "pgconsent.purpose") {
    if (role != nullptr &&
        std::find(role->purposes.begin(), role->purposes.end(), value) != role->purposes.end()) {
      return std::nullopt;
    }
    SqlError error = refusal("purpose \"" + value + "\" is not allowed for this role");
    error.sqlstate = parser::sqlstate::invalid_parameter_value;
    std::string allowed;
    if (role != nullptr) {
      for (const std::string& purpose : role->purposes) allowed += (allowed.empty() ? "" : ", ") + purpose;
    }
    error.detail =
        allowed.empty() ? "No purpose is allowed for this role." : "Allowed purposes: " + allowed + ".";
    return error;
  }
  if (name == "transaction snapshot") {
    return refusal("another transaction's snapshot can't be used through the proxy",
                   "How old it is is not known: it may show consents that were withdrawn.",
                   "Begin a transaction of its own.");
  }
  const char* hint = "Statements must mean the same to the proxy and to the server.";
  if (name == "standard_conforming_strings" && !is_on(value)) {
    return refusal("standard_conforming_strings must stay on", {}, hint);
  }
  if (name == "backslash_quote" && is_on(value))
    return refusal("backslash_quote can't be turned on", {}, hint);
  if ((name == "client_encoding" || name == "names") && parser::is_unsafe_encoding(value)) {
    return refusal("client encoding \"" + value + "\" is not supported", {}, "Use UTF8.");
  }
  if ((name.starts_with("debug_print_") || name == "debug_pretty_print") && !is_off(value))
    return refusal("\"" + name + "\" would show generated text");
  if (name == "client_min_messages" && parser::lower(value).starts_with("debug")) {
    return refusal("debug messages would show generated text", {}, "Use notice or a higher level.");
  }
  if (is_one_of(name, {"session_replication_role", "check_function_bodies", "local_preload_libraries",
                       "session_preload_libraries", "default_table_access_method", "allow_system_table_mods",
                       "ignore_system_indexes", "jit_provider", "dynamic_library_path"})) {
    return refusal("setting \"" + name + "\" can't be changed through the proxy");
  }
  return std::nullopt;
}

std::optional<SqlError> refuse_stored_setting(const Node* statement) {
  std::optional<SqlError> error;
  auto judge = [&](const VariableSetStmt* set) {
    if (set == nullptr || error) return;
    StatementFacts facts;
    parser::set_facts(set, facts);
    error = refuse_setting(facts, nullptr);
  };
  auto judge_options = [&](const List* options) {
    parser::for_each(options, [&](const Node* node) {
      const auto* option = parser::as<DefElem>(node);
      if (option->arg != nullptr && nodeTag(option->arg) == T_VariableSetStmt)
        judge(parser::as<VariableSetStmt>(option->arg));
    });
  };
  switch (nodeTag(statement)) {
    case T_AlterRoleSetStmt:
      judge(parser::as<AlterRoleSetStmt>(statement)->setstmt);
      break;
    case T_AlterDatabaseSetStmt:
      judge(parser::as<AlterDatabaseSetStmt>(statement)->setstmt);
      break;
    case T_CreateFunctionStmt:
      judge_options(parser::as<CreateFunctionStmt>(statement)->options);
      break;
    case T_AlterFunctionStmt:
      judge_options(parser::as<AlterFunctionStmt>(statement)->actions);
      break;
    default:
      break;
  }
  return error;
}

}  // namespace pgconsent::enforce
