// Which settings may a client change?
#include <algorithm>
#include <array>
#include <string_view>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;
using parser::StatementFacts;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_on(std::string_view value) {
  const std::string v = lower(value);
  return v == "on" || v == "true" || v == "yes" || v == "1" || v == "t" || v == "y";
}

// PostgreSQL takes any prefix of a word for on; here what is not clearly off is on.
bool is_off(std::string_view value) {
  const std::string v = lower(value);
  return v == "off" || v == "false" || v == "no" || v == "0";
}

// Encodings in which an ASCII byte can be the second byte of a character.
bool is_unsafe_encoding(std::string_view value) {
  std::string name;
  for (char c : value) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name.push_back(static_cast<char>(std::tolower(c)));
  }
  static constexpr std::array unsafe = {"sjis",   "mskanji",    "shiftjis", "win932", "windows932",  "big5",
                                        "win950", "windows950", "gbk",      "win936", "windows936",  "uhc",
                                        "win949", "windows949", "gb18030",  "johab",  "shiftjis2004"};
  return std::find(unsafe.begin(), unsafe.end(), name) != unsafe.end();
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<SqlError> refuse_setting(const StatementFacts& facts, const rules::Application* role) {
  if (facts.name.empty() || facts.reset) return std::nullopt;
  const std::string name = lower(facts.name);
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
  if ((name == "client_encoding" || name == "names") && is_unsafe_encoding(value)) {
    return refusal("client encoding \"" + value + "\" is not supported", {}, "Use UTF8.");
  }
  if ((name.starts_with("debug_print_") || name == "debug_pretty_print") && !is_off(value))
    return refusal("\"" + name + "\" would show generated text");
  if (name == "client_min_messages" && lower(value).starts_with("debug")) {
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
