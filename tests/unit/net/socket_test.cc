#include "proxy/net/socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "proxy/net/cancel_keys.h"

namespace pgconsent::net {
namespace {

std::string literal(const std::string& host) {
  auto address = literal_address({host, 5432});
  return address ? to_string(*address) : "none";
}

TEST(Socket, KnowsLiteralAddresses) {
  EXPECT_EQ(literal("127.0.0.1"), "127.0.0.1:5432");
  EXPECT_EQ(literal("::1"), "[::1]:5432");
  EXPECT_EQ(literal("/run/postgresql"), "unix");
  EXPECT_EQ(literal("localhost"), "none");
  EXPECT_EQ(literal("/" + std::string(200, 'x')), "none");
}

TEST(Socket, KnowsLocalAddresses) {
  EXPECT_TRUE(is_local(*literal_address({"127.9.9.9", 1})));
  EXPECT_TRUE(is_local(*literal_address({"::1", 1})));
  EXPECT_TRUE(is_local(*literal_address({"/tmp", 1})));
  EXPECT_FALSE(is_local(*literal_address({"10.0.0.1", 1})));
  EXPECT_FALSE(is_local(*literal_address({"fe80::1", 1})));
}

TEST(Socket, SaysWhyItCannotListen) {
  auto first = listen_on({"127.0.0.1", 0});
  ASSERT_GE(first.fd, 0);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(first.fd, reinterpret_cast<sockaddr*>(&bound), &size);
  std::string name = to_string(Address{bound, size});
  auto second =
      listen_on({"127.0.0.1", static_cast<std::uint16_t>(std::stoi(name.substr(name.find(':') + 1)))});
  EXPECT_EQ(second.fd, -1);
  EXPECT_EQ(second.error, "can't listen on " + name + ": Address already in use");
  ::close(first.fd);
  EXPECT_NE(listen_on({"/nonexistent", 1}).error, "");
}

TEST(CancelKeys, FindTheServerOfAKey) {
  CancelKeys keys;
  keys.add("aaaabbbb", {{"one", 1}, {}});
  keys.add("ccccdddd", {{"two", 2}, {}});
  EXPECT_EQ(keys.find("ccccdddd")->endpoint.host, "two");
  EXPECT_FALSE(keys.find("aaaadddd"));
  keys.remove("aaaabbbb");
  EXPECT_FALSE(keys.find("aaaabbbb"));
  keys.remove("unknown");
}

}  // namespace
}  // namespace pgconsent::net
