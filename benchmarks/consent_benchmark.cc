// The consent index: building it, what it weighs, and asking it while it changes. With $PGCONSENT_STORE
// (libpq's conninfo of a database with the built-in store, kind `customer`, whole-number keys) also from the
// store itself.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>

#include "proxy/consent/follower.h"
#include "proxy/consent/index.h"
#include "proxy/consent/store_feed.h"

namespace pgconsent::consent {
namespace {

constexpr KindNumber customer = 1;
constexpr std::int64_t subjects = 10'000'000;
constexpr Scope purposes = 4;

Record consent(const SubjectKey& key, Scope scope, bool given) {
  Record record{customer, key, scope};
  record.given = given;
  record.withdrawn = !given;
  return record;
}

SubjectKey key_of(KeyType type, std::int64_t i) {
  if (type == KeyType::integer) return integer_key(i);
  std::uint64_t mixed = static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15;
  return {mixed ^ mixed >> 29, mixed * 0xbf58476d1ce4e5b9};
}

TimeRange now() {
  return {steady_now(), steady_now()};
}

// `limited`: so many in a hundred records have an end.
std::unique_ptr<Tables> built(KeyType type, int limited) {
  auto tables =
      std::make_unique<Tables>(std::vector<KindSpec>{{customer, type}}, Layout::direct, HashSecret::random());
  const TimeRange moment = now();
  std::mt19937 random(1);
  for (std::int64_t i = 0; i < subjects; ++i) {
    const SubjectKey key = key_of(type, i);
    for (Scope scope = 0; scope < purposes; ++scope) {
      Record record = consent(key, scope, random() % 3 != 0);
      if (static_cast<int>(random() % 100) < limited) {
        record.valid_until = moment.latest + 3'600'000'000 + static_cast<Time>(random()) * 10'000;
      }
      tables->put(record, moment);
    }
  }
  tables->finish_building();
  return tables;
}

void build_in_memory(benchmark::State& state) {
  const auto type = static_cast<KeyType>(state.range(0));
  for (auto _ : state) {
    auto tables = built(type, static_cast<int>(state.range(1)));
    state.counters["bytes_per_subject_and_purpose"] =
        static_cast<double>(tables->bytes()) / static_cast<double>(subjects * purposes);
  }
}
BENCHMARK(build_in_memory)
    ->ArgNames({"key", "limited"})
    ->Args({static_cast<int>(KeyType::integer), 0})
    ->Args({static_cast<int>(KeyType::integer), 10})
    ->Args({static_cast<int>(KeyType::uuid), 0})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

// A lookup of a random subject among ten million, while another thread changes as many as it can, or none.
void look_up(benchmark::State& state, KeyType type, bool with_writer) {
  std::shared_ptr<Tables> tables = built(type, 0);
  std::vector<SubjectKey> keys(1 << 20);
  std::mt19937_64 random(2);
  for (SubjectKey& key : keys) key = key_of(type, static_cast<std::int64_t>(random() % subjects));
  std::atomic<bool> end{false};
  std::thread writer([&] {
    std::mt19937_64 other(3);
    while (with_writer && !end) {
      const auto i = static_cast<std::int64_t>(other() % subjects);
      tables->put(consent(key_of(type, i), static_cast<Scope>(other() % purposes), other() % 2 != 0), now());
    }
  });
  Published published;
  published.tables = tables;
  published.generation = 1;
  published.confirmed = steady_now();
  Reader reader(published, steady_now, never);
  View view = reader.view();
  ScopeView scope = view.scope(customer, 2);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(scope.consents(keys[i++ & (keys.size() - 1)]));
  end = true;
  writer.join();
}
BENCHMARK_CAPTURE(look_up, dense, KeyType::integer, false);
BENCHMARK_CAPTURE(look_up, dense_while_written, KeyType::integer, true);
BENCHMARK_CAPTURE(look_up, uuid, KeyType::uuid, false);
BENCHMARK_CAPTURE(look_up, uuid_while_written, KeyType::uuid, true);

void take_view(benchmark::State& state) {
  Published published;
  published.tables = std::make_shared<Tables>(std::vector<KindSpec>{{customer, KeyType::integer}},
                                              Layout::direct, HashSecret());
  published.generation = 1;
  published.confirmed = steady_now();
  Reader reader(published, steady_now, never);
  for (auto _ : state) benchmark::DoNotOptimize(reader.view().is_known());
}
BENCHMARK(take_view);

void hash_text_key(benchmark::State& state) {
  const HashSecret secret = HashSecret::random();
  const std::string key = "customer-0123456789@example";
  for (auto _ : state) benchmark::DoNotOptimize(key_from_text(KeyType::text, secret, key));
}
BENCHMARK(hash_text_key);

void build_from_store(benchmark::State& state) {
  const char* conninfo = std::getenv("PGCONSENT_STORE");
  if (conninfo == nullptr) return state.SkipWithError("$PGCONSENT_STORE is not set");
  StoreFeedSettings settings;
  settings.conninfo = [conninfo] { return std::string(conninfo); };
  settings.kinds = {{customer, "customer", KeyType::integer}};
  for (auto _ : state) {
    std::string error;
    auto feed = connect_store_feed(settings, error);
    if (!feed) return state.SkipWithError(error.c_str());
    Follower follower({{{customer, KeyType::integer}}, {}, steady_now});
    Follower::Outcome outcome = follower.load(*feed);
    if (outcome.what != Follower::Outcome::What::current) return state.SkipWithError(outcome.reason.c_str());
    state.counters["records"] = static_cast<double>(follower.tables()->records());
    state.counters["bytes_per_record"] =
        static_cast<double>(follower.tables()->bytes()) / static_cast<double>(follower.tables()->records());
  }
}
BENCHMARK(build_from_store)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace pgconsent::consent
