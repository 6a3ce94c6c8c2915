#include "proxy/wire/startup_packet.h"

#include <gtest/gtest.h>

#include "proxy/wire/writer.h"

namespace pgconsent::wire {
namespace {

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string packet(std::uint32_t code, std::string_view rest) {
  std::string out;
  Writer(out).u32(code).bytes(rest);
  return out;
}

TEST(StartupPacket, ParametersInOrderTheLastWins) {
  const auto parsed =
      parse_startup_packet(bytes(packet(protocol_3_0, std::string("user\0a\0x\0\0user\0b\0\0", 18))));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->version, protocol_3_0);
  ASSERT_EQ(parsed->parameters.size(), 3u);
  EXPECT_EQ(parsed->get("user"), "b");
  EXPECT_TRUE(parsed->has("x"));
  EXPECT_EQ(parsed->get("x"), "");
  EXPECT_FALSE(parsed->has("y"));
}

TEST(StartupPacket, WritesWhatItReads) {
  const StartupPacket original{protocol_3_0 + 2, {{"user", "a"}, {"options", "-c x=y"}, {"_pq_.z", ""}}};
  std::string out;
  serialize(original, out);
  EXPECT_EQ(startup_packet_length(bytes(out)), out.size());
  const auto parsed = parse_startup_packet(bytes(out));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->version, original.version);
  EXPECT_EQ(parsed->minor_version(), 2);
  EXPECT_EQ(parsed->parameters, original.parameters);
}

TEST(StartupPacket, MalformedOnes) {
  for (const auto& rest : {std::string(), std::string("user"), std::string("user\0a", 6),
                           std::string("user\0a\0", 7), std::string("user\0a\0\0x", 9)}) {
    EXPECT_FALSE(parse_startup_packet(bytes(packet(protocol_3_0, rest)))) << rest.size();
  }
  auto short_one = packet(protocol_3_0, std::string("user\0a\0\0", 8));
  short_one.pop_back();
  EXPECT_EQ(classify_startup(bytes(short_one)), StartupKind::invalid);
}

TEST(StartupPacket, Kinds) {
  std::string out;
  serialize_ssl_request(out);
  EXPECT_EQ(classify_startup(bytes(out)), StartupKind::ssl_request);
  EXPECT_EQ(classify_startup(bytes(packet(ssl_request_code, "x"))), StartupKind::invalid);
  out.clear();
  serialize_gssenc_request(out);
  EXPECT_EQ(classify_startup(bytes(out)), StartupKind::gssenc_request);
  out.clear();
  serialize(CancelRequest{42, "abcd"}, out);
  EXPECT_EQ(classify_startup(bytes(out)), StartupKind::cancel_request);
  const auto cancel = parse_cancel_request(bytes(out));
  ASSERT_TRUE(cancel);
  EXPECT_EQ(cancel->process, 42u);
  EXPECT_EQ(cancel->key, "abcd");
  EXPECT_EQ(classify_startup(bytes(packet(cancel_request_code, "abcd"))), StartupKind::invalid);
  EXPECT_EQ(classify_startup(bytes(packet(2u << 16, "\0\0"))), StartupKind::startup);
}

TEST(StartupPacket, Lengths) {
  const auto length = [](std::uint32_t value) {
    std::string out(4, '\0');
    store_u32(out.data(), value);
    return startup_packet_length(bytes(out));
  };
  EXPECT_EQ(startup_packet_length({}), std::nullopt);
  EXPECT_EQ(length(0), 0u);
  EXPECT_EQ(length(7), 0u);
  EXPECT_EQ(length(8), 8u);
  EXPECT_EQ(length(max_startup_packet_length + 4), max_startup_packet_length + 4);
  EXPECT_EQ(length(max_startup_packet_length + 5), 0u);
  EXPECT_EQ(length(0xffffffff), 0u);
}

}  // namespace
}  // namespace pgconsent::wire
