// One statement through a session and its answer back: what the proxy's own code costs besides sockets and
// analysis.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "benchmarks/fake_server.h"
#include "proxy/session/session.h"

namespace {

namespace audit = pgconsent::audit;
namespace enforce = pgconsent::enforce;
namespace session = pgconsent::session;
namespace wire = pgconsent::wire;

constexpr std::string_view statement = "SELECT a, b, c, d FROM plain WHERE id = $1";

// Every text has one plan, as if it were cached.
class FixedPlanner : public enforce::Planner {
 public:
  explicit FixedPlanner(bool edited) {
    auto plan = std::make_shared<enforce::Plan>();
    plan->original = statement;
    enforce::Statement& only = plan->statements.add();
    if (edited) {
      plan->is_identity = false;
      plan->sql =
          "SELECT a, b, c, d FROM (SELECT t.id, CASE WHEN g THEN t.a END AS a FROM plain t) plain WHERE id = "
          "$1";
      plan->purpose = "marketing";
      plan->purpose_source = "role";
      only.decision = enforce::Decision::masked;
      only.audit = {.reason = "",
                    .rules = {"public.plain.a"},
                    .bases = {"contact: consent"},
                    .tables = {"public.plain"},
                    .columns = {"public.plain.a"},
                    .fingerprint = "0123456789abcdef",
                    .statement = std::string(statement)};
    }
    plan_ = std::move(plan);
  }
  std::variant<enforce::PlanPtr, enforce::NeedsCatalog> plan(std::string_view, const enforce::SessionState&,
                                                             bool) override {
    return plan_;
  }
  bool is_current(const enforce::Plan&) const override { return true; }
  bool is_protected(enforce::ColumnOrigin, const enforce::Plan*) const override { return false; }
  std::optional<pgconsent::parser::SqlError> check_purpose(std::string_view,
                                                           std::string_view) const override {
    return std::nullopt;
  }
  std::string default_purpose(std::string_view) const override { return "marketing"; }
  std::optional<std::chrono::milliseconds> max_snapshot_age(std::string_view) const override {
    return std::nullopt;
  }
  bool is_exempt(std::string_view) const override { return false; }
  bool messages_may_tell(std::string_view, const enforce::Plan*) const override { return false; }
  bool errors_may_tell(std::string_view, const enforce::Plan*) const override { return false; }
  bool may_print_rows(std::string_view, std::string_view, bool, const enforce::Plan*) const override {
    return false;
  }
  bool may_print_key(const enforce::PrintedKey&, const enforce::Plan*) const override { return false; }

 private:
  enforce::PlanPtr plan_;
};

// Takes every record; audit_benchmark measures the real one.
class SilentLog : public audit::Log {
 public:
  std::uint64_t append(const audit::Record&) override { return ++sequence_; }
  std::uint64_t append(const audit::Outcome&) override { return sequence_; }
  bool written(std::uint64_t) const override { return true; }
  bool flush() override { return true; }
  bool healthy() const override { return true; }

 private:
  std::uint64_t sequence_ = 0;
};

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class Conversation {
 public:
  explicit Conversation(bool edited) : planner_(edited) {
    wire::StartupPacket startup;
    startup.parameters = {{"user", "app"}, {"database", "bench"}};
    session_ = std::make_unique<session::Session>(session::SessionConfig{}, startup, &planner_, &log_);
    session_->start(out_);
    out_ = {};
    session_->on_server(bytes(FakeServer::greeting()), out_);
    while (!out_.to_server.empty()) turn();
    out_ = {};
  }

  bool ready() const { return session_->is_authenticated() && session_->is_idle(); }

  // What the server would answer to this input, for replaying.
  std::string rehearse(const std::string& input) {
    session_->on_client(bytes(input), out_);
    const std::string reply = server_.answer(out_.to_server);
    out_.to_server.clear();
    session_->on_server(bytes(reply), out_);
    while (!out_.to_server.empty()) turn();
    out_ = {};
    return reply;
  }

  // Bytes that went out in both directions.
  std::size_t round_trip(const std::string& input, const std::string& reply) {
    session_->on_client(bytes(input), out_);
    session_->on_server(bytes(reply), out_);
    const std::size_t size = out_.to_client.size() + out_.to_server.size();
    out_.to_client.clear(), out_.to_server.clear();
    return size;
  }

 private:
  using FakeServer = pgconsent::benchmarks::FakeServer;

  void turn() {
    const std::string reply = server_.answer(out_.to_server);
    out_.to_server.clear();
    session_->on_server(bytes(reply), out_);
  }

  FixedPlanner planner_;
  SilentLog log_;
  FakeServer server_;
  std::unique_ptr<session::Session> session_;
  session::Output out_;
};

void replay(benchmark::State& state, Conversation& conversation, const std::string& input) {
  const std::string reply = conversation.rehearse(input);
  // Both directions whole, or something else than a round trip is measured.
  if (!conversation.ready() || conversation.round_trip(input, reply) < reply.size() + input.size() / 2) {
    state.SkipWithError("the session does not answer");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(conversation.round_trip(input, reply));
  if (!conversation.ready()) state.SkipWithError("the session is not idle afterwards");
}

void simple_query(benchmark::State& state, bool edited) {
  Conversation conversation(edited);
  std::string input;
  serialize(wire::frontend::Query{statement}, input);
  replay(state, conversation, input);
}

void prepared_statement(benchmark::State& state, bool edited) {
  Conversation conversation(edited);
  std::string prepare, input;
  serialize(wire::frontend::Parse{"s", statement, {}}, prepare);
  serialize(wire::frontend::Sync{}, prepare);
  conversation.rehearse(prepare);

  wire::frontend::Bind bind;
  bind.statement = "s";
  bind.parameters = {"4711"};
  serialize(bind, input);
  serialize(wire::frontend::Describe{wire::Target::portal, ""}, input);
  serialize(wire::frontend::Execute{}, input);
  serialize(wire::frontend::Sync{}, input);
  replay(state, conversation, input);
}

BENCHMARK_CAPTURE(simple_query, identity, false);
BENCHMARK_CAPTURE(simple_query, rewritten, true);
BENCHMARK_CAPTURE(prepared_statement, identity, false);
BENCHMARK_CAPTURE(prepared_statement, rewritten, true);

}  // namespace
