#include "proxy/wire/framer.h"

#include <gtest/gtest.h>

#include "proxy/wire/writer.h"

namespace pgconsent::wire {
namespace {

std::string message(char type, std::string_view body) {
  std::string out;
  Writer(out, type).bytes(body);
  return out;
}

// Passes small letters, drops digits, answers capitals (which need their whole body) with a message of its
// own.
std::string run(std::string_view stream, std::size_t piece) {
  Framer framer;
  std::string out;
  while (!stream.empty()) {
    const std::string bytes(stream.substr(0, piece));
    stream.remove_prefix(bytes.size());
    framer.begin(bytes, out);
    for (Header header; framer.header(header);) {
      if (header.type >= 'A' && header.type <= 'Z') {
        if (!framer.whole(header)) break;
        const std::string body(framer.available(header));
        Writer(framer.own(), '=').bytes(body);
        framer.drop(header);
      } else if (header.type >= '0' && header.type <= '9') {
        framer.drop(header);
      } else {
        framer.pass(header);
      }
    }
    framer.end();
  }
  EXPECT_EQ(framer.pending(), 0u);
  EXPECT_FALSE(framer.in_message());
  return out;
}

TEST(Framer, PiecesOfAnySizeGiveTheSame) {
  const std::string big(1000, 'x');
  const auto stream = message('a', "one") + message('1', "two") + message('A', "three") + message('b', "") +
                      message('2', big) + message('c', big) + message('B', big) + message('d', "end");
  const auto wanted = message('a', "one") + message('=', "three") + message('b', "") + message('c', big) +
                      message('=', big) + message('d', "end");
  for (std::size_t piece = 1; piece <= stream.size(); piece = piece < 40 ? piece + 1 : piece * 2 + 1) {
    EXPECT_EQ(run(stream, piece), wanted) << piece;
  }
  EXPECT_EQ(run(stream, stream.size()), wanted);
}

TEST(Framer, ALargeMessagePassesWithoutBeingKept) {
  Framer framer;
  std::string out;
  const auto begin = message('d', std::string(100, 'x')).substr(0, 50);
  framer.begin(begin, out);
  Header header;
  ASSERT_TRUE(framer.header(header));
  EXPECT_FALSE(framer.whole(header));
  framer.pass(header);
  framer.end();
  EXPECT_EQ(out.size(), 50u);
  EXPECT_EQ(framer.pending(), 0u);
  EXPECT_TRUE(framer.in_message());
}

}  // namespace
}  // namespace pgconsent::wire
