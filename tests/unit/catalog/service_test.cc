// The promises of the service against a real server.
#include "proxy/catalog/service.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/unit/catalog/server.h"

// libpqxx 6.4.5 loses the result of the statement during which a connection breaks.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libpqxx";
}

namespace pgconsent::catalog {
namespace {

using namespace std::chrono_literals;

struct Answer {
  parser::SnapshotPtr snapshot;
  std::string error;
};

std::future<Answer> ask(Service& service) {
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  service.request(0, [promise](const parser::SnapshotPtr& snapshot, const std::string& error) {
    promise->set_value({snapshot, error});
  });
  return answer;
}

Service::Timing never_poll() {
  Service::Timing timing;
  timing.poll = std::chrono::hours(1);
  return timing;
}

template <class Condition>
bool soon(Condition condition, std::chrono::milliseconds limit = 5s) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

TEST(Service, SnapshotHoldsWhatWasCommittedBeforeTheRequest) {
  std::atomic<int> loads{0};
  std::atomic<std::uint64_t> newest{0};
  Service::Hooks hooks;
  hooks.on_new = [&](const parser::SnapshotPtr& snapshot) { ++loads, newest = snapshot->version; };
  Service service(make_control_connection(control()), hooks, never_poll());
  auto connection = connect();
  pqxx::nontransaction session(*connection);
  for (int i = 0; i < 30; ++i) {
    // A request of another client may have started a load just before.
    std::future<Answer> earlier = ask(service);
    session.exec("CREATE TABLE public.fresh" + std::to_string(i) + " (a int)");
    std::vector<std::future<Answer>> together;
    for (int n = 0; n < 5; ++n) together.push_back(ask(service));
    for (auto& one : together) {
      Answer answer = one.get();
      ASSERT_NE(answer.snapshot, nullptr) << answer.error;
      EXPECT_NE(answer.snapshot->relation("public", "fresh" + std::to_string(i)), nullptr);
      EXPECT_GE(newest.load(), answer.snapshot->version) << "on_new comes first";
      EXPECT_EQ(service.current(), answer.snapshot);
    }
    EXPECT_NE(earlier.get().snapshot, nullptr);
  }
  EXPECT_LE(loads, 61) << "requests are coalesced";
}

TEST(Service, NothingNewIsNotLoadedAgain) {
  Service service(make_control_connection(control()), {}, never_poll());
  parser::SnapshotPtr first = ask(service).get().snapshot;
  ASSERT_NE(first, nullptr);
  auto connection = connect();
  pqxx::nontransaction session(*connection);
  // None of these changes what a snapshot holds.
  session.exec("CREATE TEMP TABLE passing (a int primary key default 1 check (a > 0))");
  session.exec("TRUNCATE public.scratch");
  session.exec("INSERT INTO public.people (name) VALUES ('x')");
  session.exec("VACUUM ANALYZE public.people");
  EXPECT_EQ(ask(service).get().snapshot, first);
}

// Whatever is committed beside the proxy shows in the fingerprint.
TEST(Service, EveryKindOfChangeIsNoticed) {
  Service service(make_control_connection(control()), {}, never_poll());
  auto connection = connect();
  pqxx::nontransaction session(*connection);
  std::uint64_t version = ask(service).get().snapshot->version;
  const char* changes[] = {
      "CREATE TABLE public.c1 (a int, b text)",
      "ALTER TABLE public.c1 RENAME COLUMN a TO z",
      "ALTER TABLE public.c1 DROP COLUMN z",
      "ALTER TABLE public.c1 ALTER b SET NOT NULL",
      "ALTER TABLE public.c1 ALTER b SET DEFAULT 'x'",
      "ALTER TABLE public.c1 ADD CHECK (b <> 'y')",
      "ALTER TABLE public.c1 RENAME TO c2",
      "ALTER TABLE public.c2 OWNER TO staff",
      "ALTER TABLE public.c2 ENABLE ROW LEVEL SECURITY",
      "ALTER TABLE public.c2 INHERIT public.people",
      "CREATE UNIQUE INDEX ON public.c2 (b)",
      "CREATE TRIGGER t BEFORE INSERT ON public.c2 FOR EACH ROW EXECUTE FUNCTION public.on_order()",
      "ALTER TABLE public.c2 DISABLE TRIGGER t",
      "CREATE OR REPLACE VIEW public.v_pure AS SELECT 2 AS one",
      "ALTER VIEW public.v_pure SET (security_barrier)",
      "CREATE OR REPLACE FUNCTION public.tax(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT $1'",
      "ALTER FUNCTION public.tax(numeric) SET search_path = public",
      "CREATE CAST (public.postcode AS public.mood) WITH INOUT",
      "CREATE OPERATOR public.=== (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = pg_catalog.numeric_eq)",
      "CREATE DOMAIN public.later AS int",
      "ALTER DOMAIN public.later ADD CHECK (VALUE > 0)",
      "ALTER SCHEMA evil RENAME TO evil2",
      "GRANT clerk TO staff2",
      "ALTER ROLE clerk SUPERUSER",
      "ALTER ROLE clerk RENAME TO clerk2",
      "ALTER EXTENSION pg_trgm SET SCHEMA evil2",
      "DROP TABLE public.c2",
  };
  session.exec("CREATE ROLE staff2");
  version = ask(service).get().snapshot->version;
  for (const char* change : changes) {
    try {
      session.exec(change);
    } catch (const pqxx::sql_error& error) {
      // A child must have its parent's columns: not every statement fits the fixture.
      if (std::string(change).find("INHERIT") == std::string::npos)
        ADD_FAILURE() << change << ": " << error.what();
      continue;
    }
    parser::SnapshotPtr snapshot = ask(service).get().snapshot;
    ASSERT_NE(snapshot, nullptr) << change;
    EXPECT_GT(snapshot->version, version) << change;
    version = snapshot->version;
  }
}

TEST(Service, PollSeesChangesBesideTheProxy) {
  Service::Timing timing;
  timing.poll = 50ms;
  Service service(make_control_connection(control()), {}, timing);
  ASSERT_TRUE(soon([&] { return service.current() != nullptr; }));
  auto connection = connect();
  pqxx::nontransaction(*connection).exec("CREATE TABLE public.beside (a int)");
  EXPECT_TRUE(soon([&] { return service.current()->relation("public", "beside") != nullptr; }, 2s));
  EXPECT_TRUE(service.status().failure.empty());
}

TEST(Service, FailsClearlyAndRecovers) {
  std::atomic<int> failures{0};
  Service::Hooks hooks;
  hooks.on_failure = [&](const std::string&) { ++failures; };
  Service::Timing timing = never_poll();
  timing.max_retry = 200ms;
  Service service(make_control_connection(control()), hooks, timing);
  ASSERT_NE(ask(service).get().snapshot, nullptr);
  server().stop();
  Answer answer = ask(service).get();
  EXPECT_EQ(answer.snapshot, nullptr);
  EXPECT_FALSE(answer.error.empty());
  EXPECT_FALSE(service.status().failure.empty());
  EXPECT_NE(service.current(), nullptr) << "the last one is still there, for those who may use it";
  server().start();
  EXPECT_TRUE(soon([&] { return service.status().failure.empty(); }));
  EXPECT_NE(ask(service).get().snapshot, nullptr);
  EXPECT_EQ(failures, 1) << "told once";
}

TEST(Service, WrongSettingsAreTold) {
  ControlSettings settings = control();
  settings.dbname = "no such database";
  Service service(settings, {});
  EXPECT_NE(ask(service).get().error.find("no such database"), std::string::npos);
  settings = control();
  settings.password_file = "/nonexistent";
  Service other(settings, {});
  EXPECT_NE(ask(other).get().error.find("/nonexistent"), std::string::npos);
}

// Held by a migration: reading the catalog itself waits, whatever the lock timeout.
TEST(Service, StopsWhileALoadWaits) {
  auto blocker = connect();
  pqxx::work holder(*blocker);
  holder.exec("SET LOCAL allow_system_table_mods = on");
  holder.exec("LOCK TABLE pg_catalog.pg_attrdef IN ACCESS EXCLUSIVE MODE");
  auto started = std::chrono::steady_clock::now();
  std::future<Answer> answer;
  {
    Service service(make_control_connection(control()), {}, never_poll());
    answer = ask(service);
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, 900ms) << "less than the lock timeout";
  EXPECT_EQ(answer.get().snapshot, nullptr);
}

TEST(Service, ALockedTableCostsItsViewsOnly) {
  Service::Timing timing;
  timing.poll = 50ms;
  auto blocker = connect();
  auto holder = std::make_unique<pqxx::work>(*blocker);
  holder->exec("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE");
  Service service(make_control_connection(control()), {}, timing);
  Answer answer = ask(service).get();
  ASSERT_NE(answer.snapshot, nullptr) << answer.error;
  EXPECT_EQ(answer.snapshot->relation("public", "v_invoker")->view_definition, "") << "over orders";
  EXPECT_NE(answer.snapshot->relation("public", "v_users")->view_definition, "");
  holder.reset();
  EXPECT_TRUE(
      soon([&] { return !service.current()->relation("public", "v_invoker")->view_definition.empty(); }));
}

TEST(Service, AnswersAfterStop) {
  Service service(make_control_connection(control()), {}, never_poll());
  service.stop();
  Answer answer = ask(service).get();
  EXPECT_EQ(answer.snapshot, nullptr);
  EXPECT_FALSE(answer.error.empty());
}

}  // namespace
}  // namespace pgconsent::catalog
