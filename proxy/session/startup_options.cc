#include "proxy/session/startup_options.h"

#include <algorithm>
#include <array>
#include <optional>

#include "parser/names/encodings.h"
#include "proxy/session/dialect.h"

namespace pgconsent::session {

using parser::SqlError;
namespace sqlstate = parser::sqlstate;

namespace {

constexpr std::string_view purpose_setting = "pgconsent.purpose";
constexpr std::string_view protocol_option_prefix = "_pq_.";

// isspace() in the C locale.
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string setting_name(std::string_view name, bool long_option) {
  std::string result(name);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (long_option && c == '-') c = '_';  // ParseLongOption
  }
  return result;
}

std::vector<std::string> split_options(std::string_view options) {
  std::vector<std::string> words;
  std::size_t i = 0;
  while (i < options.size()) {
    while (i < options.size() && is_space(options[i])) ++i;
    if (i == options.size()) break;
    std::string word;
    while (i < options.size() && !is_space(options[i])) {
      if (options[i] == '\\' && ++i == options.size()) break;
      word += options[i++];
    }
    words.push_back(std::move(word));
  }
  return words;
}

SqlError unsupported_option(const std::string& word) {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: start-up option `" + word + "` is not allowed",
          "Only `-c name=value` and `--name=value` are passed to the server.", "", 0};
}

SqlError forbidden_setting(const std::string& name) {
  return {std::string(sqlstate::insufficient_privilege),
          "pgconsent: setting `" + name + "` can't be chosen at connection start",
          "It could change what statements mean after they were analysed.",
          "Remove it from the connection's start-up parameters and options.", 0};
}

std::optional<SqlError> check_setting(const std::string& name, std::string_view value) {
  static constexpr std::array<std::string_view, 8> forbidden = {
      "session_preload_libraries", "local_preload_libraries", "debug_print_parse",
      "debug_print_rewritten",     "debug_print_plan",        "role",
      "session_authorization",     "session_replication_role"};
  if (std::find(forbidden.begin(), forbidden.end(), name) != forbidden.end()) return forbidden_setting(name);
  if (name == "standard_conforming_strings" && parse_boolean(value) != Boolean::yes)
    return forbidden_setting(name);
  if (name == "client_encoding" && parser::is_unsafe_encoding(value)) {
    return SqlError{std::string(sqlstate::feature_not_supported),
                    "pgconsent: client_encoding `" + std::string(value) + "` is not supported",
                    "In this encoding a byte of a quote or backslash can be part of another character.",
                    "Connect with client_encoding UTF8.", 0};
  }
  return std::nullopt;
}

std::optional<SqlError> check_protocol(const wire::StartupPacket& client) {
  if (client.major_version() != 3) {
    return SqlError{std::string(sqlstate::feature_not_supported),
                    "unsupported frontend protocol " + std::to_string(client.major_version()) + "." +
                        std::to_string(client.minor_version()) + ": server supports 3.0 to 3.0",
                    "", "", 0};
  }
  for (const auto& [name, value] : client.parameters) {
    if (name == "replication" && parse_boolean(value) != Boolean::no) {
      return SqlError{std::string(sqlstate::feature_not_supported),
                      "pgconsent: replication connections are not supported",
                      "Replication streams carry every row unmasked.", "Connect to the server directly.", 0};
    }
  }
  if (client.get("user").empty()) {
    return SqlError{std::string(sqlstate::invalid_authorization),
                    "no PostgreSQL user name specified in startup packet", "", "", 0};
  }
  return std::nullopt;
}

}  // namespace

std::variant<Settings, SqlError> parse_options(std::string_view options) {
  Settings settings;
  const auto words = split_options(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "-c") {
      if (++i == words.size()) return unsupported_option("-c");
      word = words[i];
    } else if (word.starts_with("-c") || (word.starts_with("--") && word.size() > 2)) {
      word.remove_prefix(2);
    } else {
      return unsupported_option(words[i]);
    }
    const auto equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) return unsupported_option(words[i]);
    settings.emplace_back(setting_name(word.substr(0, equals), true), word.substr(equals + 1));
  }
  return settings;
}

std::string format_options(const Settings& settings) {
  std::string result;
  for (const auto& [name, value] : settings) {
    if (!result.empty()) result += ' ';
    result += "-c ";
    for (const char c : name + "=" + value) {
      if (is_space(c) || c == '\\') result += '\\';
      result += c;
    }
  }
  return result;
}

std::variant<ServerStartup, SqlError> prepare_startup(const wire::StartupPacket& client, bool enforced) {
  if (auto error = check_protocol(client)) return *error;
  ServerStartup result;
  result.negotiates = client.minor_version() > 0;
  result.user = client.get("user");
  result.database = client.has("database") ? client.get("database") : result.user;
  if (result.database.empty()) result.database = result.user;
  result.application_name = client.get("application_name");
  if (enforced && client.has("options")) {
    auto options = parse_options(client.get("options"));
    if (auto* error = std::get_if<SqlError>(&options)) return *error;
    for (auto& [name, value] : std::get<Settings>(options)) {
      if (auto error = check_setting(name, value)) return *error;
      if (name == purpose_setting) {
        result.purpose = value;
      } else {
        result.options.emplace_back(std::move(name), std::move(value));
      }
    }
  }
  for (const auto& [name, value] : client.parameters) {
    if (name.starts_with(protocol_option_prefix)) {
      result.protocol_options.push_back(name);
      result.negotiates = true;
      continue;
    }
    if (name == "replication") continue;  // false: what the server assumes anyway
    if (enforced) {
      if (name == "options") continue;
      const auto setting = setting_name(name, false);
      if (auto error = check_setting(setting, value)) return *error;
      if (setting == purpose_setting) {  // the server applies parameters after `options`
        result.purpose = value;
        continue;
      }
    }
    result.packet.parameters.emplace_back(name, value);
  }
  return result;
}

void finish_startup(ServerStartup& startup, std::string_view purpose) {
  if (!purpose.empty()) startup.options.emplace_back(purpose_setting, purpose);
  auto options = format_options(startup.options);
  if (!options.empty()) startup.packet.parameters.emplace_back("options", std::move(options));
}

}  // namespace pgconsent::session
