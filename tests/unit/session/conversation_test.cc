// Plays the scripts in conversations/*.txt: what client and server send, and what each must receive then.
// conversations/README.md describes the steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "proxy/catalog/loader.h"
#include "proxy/session/session.h"
#include "proxy/session/state_query.h"
#include "proxy/wire/frontend/parse.h"
#include "tests/unit/session/fakes.h"
#include "tests/unit/session/message_text.h"

namespace pgconsent::session_test {
namespace {

struct Conversation {
  std::string file, title;
  std::vector<std::pair<int, std::string>> steps;  // line number, text
};
void PrintTo(const Conversation& conversation, std::ostream* out) {
  *out << conversation.title;
}

std::vector<Conversation> read_conversations() {
  std::vector<Conversation> result;
  const auto folder = std::filesystem::path(PGCONSENT_SOURCE_DIR) / "tests/unit/session/conversations";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (line.starts_with("== "))
        result.push_back({file.stem().string(), line.substr(3), {}});
      else if (!line.empty() && line[0] != '#')
        result.back().steps.emplace_back(number, line);
    }
  }
  return result;
}

std::map<std::string, std::string> options_of(const std::vector<std::string>& words, std::size_t from) {
  std::map<std::string, std::string> result;
  for (std::size_t i = from; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    result[words[i].substr(0, equals)] = equals == std::string::npos ? "" : words[i].substr(equals + 1);
  }
  return result;
}

// What the proxy asks the server for itself.
std::string own_query(std::span<const std::string_view> queries, bool flush) {
  const std::string n(session::reserved_name);
  std::string out;
  for (const auto query : queries) {
    out += frontend_bytes("C S " + n);
    serialize(wire::frontend::Parse{n, query, {}}, out);
    out += frontend_bytes("B " + n + " " + n) + frontend_bytes("E " + n + " 0");
    out += frontend_bytes("C P " + n) + frontend_bytes("C S " + n);
  }
  return out + frontend_bytes(flush ? "H" : "S");
}

// What the sessions take for the time: steps move it.
std::chrono::steady_clock::time_point fake_time;

using Options = std::map<std::string, std::string>;

std::string state_rows(const Options& given) {
  const auto value = [&](const std::string& name, const std::string& otherwise) {
    const auto at = given.find(name);
    return at == given.end() ? otherwise : at->second;
  };
  std::string out = backend_bytes("D 1 0 0 " + value("role", "app") + " " + value("session_user", "app") +
                                  " " + value("purpose", "support") + " " + value("strings", "on") + " " +
                                  value("encoding", "UTF8"));
  std::istringstream path(value("path", "pg_catalog,public"));
  int n = 0;
  for (std::string schema; std::getline(path, schema, ',');) {
    out += backend_bytes("D 2 " + std::to_string(++n) + " 0 " + schema + " NULL NULL NULL NULL");
  }
  return out;
}

std::string own_answer(std::size_t queries, const std::string& rows, const Options& given) {
  std::string out;
  for (std::size_t i = 0; i < queries; ++i) {
    out += backend_bytes("3") + backend_bytes("1") + backend_bytes("2") + (i == 0 ? rows : "") +
           backend_bytes("C \"SELECT\"") + backend_bytes("3") + backend_bytes("3");
  }
  if (given.contains("flush")) return out;
  return out + backend_bytes(given.contains("in_transaction") ? "Z T" : "Z I");
}

class Player {
 public:
  Player(std::size_t piece, int& line) : piece_(piece), line_(line) {}

  void play(const Conversation& conversation) {
    for (const auto& [number, text] : conversation.steps) {
      line_ = number;
      step(text);
      if (testing::Test::HasFatalFailure()) return;
    }
    nothing_left();
  }

 private:
  using Words = std::vector<std::string>;

  void step(const std::string& text) {
    const auto words = split_words(text);
    const auto rest = text.find(' ') == std::string::npos ? "" : text.substr(text.find(' ') + 1);
    if (words[0] == "config") return configure(words);
    if (words[0] == "startup") return startup(words);
    if (words[0] == "startup>>") return expect_startup(words);
    if (words[0] == "ready") return ready(words);
    if (words[0] == ">") return begin_send(), client(frontend_bytes(rest));
    if (words[0] == "flood") return flood(std::stoi(words[1]), rest.substr(rest.find(' ') + 1));
    if (words[0] == "<") {
      begin_send();
      return server(backend_bytes(rest));
    }
    if (words[0] == ">>" && words[1] == "state") return expect_state_query(words.size() > 2);
    if (words[0] == "isolation") return answer_isolation(words);
    if (words[0] == "settle" || words[0] == "private") return answer_own(words);
    if (words[0] == ">>")
      return expect(out_.to_server, frontend_lines(out_.to_server), frontend_lines(frontend_bytes(rest)));
    if (words[0] == "<<")
      return expect(out_.to_client, backend_lines(out_.to_client), backend_lines(backend_bytes(rest)));
    look(words);
  }

