// The index on a store in memory: what it says while everything is well, and that it says "unknown" when not.
#include "proxy/consent/index.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "tests/unit/consent/fake_store.h"

namespace pgconsent::consent {
namespace {

using namespace std::chrono_literals;

constexpr KindNumber customers = 1;
constexpr Scope marketing = 1;
constexpr Time start = 1'700'000'000'000'000;

template <class Condition>
bool soon(Condition condition, std::chrono::milliseconds limit = 5s) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return condition();
}

Record consent(std::int64_t key, bool given, Time until = never) {
  Record record{customers, integer_key(key), marketing};
  record.given = given;
  record.withdrawn = !given;
  record.valid_until = until;
  return record;
}

class IndexTest : public testing::Test {
 protected:
  IndexTest() {
    store_.clock = [this] { return server_ahead_ + steady_now(); };
    settings_.kinds = {{customers, KeyType::integer}};
    settings_.gap_patience = 100ms;
    settings_.bound = 2s;  // the machine may be busy
  }

  void begin() {
    index_ = std::make_unique<Index>(settings_, [this](std::string& error) -> std::unique_ptr<ConsentFeed> {
      std::lock_guard lock(store_.mutex);
      if (!store_.is_down) return std::make_unique<FakeFeed>(store_);
      error = "down";
      return nullptr;
    });
    reader_ = std::make_unique<Reader>(index_->reader());
  }
  void begin_known() {
    begin();
    ASSERT_TRUE(soon([&] { return reader_->view().is_known(); })) << index_->status().reason;
  }
  Answer answer(std::int64_t key) {
    return reader_->view().scope(customers, marketing).consents(integer_key(key));
  }
  bool becomes(std::int64_t key, Answer expected) {
    return soon([&] { return answer(key) == expected; });
  }
  template <class Change>
  void with_store(Change change) {
    std::lock_guard lock(store_.mutex);
    change();
  }

