#include "tests/unit/session/message_text.h"

#include <functional>
#include <stdexcept>

#include "proxy/wire/backend/messages.h"
#include "proxy/wire/frontend/messages.h"

namespace pgconsent::session_test {

namespace {

namespace fe = wire::frontend;
namespace be = wire::backend;
using Words = std::vector<std::string>;

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n')
      result += "\\n";
    else if (c == '\0')
      result += "\\0";
    else if (c == '"' || c == '\\')
      result += '\\', result += c;
    else
      result += c;
  }
  return result + '"';
}

std::string name(std::string_view text) {
  return text.empty() ? "\"\"" : std::string(text);
}

std::uint32_t number(const std::string& word) {
  return static_cast<std::uint32_t>(std::stoul(word));
}

template <typename Message>
std::string bytes_of(const Message& message) {
  std::string out;
  serialize(message, out);
  return out;
}

// Any message that the types can't express: `raw Q "body"`.
std::string raw(const Words& words) {
  std::string out;
  wire::Writer(out, words.at(1).at(0)).bytes(words.at(2));
  return out;
}

wire::ErrorFields error_fields(const Words& words) {
  wire::ErrorFields fields{{'S', words.at(1)}, {'V', words.at(1)}, {'C', words.at(2)}, {'M', words.at(3)}};
  for (std::size_t i = 4; i < words.size(); ++i) {
    fields.push_back({words[i].at(0), std::string_view(words[i]).substr(2)});
  }
  return fields;
}

std::string fields_text(const wire::ErrorFields& fields) {
  std::string result = std::string(field(fields, 'S')) + " " + std::string(field(fields, 'C')) + " " +
                       quote(field(fields, 'M'));
  for (const auto& each : fields) {
    if (std::string_view("SVCM").find(each.code) == std::string_view::npos) {
      result += std::string(" ") + each.code + "=" + quote(each.value);
    }
  }
  return result;
}

template <typename Message>
Message read(std::string_view body) {
  Message message;
  if (!parse(body, message)) throw std::runtime_error("malformed message " + std::string(1, Message::type));
  return message;
}

std::string frontend_line(char type, std::string_view body) {
  switch (type) {
    case 'Q':
      return "Q " + quote(read<fe::Query>(body).text);
    case 'P': {
      const auto m = read<fe::Parse>(body);
      std::string types;
      for (const auto oid : m.parameter_types) types += " " + std::to_string(oid);
      return "P " + name(m.statement) + " " + quote(m.text) + types;
    }
    case 'B': {
      const auto m = read<fe::Bind>(body);
      std::string values;
      for (const auto& value : m.parameters) values += value ? " " + quote(*value) : " NULL";
      return "B " + name(m.portal) + " " + name(m.statement) + values;
    }
    case 'D': {
      const auto m = read<fe::Describe>(body);
      return std::string("D ") + static_cast<char>(m.target) + " " + name(m.name);
    }
    case 'C': {
      const auto m = read<fe::Close>(body);
      return std::string("C ") + static_cast<char>(m.target) + " " + name(m.name);
    }
    case 'E': {
      const auto m = read<fe::Execute>(body);
      return "E " + name(m.portal) + " " + std::to_string(m.row_limit);
    }
    case 'd':
      return "d " + quote(body);
    case 'f':
      return "f " + quote(read<fe::CopyFail>(body).reason);
    case 'p':
      return "p " + quote(body);
    case 'F':
      return "F " + std::to_string(read<fe::FunctionCall>(body).function);
    default:
      return std::string(1, type) + (body.empty() ? "" : " " + quote(body));
  }
}

std::string row_description_text(std::string_view body) {
  std::string result = "T";
  for (const auto& column : read<be::RowDescription>(body).columns) {
    result += " " + std::string(column.name) + ":" + std::to_string(column.table) + "." +
              std::to_string(column.attnum);
  }
  return result;
}

