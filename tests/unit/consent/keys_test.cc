// Keys, and the two structures that readers and a writer share.
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "proxy/consent/calendar.h"
#include "proxy/consent/key_table.h"
#include "proxy/consent/slot_bitmap.h"
#include "proxy/consent/subject_key.h"

namespace pgconsent::consent {
namespace {

std::string hex(Hash128 hash) {
  std::string out;
  for (std::uint64_t word : {hash.low, hash.high}) {
    for (int i = 0; i < 8; ++i) {
      char digits[3];
      snprintf(digits, sizeof digits, "%02X", static_cast<unsigned>(word >> (8 * i) & 0xff));
      out += digits;
    }
  }
  return out;
}

// The expected values are OpenSSL's (openssl mac -macopt size:16 SIPHASH).
TEST(Siphash, IsWhatOthersCompute) {
  HashSecret secret{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string text;
  for (char c = 0; c < 29; ++c) text += c;
  EXPECT_EQ(hex(siphash(secret, "")), "A3817F04BA25A8E66DF67214C7550293");
  EXPECT_EQ(hex(siphash(secret, text.substr(0, 1))), "DA87C1D86B99AF44347659119B22FC45");
  EXPECT_EQ(hex(siphash(secret, text.substr(0, 15))), "5493E99933B0A8117E08EC0F97CFC3D9");
  EXPECT_EQ(hex(siphash(secret, text.substr(0, 16))), "6EE2A4CA67B054BBFD3315BF85230577");
  EXPECT_EQ(hex(siphash(secret, text)), "AA4B9DC4BF337DE90CD4FD3C467C6AB7");
}

TEST(SubjectKey, TextAndBinaryAreTheSameKey) {
  HashSecret secret = HashSecret::random();
  auto text = [&](KeyType type, std::string_view s) { return key_from_text(type, secret, s); };
  auto binary = [&](KeyType type, std::string_view s) { return key_from_binary(type, secret, s); };
  using namespace std::string_view_literals;
  EXPECT_EQ(text(KeyType::integer, "258"), integer_key(258));
  EXPECT_EQ(text(KeyType::integer, "258"), binary(KeyType::integer, "\1\2"sv));
  EXPECT_EQ(text(KeyType::integer, "-2"), binary(KeyType::integer, "\xff\xff\xff\xfe"sv));
  EXPECT_EQ(text(KeyType::integer, "-2"), binary(KeyType::integer, "\xff\xff\xff\xff\xff\xff\xff\xfe"sv));
  EXPECT_EQ(text(KeyType::uuid, "00112233-4455-6677-8899-aabbccddeeff"),
            binary(KeyType::uuid, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"sv));
  EXPECT_EQ(text(KeyType::uuid, "00112233-4455-6677-8899-AABBCCDDEEFF"),
            text(KeyType::uuid, "00112233-4455-6677-8899-aabbccddeeff"));
  EXPECT_EQ(text(KeyType::text, "ann"), binary(KeyType::text, "ann"));
  EXPECT_NE(text(KeyType::text, "ann"), text(KeyType::text, "anm"));
  EXPECT_NE(text(KeyType::text, "ann"), key_from_text(KeyType::text, HashSecret::random(), "ann"));
}

TEST(SubjectKey, WhatIsNoValueIsNoKey) {
  HashSecret secret;
  for (const char* bad : {"", " 1", "1 ", "+1", "1.0", "0x1", "9223372036854775808", "one"}) {
    EXPECT_FALSE(key_from_text(KeyType::integer, secret, bad)) << bad;
  }
  for (const char* bad : {"", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeefg",
                          "00112233-4455-6677-8899-aabbccddeef", "001122334-455-6677-8899-aabbccddeeff"}) {
    EXPECT_FALSE(key_from_text(KeyType::uuid, secret, bad)) << bad;
  }
  for (const char* bad : {"", "1", "123", "12345", "123456789"}) {
    EXPECT_FALSE(key_from_binary(KeyType::integer, secret, bad)) << bad;
    EXPECT_FALSE(key_from_binary(KeyType::uuid, secret, bad)) << bad;
  }
}

TEST(SlotBitmap, AgainstASet) {
  SlotBitmap bitmap;
  std::unordered_set<std::uint32_t> expected;
  std::mt19937 random(1);
  // Near one another, far apart, and at the very end.
  auto slot = [&] {
    std::uint32_t r = random();
    return r % 3 == 0 ? random() % 5000 : r % 3 == 1 ? 0xffffffff - random() % 5000 : random() & 0xff0ff00f;
  };
  for (int i = 0; i < 300'000; ++i) {
    const std::uint32_t s = slot();
    const bool value = random() % 2 != 0;
    const bool changed = value ? expected.insert(s).second : expected.erase(s) > 0;
    ASSERT_EQ(bitmap.set(s, value), changed);
    const std::uint32_t other = slot();
    ASSERT_EQ(bitmap.test(other), expected.contains(other));
  }
}

TEST(KeyTable, AgainstAMap) {
  KeyTable table(HashSecret::random());
  std::unordered_map<std::uint64_t, std::uint32_t> expected;
  std::mt19937_64 random(2);
  for (int i = 0; i < 300'000; ++i) {
    // Keys that differ in few bits, high or low.
    const std::uint64_t value = (random() % 400) << (random() % 3 * 28);
    auto [place, is_new] = expected.emplace(value, expected.size());
    ASSERT_EQ(table.insert({value >> 7, value}), place->second);
    const std::uint64_t other = (random() % 800) << (random() % 3 * 28);
    auto found = table.find({other >> 7, other});
    auto wanted = expected.find(other);
    ASSERT_EQ(found.has_value(), wanted != expected.end());
    if (found) {
      ASSERT_EQ(*found, wanted->second);
    }
  }
  EXPECT_EQ(table.size(), expected.size());
}

TEST(KeyTable, ReadersFindWhatIsThereWhileItGrows) {
  KeyTable table(HashSecret::random());
  constexpr std::uint64_t count = 100'000;
  std::atomic<std::uint64_t> inserted{0};
  std::atomic<int> wrong{0};
  auto read = [&] {
    std::mt19937_64 random(3);
    while (true) {
      const std::uint64_t up_to = inserted.load(std::memory_order_acquire);
      if (up_to == count) return;
      if (up_to == 0) continue;
      const std::uint64_t key = random() % up_to;
      auto found = table.find({~key, key});
      if (found != std::optional(static_cast<std::uint32_t>(key))) ++wrong;
      if (table.find({key, key + 1})) ++wrong;
    }
  };
  std::thread first(read), second(read);
  for (std::uint64_t key = 0; key < count; ++key) {
    table.insert({~key, key});
    inserted.store(key + 1, std::memory_order_release);
  }
  first.join();
  second.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Calendar, AgainstAMultimap) {
  Calendar calendar;
  std::multimap<Time, std::uint32_t> expected;
  std::mt19937_64 random(4);
  Time now = -(Time{1} << 40);
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const Time spread = random() % 2 != 0 ? Time{1} << 34 : 1000;
    const Time due = now + static_cast<Time>(random() % spread);
    calendar.add(due, i);
    expected.emplace(due, i);
    if (random() % 3 != 0) continue;
    now += static_cast<Time>(random() % 300'000);
    ASSERT_EQ(calendar.next(), expected.begin()->first);
    std::unordered_set<std::uint32_t> taken;
    while (auto slot = calendar.take(now)) taken.insert(*slot);
    while (!expected.empty() && expected.begin()->first <= now) {
      ASSERT_TRUE(taken.erase(expected.begin()->second));
      expected.erase(expected.begin());
    }
    ASSERT_TRUE(taken.empty());
    ASSERT_EQ(calendar.size(), expected.size());
    if (expected.empty()) {
      ASSERT_EQ(calendar.next(), never);
    }
  }
}

}  // namespace
}  // namespace pgconsent::consent
