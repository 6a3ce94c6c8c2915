// Every message is read from what was written; every prefix of it is malformed or another message, never a
// crash.
#include <gtest/gtest.h>

#include "proxy/wire/backend/messages.h"

#include "proxy/wire/frontend/messages.h"
#include "proxy/wire/limits.h"

namespace pgconsent::wire {
namespace {

// Writes, reads and writes again: both texts must be equal.
template <typename Message>
void round_trip(const Message& message) {
  std::string first, second;
  serialize(message, first);
  ASSERT_GE(first.size(), 5u);
  EXPECT_EQ(first[0], Message::type);
  EXPECT_EQ(load_u32(first.data() + 1) + 1, first.size());
  const auto body = std::string_view(first).substr(5);
  Message copy;
  ASSERT_TRUE(parse(body, copy)) << Message::type;
  serialize(copy, second);
  EXPECT_EQ(first, second);
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::string prefix(body.substr(0, size));
    Message partial;
    parse(prefix, partial);
  }
}

// …and is malformed when a byte is missing or too many, which holds for all without a trailing free part.
template <typename Message>
void exact(const Message& message) {
  round_trip(message);
  std::string out;
  serialize(message, out);
  Message copy;
  EXPECT_FALSE(parse(std::string_view(out).substr(5, out.size() - 6), copy)) << Message::type;
  EXPECT_FALSE(parse(std::string_view(out + "x").substr(5), copy)) << Message::type;
}

TEST(FrontendMessages, RoundTrip) {
  using namespace frontend;
  exact(Query{"select 1"});
  exact(Parse{"s", "select $1", {23, 0}});
  exact(Bind{"p", "s", {0, 1}, {"a", std::nullopt, ""}, {1}});
  exact(Describe{Target::portal, "p"});
  exact(Close{Target::statement, ""});
  exact(Execute{"p", 100});
  exact(CopyFail{"no"});
  exact(FunctionCall{954, {1}, {"a", std::nullopt}, 1});
  exact(PasswordMessage{"secret"});
  exact(SASLInitialResponse{"SCRAM-SHA-256", "n,,n=,r=x"});
  exact(SASLInitialResponse{"SCRAM-SHA-256", std::nullopt});
  round_trip(SASLResponse{"c=biws"});
  round_trip(GSSResponse{"x"});
  round_trip(CopyData{"1\t2\n"});
  round_trip(CopyDone{});
  round_trip(Flush{});
  round_trip(Sync{});
  round_trip(Terminate{});
}

TEST(BackendMessages, RoundTrip) {
  using namespace backend;
  round_trip(Authentication{Authentication::md5_password, "salt"});
  round_trip(BackendKeyData{42, "abcd"});
  exact(CommandComplete{"SELECT 1"});
  exact(CopyInResponse{0, {0, 0}});
  exact(CopyOutResponse{1, {1}});
  exact(CopyBothResponse{0, {}});
  exact(DataRow{{"a", std::nullopt, ""}});
  exact(ErrorResponse{{{'S', "ERROR"}, {'C', "42501"}, {'M', "no"}}});
  exact(NoticeResponse{{{'M', "no"}}});
  exact(FunctionCallResponse{"x"});
  exact(FunctionCallResponse{std::nullopt});
  exact(NegotiateProtocolVersion{protocol_3_0, {"_pq_.a", "_pq_.b"}});
  exact(NotificationResponse{1, "channel", "payload"});
  exact(ParameterDescription{{23, 25}});
  exact(ParameterStatus{"TimeZone", "UTC"});
  exact(ReadyForQuery{'T'});
  exact(RowDescription{{{"id", 16384, 1, 23, 4, -1, 0, 0}, {"x", 0, 0, 25, -1, -1, 1, 0}}});
  round_trip(CopyData{"1\n"});
  round_trip(BindComplete{});
  round_trip(CloseComplete{});
  round_trip(CopyDone{});
  round_trip(EmptyQueryResponse{});
  round_trip(NoData{});
  round_trip(ParseComplete{});
  round_trip(PortalSuspended{});
}

TEST(BackendMessages, OfferOfMechanisms) {
  std::string out;
  serialize(backend::AuthenticationSASL{{"A", "B"}}, out);
  backend::Authentication request;
  ASSERT_TRUE(parse(std::string_view(out).substr(5), request));
  EXPECT_EQ(request.code, backend::Authentication::sasl);
  backend::AuthenticationSASL offer;
  ASSERT_TRUE(parse(request.data, offer));
  EXPECT_EQ(offer.mechanisms, (std::vector<std::string_view>{"A", "B"}));
  EXPECT_FALSE(parse(request.data.substr(0, 3), offer));
}

TEST(Messages, LiesAboutCounts) {
  frontend::Bind bind;
  EXPECT_FALSE(parse(std::string_view("\0\0\xff\xff", 4), bind));
  EXPECT_FALSE(parse(std::string_view("\0\0\0\0\0\1\x80\0\0\0\0\0", 12), bind));
  backend::DataRow row;
  EXPECT_FALSE(parse(std::string_view("\0\1\x7f\xff\xff\xff", 6), row));
  EXPECT_FALSE(parse(std::string_view("\0\1\xff\xff\xff\xfe", 6), row));
  backend::ReadyForQuery ready;
  EXPECT_FALSE(parse("X", ready));
  frontend::Describe describe;
  EXPECT_FALSE(parse(std::string_view("X\0", 2), describe));
}

TEST(RowDescription, OriginsCanBePatched) {
  std::string out;
  serialize(backend::RowDescription{{{"a", 0, 0, 23, 4, -1, 0, 0}}}, out);
  const auto body = std::string_view(out).substr(5);
  backend::RowDescription description;
  ASSERT_TRUE(parse(body, description));
  const auto at = description.columns[0].origin_at;
  store_u32(&out[5 + at], 16384);
  store_u16(&out[5 + at + 4], 3);
  ASSERT_TRUE(parse(std::string_view(out).substr(5), description));
  EXPECT_EQ(description.columns[0].table, 16384u);
  EXPECT_EQ(description.columns[0].attnum, 3);
}

}  // namespace
}  // namespace pgconsent::wire
