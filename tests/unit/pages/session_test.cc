// Sessions, attempts, threads: what is bounded stays bounded.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

#include "proxy/admin/pages/limiter.h"
#include "proxy/admin/pages/pool.h"
#include "proxy/admin/pages/secrets.h"
#include "proxy/admin/pages/sessions.h"

namespace pgconsent::pages {
namespace {

using namespace std::chrono_literals;

TEST(Secrets, AreLongAndDifferent) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = random_token();
    EXPECT_EQ(token.size(), 43u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    seen.insert(token);
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(keyed_digest("a", "x"), keyed_digest("b", "x"));
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abc", "abd"));
  EXPECT_FALSE(same_secret("", ""));
}

TEST(Limiter, ABurstThenByTime) {
  Limiter limiter(3, 10s);
  auto now = Limiter::Clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take("a", now));
  Limiter::Clock::duration wait{};
  EXPECT_FALSE(limiter.take("a", now, &wait));
  EXPECT_EQ(wait, 10s);
  EXPECT_TRUE(limiter.take("another", now));
  EXPECT_TRUE(limiter.take("a", now + 10s));
  EXPECT_FALSE(limiter.take("a", now + 11s));
  EXPECT_TRUE(limiter.take("a", now + 1h));
}

TEST(Limiter, SuccessDoesNotCount) {
  Limiter limiter(2, 10s);
  const auto now = Limiter::Clock::now();
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(limiter.take("a", now));
    limiter.give_back("a");
  }
}

TEST(Sessions, EndWithoutRequestsAndInAnyCase) {
  Sessions sessions({10s, 25s, 64, 8});
  const auto now = Sessions::Clock::now();
  const std::string cookie = sessions.add("anna", nullptr, now);
  EXPECT_EQ(cookie.size(), 43u);
  EXPECT_EQ(sessions.find("", now), nullptr);
  EXPECT_EQ(sessions.find("x", now), nullptr);
  ASSERT_NE(sessions.find(cookie, now + 9s), nullptr);
  EXPECT_EQ(sessions.find(cookie, now + 18s)->user, "anna");
  EXPECT_NE(sessions.find(cookie, now + 24s), nullptr);
  EXPECT_EQ(sessions.find(cookie, now + 26s), nullptr);
  sessions.tidy(now + 26s);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST(Sessions, OfOneUserTheOldestGoes) {
  Sessions sessions({10s, 25s, 3, 2});
  const auto now = Sessions::Clock::now();
  const std::string first = sessions.add("anna", nullptr, now),
                    second = sessions.add("anna", nullptr, now + 1s);
  EXPECT_NE(sessions.find(first, now + 2s), nullptr);
  const std::string third = sessions.add("anna", nullptr, now + 3s);
  EXPECT_EQ(sessions.find(second, now + 3s), nullptr);
  EXPECT_NE(sessions.find(first, now + 3s), nullptr);
  EXPECT_NE(sessions.add("ben", nullptr, now + 3s), "");
  EXPECT_EQ(sessions.add("eve", nullptr, now + 3s), "");  // there is no room
  sessions.remove(third);
  EXPECT_NE(sessions.add("eve", nullptr, now + 3s), "");
}

TEST(Pool, WhatWaitsIsBounded) {
  Pool pool(1, 2);
  std::promise<void> go;
  std::promise<void> began;
  std::shared_future<void> gone = go.get_future().share();
  ASSERT_TRUE(pool.post([&] {
    began.set_value();
    gone.wait();
  }));
  began.get_future().wait();
  std::atomic<int> ran{0};
  EXPECT_TRUE(pool.post([&] { ++ran; }));
  EXPECT_TRUE(pool.post([&] { ++ran; }));
  EXPECT_FALSE(pool.post([&] { ++ran; }));
  go.set_value();
  while (ran < 2) std::this_thread::yield();
  pool.stop();
  EXPECT_FALSE(pool.post([] {}));
}

}  // namespace
}  // namespace pgconsent::pages