  void flood(int times, const std::string& message) {
    begin_send();
    const auto one = frontend_bytes(message);
    std::string all;
    for (int i = 0; i < times; ++i) all += one;
    client(all);
    out_.to_server.clear();
  }

  void look(const Words& words) {
    const auto& verb = words[0];
    if (verb == "!") {
      expect_action(words);
    } else if (verb == "catalog") {
      ++planner_.catalog_version;
      action_ = session_->on_catalog(out_);
    } else if (verb == "newer") {
      ++planner_.catalog_version;
    } else if (verb == "protect") {
      ++planner_.catalog_version;
      planner_.protected_word = words[1];
    } else if (verb == "held" || verb == "not") {
      EXPECT_EQ(session_->wants_client_input(), verb == "not") << "line " << line_;
    } else if (verb == "idle" || verb == "busy") {
      EXPECT_EQ(session_->is_idle(), verb == "idle") << "line " << line_;
    } else if (verb == "audit") {
      expect_since(log_.records, seen_records_, words);
    } else if (verb == "outcomes") {
      expect_since(log_.outcomes, seen_outcomes_, words);
    } else if (verb == "ended") {
      session_.reset();
    } else if (verb == "planned") {
      expect_since(planner_.states, seen_states_, words);
    } else if (verb == "client") {
      action_ = session_->on_client_eof(out_);
    } else if (verb == "server") {
      action_ = session_->on_server_eof(out_);
    } else if (verb == "terminate") {
      session_->terminate("terminating connection due to administrator command", out_);
    } else if (verb == "wait") {
      fake_time += std::chrono::seconds(std::stoi(words[1]));
    } else if (verb == "log") {
      log_.writable = words[1] == "ok";
      if (words[1] == "unhealthy") log_.healthy_ = false;
      log_.slow = words[1] == "slow";
    } else if (verb == "waits") {
      EXPECT_TRUE(session_->waits_for_audit() && !session_->audit_is_due()) << "line " << line_;
    } else if (verb == "written" || verb == "failed") {
      nothing_left();
      log_.writable = verb == "written";
      log_.flush();
      EXPECT_TRUE(session_->audit_is_due()) << "line " << line_;
      action_ = session_->on_server({}, out_);
      EXPECT_FALSE(session_->waits_for_audit()) << "line " << line_;
    } else {
      FAIL() << "line " << line_ << ": unknown step " << verb;
    }
  }

  void configure(const Words& words) {
    const auto given = options_of(words, 1);
    config_.client_tls = given.contains("client_tls");
    config_.server_tls = given.contains("server_tls");
    config_.enforced = !given.contains("passed_through");
    if (given.contains("max_statement_bytes"))
      config_.max_statement_bytes = std::stoul(given.at("max_statement_bytes"));
    if (given.contains("max_snapshot_age"))
      config_.max_snapshot_age = std::chrono::seconds(std::stoi(given.at("max_snapshot_age")));
  }