  FakeStore store_;
  std::atomic<Time> server_ahead_{start};
  Index::Settings settings_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<Reader> reader_;
};

TEST_F(IndexTest, AnswersFromTheSnapshotAndFollows) {
  store_.put(consent(1, true));
  store_.put(consent(2, false));
  begin_known();
  EXPECT_EQ(answer(1), Answer::yes);
  EXPECT_EQ(answer(2), Answer::no);
  EXPECT_EQ(answer(3), Answer::no);
  store_.put(consent(1, false));
  store_.put(consent(3, true));
  EXPECT_TRUE(becomes(3, Answer::yes));
  EXPECT_EQ(answer(1), Answer::no);
  EXPECT_TRUE(reader_->view().scope(customers, marketing).state(integer_key(1)).withdrawn);
  store_.erase(customers, integer_key(3));
  EXPECT_TRUE(becomes(3, Answer::no));
  EXPECT_EQ(reader_->view().scope(9, marketing).consents(integer_key(1)), Answer::unknown);
  EXPECT_EQ(index_->status().builds, 1U);
}

TEST_F(IndexTest, IsUnknownUntilItIsBuiltAndAfterTheEnd) {
  store_.is_down = true;
  begin();
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(answer(1), Answer::unknown);
  EXPECT_EQ(index_->status().reason, "down");
  with_store([&] { store_.is_down = false; });
  EXPECT_TRUE(becomes(1, Answer::no));
  index_->stop();
  EXPECT_EQ(answer(1), Answer::unknown);
}

TEST_F(IndexTest, LostAnnouncementsAreFoundByTheHeartbeat) {
  store_.announces = false;
  begin_known();
  store_.put(consent(1, true));
  EXPECT_TRUE(becomes(1, Answer::yes));
}

TEST_F(IndexTest, AnnouncementsAreOnlyAReasonToLook) {
  store_.put(consent(1, true));
  begin_known();
  // Twice, without a change, in any order: they carry nothing.
  for (int i = 0; i < 100; ++i) {
    with_store([&] { ++store_.announced; });
    store_.announce();
    if (i % 10 == 0) store_.put(consent(i, i % 20 == 0));
  }
  EXPECT_TRUE(becomes(80, Answer::yes));
  EXPECT_TRUE(becomes(90, Answer::no));
  EXPECT_EQ(index_->status().gaps, 0U);
  EXPECT_EQ(index_->status().builds, 1U);
}

TEST_F(IndexTest, GapIsDoubtUntilItIsFilled) {
  settings_.gap_patience = 60s;
  store_.put(consent(1, true));
  begin_known();
  with_store([&] { store_.hidden = {2}; });
  store_.put(consent(1, false));
  store_.put(consent(2, true));
  EXPECT_TRUE(soon([&] { return !reader_->view().is_known(); }));
  EXPECT_EQ(answer(2), Answer::unknown);
  EXPECT_TRUE(soon([&] { return index_->status().reason == "change 3 follows 1"; }))
      << index_->status().reason;
  with_store([&] { store_.hidden.clear(); });
  EXPECT_TRUE(becomes(1, Answer::no));
  EXPECT_EQ(answer(2), Answer::yes);
  EXPECT_EQ(index_->status().builds, 1U);
}

TEST_F(IndexTest, TheLastChangeMissingIsAGapToo) {
  settings_.gap_patience = 60s;
  begin_known();
  with_store([&] { store_.hidden = {1}; });
  store_.put(consent(1, true));
  EXPECT_TRUE(soon([&] { return index_->status().reason == "change 1 is missing"; }));
  EXPECT_EQ(answer(1), Answer::unknown);
}

TEST_F(IndexTest, ChangesThatAreGoneMeanRebuild) {
  store_.put(consent(1, true));
  begin_known();
  with_store([&] { store_.hidden = {2}; });
  store_.put(consent(1, false));
  store_.put(consent(2, true));
  EXPECT_TRUE(becomes(2, Answer::yes));
  EXPECT_EQ(answer(1), Answer::no);
  EXPECT_EQ(index_->status().builds, 2U);
}

TEST_F(IndexTest, LostConnectionIsDoubtAndNothingMore) {
  store_.put(consent(1, true));
  begin_known();
  with_store([&] { store_.is_down = true; });
  EXPECT_TRUE(becomes(1, Answer::unknown));
  store_.put(consent(1, false));
  with_store([&] { store_.is_down = false; });
  EXPECT_TRUE(becomes(1, Answer::no));
  EXPECT_EQ(index_->status().builds, 1U);
  EXPECT_GE(index_->status().lost_connections, 1U);
}

TEST_F(IndexTest, AnotherHistoryMeansRebuild) {
  store_.put(consent(1, true));
  store_.put(consent(2, true));
  begin_known();
  // The last change was lost with the server, and another one came in its place.
  with_store([&] {
    store_.changes.erase(2);
    store_.state.erase(FakeStore::cell(consent(2, true)));
    store_.head = 1;
  });
  store_.put(consent(1, false));
  EXPECT_TRUE(becomes(1, Answer::no));
  EXPECT_EQ(answer(2), Answer::no);
  EXPECT_EQ(index_->status().builds, 2U);
}

TEST_F(IndexTest, OutOfMindWhenNotConfirmedInTime) {
  // Under a clock of the test's own: the writer's last confirmation grows old.
  static std::atomic<SteadyTime> ahead{0};
  ahead = 0;
  settings_.now = [] { return steady_now() + ahead.load(); };
  settings_.heartbeat = 1h;
  settings_.bound = 1h;
  store_.clock = [] { return start + steady_now() + ahead.load(); };
  begin_known();
  std::this_thread::sleep_for(20ms);
  ahead = 3'700'000'000;
  EXPECT_FALSE(reader_->view().is_known());
  EXPECT_FALSE(index_->status().known);
  EXPECT_EQ(index_->status().reason, "not confirmed in time");
  EXPECT_GE(index_->status().age, 1h);
  store_.put(consent(1, true));  // announced
  EXPECT_TRUE(becomes(1, Answer::yes));
}

TEST_F(IndexTest, ConsentEndsByItself) {
  const Time end = store_.clock() + 300'000;
  store_.put(consent(1, true, end));
  begin_known();
  EXPECT_EQ(answer(1), Answer::yes);
  bool late = false;
  EXPECT_TRUE(soon([&] {
    // Before the question: what is answered later is not wrong.
    const Time now = store_.clock();
    Answer a = answer(1);
    late |= now >= end && a == Answer::yes;
    return a == Answer::no;
  }));
  EXPECT_FALSE(late);
  EXPECT_GE(store_.clock(), end - settings_.lead.count() - 1000);
}

TEST_F(IndexTest, TheServersClockDecides) {
  Record later = consent(1, true);
  later.valid_from = store_.clock() + 3'600'000'000;
  store_.put(later);
  store_.put(consent(2, true, later.valid_from));
  begin_known();
  EXPECT_EQ(answer(1), Answer::no);
  EXPECT_EQ(answer(2), Answer::yes);
  server_ahead_ += 3'700'000'000;
  EXPECT_TRUE(becomes(1, Answer::yes));
  EXPECT_TRUE(becomes(2, Answer::no));
  EXPECT_EQ(index_->status().builds, 1U);
  // Back: what has begun has not, what has ended has not.
  server_ahead_ -= 3'700'000'000;
  EXPECT_TRUE(becomes(1, Answer::no));
  EXPECT_TRUE(becomes(2, Answer::yes));
  EXPECT_EQ(index_->status().builds, 2U);
}

TEST_F(IndexTest, RebuildGoesOnBesideReaders) {
  for (int key = 0; key < 3000; ++key) store_.put(consent(key, key % 2 == 0));
  store_.in_snapshot = [] { std::this_thread::sleep_for(2ms); };
  begin_known();
  std::atomic<bool> end{false};
  std::atomic<int> wrong{0}, unknown{0};
  std::atomic<std::uint64_t> asked{0};
  // Keys below 2000 never change.
  auto ask = [&](unsigned seed) {
    std::mt19937 random(seed);
    Reader reader = index_->reader();
    while (!end) {
      View view = reader.view();
      ScopeView scope = view.scope(customers, marketing);
      for (int i = 0; i < 100; ++i, ++asked) {
        const std::int64_t key = random() % 2000;
        Answer a = scope.consents(integer_key(key));
        unknown += a == Answer::unknown;
        wrong += a == (key % 2 == 0 ? Answer::no : Answer::yes);
      }
    }
  };
  std::thread first(ask, 1), second(ask, 2);
  std::mt19937 random(3);
  for (int round = 0; round < 3; ++round) {
    const std::uint64_t builds = index_->status().builds;
    index_->request_rebuild();
    EXPECT_TRUE(soon([&] {
      for (int i = 0; i < 10; ++i) store_.put(consent(2000 + random() % 3000, random() % 2 != 0));
      return index_->status().builds > builds;
    }));
  }
  std::this_thread::sleep_for(20ms);
  end = true;
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(unknown, 0);
  EXPECT_GT(asked, 1000U);
  // And nothing was lost on the way.
  const std::int64_t head = store_.put(consent(5000, true));
  EXPECT_TRUE(soon([&] { return index_->status().sequence >= head; }));
  ScopeView scope = reader_->view().scope(customers, marketing);
  for (const auto& [cell, record] : store_.state) {
    ASSERT_EQ(scope.consents(record.key), record.given ? Answer::yes : Answer::no);
  }
}

TEST_F(IndexTest, ManyFaultsAndNeverAWrongAnswer) {
  settings_.heartbeat = 5ms;
  settings_.first_retry = 1ms;
  settings_.max_retry = 10ms;
  for (int key = 0; key < 500; ++key) store_.put(consent(key, true));
  begin_known();
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 20; ++i) store_.put(consent(random() % 500, random() % 2 != 0));
    with_store([&] {
      switch (random() % 4) {
        case 0:
          store_.is_down = true;
          break;
        case 1:
          store_.hidden.insert(store_.head - random() % 20);
          break;
        case 2:
          store_.changes.erase(store_.changes.begin(), store_.changes.find(store_.head - 5));
          break;
        case 3:
          server_ahead_ += random() % 2 == 0 ? 50'000 : -50'000;
          break;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 8));
    with_store([&] { store_.is_down = false, store_.hidden.clear(); });
    const std::int64_t head = store_.put(consent(random() % 500, false));
    ASSERT_TRUE(soon([&] { return index_->status().sequence >= head && reader_->view().is_known(); }))
        << index_->status().reason;
    ScopeView scope = reader_->view().scope(customers, marketing);
    for (const auto& [cell, record] : store_.state) {
      Answer a = scope.consents(record.key);
      ASSERT_TRUE(a == Answer::unknown || a == (record.given ? Answer::yes : Answer::no));
    }
  }
}

}  // namespace
}  // namespace pgconsent::consent
