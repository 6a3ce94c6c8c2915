#include "proxy/net/greeting.h"

#include <gtest/gtest.h>

namespace pgconsent::net {
namespace {

using Step = Greeting::Step;
using Encryption = Greeting::Encryption;

void add(Greeting& greeting, std::string_view bytes) {
  greeting.add(std::as_bytes(std::span(bytes)));
}

std::string startup() {
  wire::StartupPacket packet;
  packet.parameters = {{"user", "app"}, {"database", "shop"}};
  std::string out;
  wire::serialize(packet, out);
  return out;
}
std::string ssl_request() {
  std::string out;
  wire::serialize_ssl_request(out);
  return out;
}
std::string gss_request() {
  std::string out;
  wire::serialize_gssenc_request(out);
  return out;
}

TEST(Greeting, PlainStartupByteByByte) {
  Greeting greeting(Encryption::allow);
  std::string packet = startup();
  for (std::size_t i = 0; i + 1 < packet.size(); ++i) {
    add(greeting, packet.substr(i, 1));
    ASSERT_EQ(greeting.next(), Step::need_more);
  }
  add(greeting, packet.substr(packet.size() - 1));
  ASSERT_EQ(greeting.next(), Step::startup);
  EXPECT_EQ(greeting.startup().get("user"), "app");
}

TEST(Greeting, KeepsWhatFollowsTheStartupPacket) {
  Greeting greeting(Encryption::absent);
  add(greeting, startup() + "more");
  ASSERT_EQ(greeting.next(), Step::startup);
  EXPECT_EQ(greeting.rest().size(), 4u);
}

TEST(Greeting, TlsThenStartup) {
  Greeting greeting(Encryption::require);
  add(greeting, ssl_request());
  ASSERT_EQ(greeting.next(), Step::start_tls);
  greeting.tls_established();
  add(greeting, startup());
  EXPECT_EQ(greeting.next(), Step::startup);
}

TEST(Greeting, GssThenTlsThenStartup) {
  Greeting greeting(Encryption::allow);
  add(greeting, gss_request());
  ASSERT_EQ(greeting.next(), Step::answer_no);
  ASSERT_EQ(greeting.next(), Step::need_more);
  add(greeting, ssl_request());
  ASSERT_EQ(greeting.next(), Step::start_tls);
}

TEST(Greeting, TlsIsAnsweredNoWhereThereIsNone) {
  Greeting greeting(Encryption::absent);
  add(greeting, ssl_request());
  ASSERT_EQ(greeting.next(), Step::answer_no);
  add(greeting, startup());
  EXPECT_EQ(greeting.next(), Step::startup);
}

TEST(Greeting, RequiredTlsRefusesAPlainStartup) {
  Greeting greeting(Encryption::require);
  add(greeting, startup());
  ASSERT_EQ(greeting.next(), Step::fatal);
  EXPECT_EQ(greeting.fatal().sqlstate, "28000");
  EXPECT_EQ(greeting.fatal().message, "pgconsent: TLS is required");
}

// CVE-2021-23222: what came in plain text before the handshake must not be taken for the session's.
TEST(Greeting, BytesBehindAnEncryptionRequestAreRefused) {
  for (auto encryption : {Encryption::absent, Encryption::allow, Encryption::require}) {
    for (const std::string& request : {ssl_request(), gss_request()}) {
      Greeting greeting(encryption);
      add(greeting, request + startup());
      ASSERT_EQ(greeting.next(), Step::fatal);
      EXPECT_EQ(greeting.fatal().sqlstate, "08P01");
    }
  }
}

TEST(Greeting, EachRequestOnlyOnceAndNotInsideTls) {
  Greeting twice(Encryption::absent);
  add(twice, ssl_request());
  ASSERT_EQ(twice.next(), Step::answer_no);
  add(twice, ssl_request());
  EXPECT_EQ(twice.next(), Step::fatal);
  Greeting inside(Encryption::allow);
  add(inside, ssl_request());
  ASSERT_EQ(inside.next(), Step::start_tls);
  inside.tls_established();
  add(inside, gss_request());
  EXPECT_EQ(inside.next(), Step::fatal);
}

TEST(Greeting, CancelNeedsNoTls) {
  Greeting greeting(Encryption::require);
  std::string packet;
  wire::serialize(wire::CancelRequest{42, "abcd"}, packet);
  add(greeting, packet);
  ASSERT_EQ(greeting.next(), Step::cancel);
  EXPECT_EQ(greeting.cancel().process, 42u);
  EXPECT_EQ(greeting.cancel().key, "abcd");
}

TEST(Greeting, ImpossibleLengthsEndTheConnection) {
  for (std::string bytes : {std::string("\0\0\0\3", 4), std::string("\xff\xff\xff\xff", 4),
                            std::string("\0\0\x27\x15", 4), std::string("GET / HTTP/1.1\r\n")}) {
    Greeting greeting(Encryption::allow);
    add(greeting, bytes);
    EXPECT_EQ(greeting.next(), Step::close);
  }
}

TEST(Greeting, MalformedStartupPacketsAreRefused) {
  std::string packet = startup();
  for (std::size_t cut = 9; cut < packet.size(); ++cut) {  // the parameters end in the middle
    std::string shorter = packet.substr(0, cut);
    shorter[3] = static_cast<char>(cut);
    Greeting greeting(Encryption::allow);
    add(greeting, shorter);
    Step step = greeting.next();
    EXPECT_EQ(step, Step::fatal) << cut;
  }
}

TEST(Greeting, AnyBytesHaveAnAnswer) {
  std::uint32_t random = 1;
  for (int round = 0; round < 20'000; ++round) {
    Greeting greeting(Encryption::allow);
    std::string bytes("\0\0\0\x10", 4);
    for (int i = 0; i < 12; ++i)
      bytes.push_back(static_cast<char>((random = random * 1664525 + 1013904223) >> 24));
    if (round % 2 == 0) bytes.replace(4, 4, std::string("\0\3\0\0", 4));
    add(greeting, bytes);
    Step step = greeting.next();
    EXPECT_NE(step, Step::need_more);
  }
}

}  // namespace
}  // namespace pgconsent::net