  void startup(const Words& words) {
    wire::StartupPacket packet;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      const auto name = words[i].substr(0, equals), value = words[i].substr(equals + 1);
      if (name != "version")
        packet.parameters.emplace_back(name, value);
      else
        packet.version = static_cast<std::uint32_t>(std::stoi(value)) << 16 |
                         static_cast<std::uint32_t>(std::stoi(value.substr(2)));
    }
    config_.clock = [] { return fake_time; };
    session_ = std::make_unique<session::Session>(config_, packet, &planner_, &log_);
    action_ = session_->start(out_);
  }

  void expect_startup(const Words& words) {
    const auto packet = wire::parse_startup_packet(std::as_bytes(std::span(out_.to_server)));
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->version, wire::protocol_3_0);
    std::vector<std::string> got;
    for (const auto& [name, value] : packet->parameters) got.push_back(name + "=" + value);
    EXPECT_EQ(got, std::vector(words.begin() + 1, words.end()));
    out_.to_server.clear();
  }

  void ready(const Words& words) {
    if (!session_) startup({"startup", "user=app"});
    out_.to_server.clear();
    server(backend_bytes("R 0") + backend_bytes("K"));
    EXPECT_FALSE(session_->is_authenticated());
    server(backend_bytes("Z I"));
    EXPECT_TRUE(session_->is_authenticated());
    EXPECT_EQ(session_->cancel_key(), std::string_view("\0\0\0\1KEY!", 8));
    if (config_.enforced) {
      expect_state_query(false);
      const auto given = options_of(words, 1);
      server(own_answer(1, state_rows(given), given));
    }
    EXPECT_EQ(backend_lines(out_.to_client).back(), "Z I");
    out_.to_client.clear();
  }

  // Everything that came out before has been looked at: silence is an expectation too.
  void begin_send() {
    nothing_left();
    action_ = session::Action::none;
  }
  void nothing_left() {
    EXPECT_EQ(frontend_lines(out_.to_server), std::vector<std::string>())
        << "the server got more, before line " << line_;
    EXPECT_EQ(backend_lines(out_.to_client), std::vector<std::string>())
        << "the client got more, before line " << line_;
    out_ = {};
  }

  void client(std::string_view bytes) {
    feed(bytes, [&](std::span<const std::byte> piece) { return session_->on_client(piece, out_); });
  }
  void server(std::string_view bytes) {
    feed(bytes, [&](std::span<const std::byte> piece) { return session_->on_server(piece, out_); });
  }
  template <typename Call>
  void feed(std::string_view bytes, Call call) {
    while (!bytes.empty()) {
      // A copy of its own: AddressSanitizer sees whoever keeps a view of it.
      const std::string piece(bytes.substr(0, piece_));
      bytes.remove_prefix(piece.size());
      const auto action = call(std::as_bytes(std::span(piece)));
      if (action != session::Action::none) action_ = action;
    }
  }

  void expect(std::string& bytes, const std::vector<std::string>& got,
              const std::vector<std::string>& wanted) {
    ASSERT_FALSE(got.empty()) << "line " << line_ << ": nothing came, wanted " << wanted.at(0);
    EXPECT_EQ(got.at(0), wanted.at(0)) << "line " << line_;
    const std::size_t length =
        bytes.size() < 5 ? bytes.size() : wire::load_u32(bytes.data() + 1) + std::size_t{1};
    bytes.erase(0, std::min(length, bytes.size()));
  }

  void expect_own(std::span<const std::string_view> queries, bool flush) {
    const auto wanted = own_query(queries, flush);
    ASSERT_TRUE(out_.to_server.starts_with(wanted)) << "line " << line_ << ": no own query, but "
                                                    << testing::PrintToString(frontend_lines(out_.to_server));
    out_.to_server.erase(0, wanted.size());
  }
  void expect_state_query(bool flush) {
    const auto query = session::state_query();
    expect_own({&query, 1}, flush);
  }
  void answer_isolation(const Words& words) {
    const auto given = options_of(words, 2);
    expect_own({&session::isolation_query, 1}, given.contains("flush"));
    begin_send();
    server(own_answer(1, words[1] == "missing" ? "" : backend_bytes("D \"" + words[1] + "\""), given));
  }
  void answer_own(const Words& words) {
    const auto given = options_of(words, 1);
    const bool flush = given.contains("flush");
    const auto queries = catalog::catalog_queries();
    if (words[0] == "settle") {
      expect_state_query(flush);
    } else {
      expect_own(queries, flush);
    }
    begin_send();
    server(
        words[0] == "settle"
            ? own_answer(1, state_rows(given), given)
            : own_answer(queries.size(), given.contains("broken") ? "" : backend_bytes("D 1 shop"), given));
  }

  void expect_action(const Words& words) {
    if (words[1] == "close") {
      EXPECT_EQ(action_, session::Action::close) << "line " << line_;
      return;
    }
    EXPECT_EQ(action_, session::Action::reload_catalog) << "line " << line_;
    EXPECT_EQ(session_->wanted_catalog(), std::stoul(words.at(2)));
  }

  void expect_since(const std::vector<std::string>& all, std::size_t& seen, const Words& words) {
    EXPECT_EQ(std::vector(all.begin() + static_cast<std::ptrdiff_t>(seen), all.end()),
              std::vector(words.begin() + 1, words.end()))
        << "line " << line_;
    seen = all.size();
  }

  std::size_t piece_;
  int& line_;
  FakePlanner planner_;
  FakeLog log_;
  session::SessionConfig config_;
  std::unique_ptr<session::Session> session_;
  session::Output out_;
  session::Action action_ = session::Action::none;
  std::size_t seen_records_ = 0, seen_states_ = 0, seen_outcomes_ = 0;
};

class ConversationTest : public testing::TestWithParam<Conversation> {};

TEST_P(ConversationTest, InPiecesOfAnySize) {
  for (const std::size_t piece :
       {std::size_t{1} << 20, std::size_t{1}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
    SCOPED_TRACE(GetParam().title + ", in pieces of " + std::to_string(piece));
    int line = 0;
    Player player(piece, line);
    try {
      player.play(GetParam());
    } catch (const std::exception& error) {
      FAIL() << "line " << line << ": " << error.what();
    }
    if (HasFailure()) return;
  }
}

std::string test_name(const testing::TestParamInfo<Conversation>& info) {
  std::string result = info.param.file + "_" + std::to_string(info.index) + "_";
  for (const char c : info.param.title) result += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return result;
}

INSTANTIATE_TEST_SUITE_P(Scripts, ConversationTest, testing::ValuesIn(read_conversations()), test_name);

}  // namespace
}  // namespace pgconsent::session_test
