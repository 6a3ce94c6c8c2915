// The start-up packet that goes to the server: what the client asked for, checked, with the purpose as a
// setting of the server's own, so that SHOW, RESET, DISCARD ALL and ROLLBACK treat it like any other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "parser/names/sql_error.h"
#include "proxy/wire/startup_packet.h"

namespace pgconsent::session {

using Settings = std::vector<std::pair<std::string, std::string>>;

// `options` as the server splits it: white space separates, a backslash takes the next character as it is
// (pg_split_opts). Only `-c name=value`, `-cname=value` and `--name=value` are accepted.
std::variant<Settings, parser::SqlError> parse_options(std::string_view options);
// The reverse: one `-c name=value` per setting.
std::string format_options(const Settings& settings);

struct ServerStartup {
  wire::StartupPacket packet;  // for the server; without the purpose, which add_purpose() puts in
  Settings options;            // of the `options` parameter, in order
  std::string user, database, application_name;
  std::string purpose;      // asked for by the client; empty: not
  bool negotiates = false;  // the client asked for a minor version or protocol options that are not spoken
  std::vector<std::string> protocol_options;  // the unrecognised `_pq_.` names
};

// `enforced`: settings that would undermine the analysis are refused.
std::variant<ServerStartup, parser::SqlError> prepare_startup(const wire::StartupPacket& client,
                                                              bool enforced);

// Puts `options` into the packet, with the purpose when it is not empty.
void finish_startup(ServerStartup& startup, std::string_view purpose);

}  // namespace pgconsent::session
