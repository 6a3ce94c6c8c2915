// Just enough of a server for a session without sockets: authenticates, answers the session's own question
// about its state, and gives every other statement one row.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/session/state_query.h"
#include "proxy/wire/backend/messages.h"
#include "proxy/wire/frontend/messages.h"

namespace pgconsent::benchmarks {

class FakeServer {
 public:
  // The answer to the startup packet.
  static std::string greeting() {
    std::string out;
    serialize(wire::backend::Authentication{}, out);
    for (const auto& [name, value] : {std::pair{"client_encoding", "UTF8"},
                                      {"standard_conforming_strings", "on"},
                                      {"server_version", "15.0"}}) {
      serialize(wire::backend::ParameterStatus{name, value}, out);
    }
    serialize(wire::backend::BackendKeyData{1, "\1\2\3\4"}, out);
    serialize(wire::backend::ReadyForQuery{}, out);
    return out;
  }

  // The answer to whole messages of a client.
  std::string answer(std::string_view messages) {
    std::string out;
    while (messages.size() >= 5) {
      const auto size = std::size_t{1} + wire::load_u32(messages.data() + 1);
      if (size > messages.size()) break;
      one(messages[0], messages.substr(5, size - 5), out);
      messages.remove_prefix(size);
    }
    return out;
  }

 private:
  void one(char type, std::string_view body, std::string& out) {
    switch (type) {
      case 'Q': {
        wire::frontend::Query query;
        if (parse(body, query)) describe(query.text, out), rows(query.text, out);
        serialize(wire::backend::ReadyForQuery{}, out);
        break;
      }
      case 'P': {
        wire::frontend::Parse prepare;
        if (parse(body, prepare)) texts_[std::string(prepare.statement)] = prepare.text;
        serialize(wire::backend::ParseComplete{}, out);
        break;
      }
      case 'B': {
        wire::frontend::Bind bind;
        if (parse(body, bind)) bound_ = texts_[std::string(bind.statement)];
        serialize(wire::backend::BindComplete{}, out);
        break;
      }
      case 'D':
        describe(bound_, out);
        break;
      case 'E':
        rows(bound_, out);
        break;
      case 'C':
        serialize(wire::backend::CloseComplete{}, out);
        break;
      case 'S':
        serialize(wire::backend::ReadyForQuery{}, out);
        break;
      default:
        break;
    }
  }

  static void describe(std::string_view text, std::string& out) {
    wire::backend::RowDescription description;
    description.columns.resize(text == session::state_query() ? 8 : 4);
    for (auto& column : description.columns) column.name = "c", column.type = 25, column.type_size = -1;
    serialize(description, out);
  }

  static void rows(std::string_view text, std::string& out) {
    wire::backend::DataRow row;
    if (text == session::state_query()) {
      row.values = {"1", "0", "0", "app", "app", std::nullopt, "on", "UTF8"};
      serialize(row, out);
      for (const char* schema : {"pg_catalog", "public"}) {
        row.values = {"2", "1", "0", schema, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
        serialize(row, out);
      }
    } else {
      row.values = {"user4711@example.com", "Name 4711", "+1-555-4711", "city711"};
      serialize(row, out);
    }
    serialize(wire::backend::CommandComplete{"SELECT 1"}, out);
  }

  std::unordered_map<std::string, std::string> texts_;  // by prepared statement
  std::string bound_;
};

}  // namespace pgconsent::benchmarks