std::string backend_line(char type, std::string_view body) {
  switch (type) {
    case 'T':
      return row_description_text(body);
    case 'D': {
      std::string result = "D";
      for (const auto& value : read<be::DataRow>(body).values)
        result += value ? " " + quote(*value) : " NULL";
      return result;
    }
    case 'C':
      return "C " + quote(read<be::CommandComplete>(body).tag);
    case 'Z':
      return std::string("Z ") + read<be::ReadyForQuery>(body).status;
    case 'E':
      return "E " + fields_text(read<be::ErrorResponse>(body).fields);
    case 'N':
      return "N " + fields_text(read<be::NoticeResponse>(body).fields);
    case 'S': {
      const auto m = read<be::ParameterStatus>(body);
      return "S " + std::string(m.name) + " " + quote(m.value);
    }
    case 'A': {
      const auto m = read<be::NotificationResponse>(body);
      return "A " + std::string(m.channel) + " " + quote(m.payload);
    }
    case 'R': {
      const auto m = read<be::Authentication>(body);
      std::string result = "R " + std::to_string(m.code);
      if (m.code != be::Authentication::sasl) return result + (m.data.empty() ? "" : " " + quote(m.data));
      be::AuthenticationSASL offer;
      if (!parse(m.data, offer)) throw std::runtime_error("malformed AuthenticationSASL");
      for (const auto mechanism : offer.mechanisms) result += " " + std::string(mechanism);
      return result;
    }
    case 't': {
      std::string result = "t";
      for (const auto oid : read<be::ParameterDescription>(body).types) result += " " + std::to_string(oid);
      return result;
    }
    case 'v': {
      const auto m = read<be::NegotiateProtocolVersion>(body);
      std::string result = "v " + std::to_string(m.version);
      for (const auto option : m.unrecognised) result += " " + std::string(option);
      return result;
    }
    case 'd':
      return "d " + quote(body);
    case 'G':
    case 'H':
    case 'W':
      return std::string(1, type);
    default:
      return std::string(1, type) + (body.empty() ? "" : " " + quote(body));
  }
}

std::vector<std::string> lines_of(std::string_view bytes, std::string (*line)(char, std::string_view)) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const std::size_t length = bytes.size() < 5 ? 0 : wire::load_u32(bytes.data() + 1);
    if (bytes.size() < 5 || length < 4 || length + 1 > bytes.size()) {
      lines.push_back("...incomplete " + std::string(1, bytes[0]));
      break;
    }
    lines.push_back(line(bytes[0], bytes.substr(5, length - 4)));
    bytes.remove_prefix(length + 1);
  }
  return lines;
}

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::size_t i = 0;
  while (i < line.size()) {
    if (line[i] == ' ') {
      ++i;
      continue;
    }
    std::string word;
    bool quoted = false;
    for (; i < line.size() && (quoted || line[i] != ' '); ++i) {
      if (line[i] == '"') {
        quoted = !quoted;
      } else if (line[i] == '\\' && i + 1 < line.size()) {
        const char c = line[++i];
        word += c == 'n' ? '\n' : c == '0' ? '\0' : c;
      } else {
        word += line[i];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::string frontend_bytes(std::string_view line) {
  const auto words = split_words(line);
  if (words.empty()) throw std::runtime_error("empty message");
  if (words[0] == "raw") return raw(words);
  if (words[0] == "bytes") return words.at(1);
  if (words[0] == "sasl") return bytes_of(fe::SASLInitialResponse{words.at(1), words.at(2)});
  switch (words[0].at(0)) {
    case 'Q':
      return bytes_of(fe::Query{words.at(1)});
    case 'P': {
      fe::Parse message{words.at(1), words.at(2), {}};
      for (std::size_t i = 3; i < words.size(); ++i) message.parameter_types.push_back(number(words[i]));
      return bytes_of(message);
    }
    case 'B': {
      fe::Bind message;
      message.portal = words.at(1), message.statement = words.at(2);
      for (std::size_t i = 3; i < words.size(); ++i) message.parameters.emplace_back(words[i]);
      return bytes_of(message);
    }
    case 'D':
      return bytes_of(fe::Describe{static_cast<wire::Target>(words.at(1).at(0)), words.at(2)});
    case 'C':
      return bytes_of(fe::Close{static_cast<wire::Target>(words.at(1).at(0)), words.at(2)});
    case 'E':
      return bytes_of(fe::Execute{words.at(1), number(words.at(2))});
    case 'd':
      return bytes_of(fe::CopyData{words.at(1)});
    case 'f':
      return bytes_of(fe::CopyFail{words.at(1)});
    case 'p':
      return bytes_of(fe::SASLResponse{words.at(1)});
    case 'F': {
      fe::FunctionCall message;
      message.function = number(words.at(1));
      return bytes_of(message);
    }
    case 'S':
      return bytes_of(fe::Sync{});
    case 'H':
      return bytes_of(fe::Flush{});
    case 'X':
      return bytes_of(fe::Terminate{});
    case 'c':
      return bytes_of(fe::CopyDone{});
    default:
      throw std::runtime_error("not a frontend message: " + std::string(line));
  }
}

namespace {

std::string row_description_bytes(const Words& words) {
  be::RowDescription message;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto colon = words[i].find(':'), dot = words[i].find('.', colon);
    be::ColumnDescription column;
    column.name = std::string_view(words[i]).substr(0, colon);
    column.table = number(words[i].substr(colon + 1, dot - colon - 1));
    column.attnum = static_cast<std::int16_t>(std::stoi(words[i].substr(dot + 1)));
    column.type = 25;
    message.columns.push_back(column);
  }
  return bytes_of(message);
}

std::string data_row_bytes(const Words& words) {
  be::DataRow message;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "NULL")
      message.values.emplace_back();
    else
      message.values.emplace_back(words[i]);
  }
  return bytes_of(message);
}

std::string authentication_bytes(const Words& words) {
  const auto code = number(words.at(1));
  if (code != be::Authentication::sasl)
    return bytes_of(be::Authentication{code, words.size() > 2 ? words[2] : ""});
  be::AuthenticationSASL offer;
  for (std::size_t i = 2; i < words.size(); ++i) offer.mechanisms.push_back(words[i]);
  return bytes_of(offer);
}

}  // namespace

