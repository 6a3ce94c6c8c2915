// Tables against a map that says the same in the plainest way, under a clock that runs as the test likes.
#include "proxy/consent/tables.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

namespace pgconsent::consent {
namespace {

constexpr KindNumber customers = 1, employees = 2, strangers = 9;

class Reference {
 public:
  void put(const Record& r) { records_[{r.kind, r.key.low, r.scope}] = r; }
  void erase(KindNumber kind, std::uint64_t key) {
    std::erase_if(records_, [&](const auto& entry) {
      return std::get<0>(entry.first) == kind && std::get<1>(entry.first) == key;
    });
  }
  State state(KindNumber kind, std::uint64_t key, Scope scope, Time now) const {
    State state;
    state.known = true;
    auto found = records_.find({kind, key, scope});
    if (found == records_.end()) return state;
    const Record& r = found->second;
    state.given = r.given && r.valid_from <= now && now < r.valid_until;
    state.withdrawn = r.withdrawn;
    state.objected = r.objected;
    state.restricted = r.restricted;
    return state;
  }

 private:
  std::map<std::tuple<KindNumber, std::uint64_t, Scope>, Record> records_;
};

State state_of(const Tables& tables, KindNumber kind, const SubjectKey& key, Scope scope) {
  State nothing;
  nothing.known = true;
  const Shard* shard = tables.shard(kind, scope);
  auto slot = tables.kind(kind)->slot(key);
  return shard != nullptr && slot ? shard->test(*slot) : nothing;
}

void expect_same(const State& actual, const State& expected) {
  ASSERT_EQ(actual.given, expected.given);
  ASSERT_EQ(actual.withdrawn, expected.withdrawn);
  ASSERT_EQ(actual.objected, expected.objected);
  ASSERT_EQ(actual.restricted, expected.restricted);
}

class World {
 public:
  explicit World(Layout layout, unsigned seed)
      : tables_({{customers, KeyType::integer}, {employees, KeyType::uuid}}, layout, HashSecret::random()),
        random_(seed) {}

  void step() {
    const unsigned what = random_() % 100;
    if (what < 60) return put();
    if (what < 62) return erase();
    // Mostly small steps, now and then past everything.
    now_ += static_cast<Time>(random_() % (what == 99 ? 5000 : 20));
    tables_.advance({now_, now_});
    ASSERT_GT(tables_.next_due(), now_);
  }

  void check() {
    const KindNumber kind = some_kind();
    const SubjectKey key = some_key();
    const Scope scope = some_scope();
    expect_same(state_of(tables_, kind, key, scope), reference_.state(kind, key.low, scope, now_));
  }

 private:
  unsigned draw(unsigned below) { return random_() % below; }
  KindNumber some_kind() { return draw(2) == 0 ? customers : employees; }
  Scope some_scope() { return static_cast<Scope>(draw(12)); }
  SubjectKey some_key() {
    switch (draw(3)) {
      case 0:
        return integer_key(draw(50));
      case 1:
        return integer_key(-static_cast<std::int64_t>(draw(50)));
      default:
        return integer_key((std::int64_t{draw(50)} << 40) + 0xf0000000);
    }
  }
  Time some_time() { return now_ + static_cast<Time>(draw(1000)) - 200; }

  void put() {
    Record r;
    r.kind = some_kind();
    r.key = some_key();
    r.scope = some_scope();
    r.given = draw(3) != 0;
    r.withdrawn = !r.given && draw(2) == 0;
    r.objected = draw(4) == 0;
    r.restricted = draw(8) == 0;
    if (draw(2) == 0) r.valid_from = draw(20) == 0 ? never : some_time();
    if (draw(2) == 0) r.valid_until = draw(20) == 0 ? always : some_time();
    tables_.put(r, {now_, now_});
    reference_.put(r);
    r.kind = strangers;
    tables_.put(r, {now_, now_});
  }

  void erase() {
    const KindNumber kind = some_kind();
    const SubjectKey key = some_key();
    tables_.erase_subject(kind, key, {now_, now_});
    reference_.erase(kind, key.low);
  }

  Tables tables_;
  Reference reference_;
  std::mt19937 random_;
  Time now_ = 1'700'000'000'000'000;
};

void run_world(Layout layout, unsigned seed) {
  World world(layout, seed);
  for (int i = 0; i < 500'000; ++i) {
    world.step();
    world.check();
    world.check();
    if (testing::Test::HasFatalFailure()) FAIL() << "step " << i;
  }
}

TEST(Tables, AgainstAMapDirect) {
  run_world(Layout::direct, 1);
}

TEST(Tables, AgainstAMapHashed) {
  run_world(Layout::hashed, 2);
}

Record given(std::int64_t key, Time from, Time until) {
  Record record{customers, integer_key(key), 1};
  record.given = true;
  record.valid_from = from;
  record.valid_until = until;
  return record;
}

TEST(Tables, DoubtAboutTheTimeIsNoConsent) {
  Tables tables({{customers, KeyType::integer}}, Layout::direct, HashSecret::random());
  auto holds = [&](std::int64_t key) { return state_of(tables, customers, integer_key(key), 1).given; };
  tables.put(given(1, 100, never), {90, 110});
  tables.put(given(2, always, 100), {90, 110});
  tables.put(given(3, 95, 105), {80, 90});
  EXPECT_FALSE(holds(1));
  EXPECT_FALSE(holds(2));
  // The end is looked at first, the start afterwards: it must not begin then.
  tables.advance({90, 110});
  tables.advance({96, 116});
  EXPECT_FALSE(holds(3));
  tables.advance({100, 120});
  EXPECT_TRUE(holds(1));
  EXPECT_FALSE(holds(2));
  EXPECT_FALSE(holds(3));
}

TEST(Tables, NextEndIsNeverTooLate) {
  Tables tables({{customers, KeyType::integer}}, Layout::direct, HashSecret::random());
  EXPECT_EQ(tables.next_end(), never);
  tables.put(given(1, always, 500), {100, 100});
  EXPECT_EQ(tables.next_end(), 500);
  tables.put(given(2, 200, 300), {100, 100});
  EXPECT_EQ(tables.next_end(), 300);
  EXPECT_EQ(tables.next_due(), 200);
  tables.advance({300, 300});
  EXPECT_EQ(tables.next_end(), 500);
}

TEST(Tables, TooManyScopesAreAnError) {
  Tables tables({{customers, KeyType::integer}}, Layout::direct, HashSecret::random());
  auto fill = [&] {
    for (Scope scope = 0; scope < 5000; ++scope) {
      tables.put(Record{customers, integer_key(1), scope}, {0, 0});
    }
  };
  EXPECT_THROW(fill(), std::length_error);
}

}  // namespace
}  // namespace pgconsent::consent