std::string backend_bytes(std::string_view line) {
  const auto words = split_words(line);
  if (words.empty()) throw std::runtime_error("empty message");
  if (words[0] == "raw") return raw(words);
  if (words[0] == "bytes") return words.at(1);
  switch (words[0].at(0)) {
    case 'T':
      return row_description_bytes(words);
    case 'D':
      return data_row_bytes(words);
    case 'C':
      return bytes_of(be::CommandComplete{words.at(1)});
    case 'Z':
      return bytes_of(be::ReadyForQuery{words.at(1).at(0)});
    case 'E':
      return bytes_of(be::ErrorResponse{error_fields(words)});
    case 'N':
      return bytes_of(be::NoticeResponse{error_fields(words)});
    case 'S':
      return bytes_of(be::ParameterStatus{words.at(1), words.at(2)});
    case 'A':
      return bytes_of(be::NotificationResponse{1, words.at(1), words.at(2)});
    case 'R':
      return authentication_bytes(words);
    case 'K':
      return bytes_of(be::BackendKeyData{1, "KEY!"});
    case 't': {
      be::ParameterDescription message;
      for (std::size_t i = 1; i < words.size(); ++i) message.types.push_back(number(words[i]));
      return bytes_of(message);
    }
    case '1':
      return bytes_of(be::ParseComplete{});
    case '2':
      return bytes_of(be::BindComplete{});
    case '3':
      return bytes_of(be::CloseComplete{});
    case 'n':
      return bytes_of(be::NoData{});
    case 's':
      return bytes_of(be::PortalSuspended{});
    case 'I':
      return bytes_of(be::EmptyQueryResponse{});
    case 'G':
      return bytes_of(be::CopyInResponse{});
    case 'H':
      return bytes_of(be::CopyOutResponse{});
    case 'W':
      return bytes_of(be::CopyBothResponse{});
    case 'd':
      return bytes_of(be::CopyData{words.at(1)});
    case 'c':
      return bytes_of(be::CopyDone{});
    case 'v': {
      be::NegotiateProtocolVersion message;
      message.version = number(words.at(1));
      message.unrecognised.assign(words.begin() + 2, words.end());
      return bytes_of(message);
    }
    case 'V':
      return bytes_of(be::FunctionCallResponse{words.at(1)});
    default:
      throw std::runtime_error("not a backend message: " + std::string(line));
  }
}

std::vector<std::string> frontend_lines(std::string_view bytes) {
  return lines_of(bytes, frontend_line);
}
std::vector<std::string> backend_lines(std::string_view bytes) {
  return lines_of(bytes, backend_line);
}

}  // namespace pgconsent::session_test
