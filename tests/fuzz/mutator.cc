#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgconsent::fuzz {

namespace {

// What parsers of SQL, YAML and length-prefixed messages are most likely to stumble over.
using namespace std::string_view_literals;
constexpr std::array tokens{"'"sv,
                            "\""sv,
                            "$1"sv,
                            "$$"sv,
                            "--"sv,
                            "/*"sv,
                            "*/"sv,
                            ";"sv,
                            "("sv,
                            ")"sv,
                            "E'\\"sv,
                            "U&\""sv,
                            "::text"sv,
                            ".*"sv,
                            " UNION "sv,
                            " AS "sv,
                            " LATERAL "sv,
                            "SELECT "sv,
                            " FROM "sv,
                            "users"sv,
                            "\n"sv,
                            "  "sv,
                            ": "sv,
                            "- "sv,
                            "{"sv,
                            "}"sv,
                            "["sv,
                            "]"sv,
                            "&a "sv,
                            "*a"sv,
                            "|\n"sv,
                            "\t"sv,
                            "\0"sv,
                            "\xff"sv,
                            "\xc3\xa4"sv,
                            "\xed\xa0\x80"sv,
                            "-1"sv,
                            "0"sv,
                            "65536"sv,
                            "1e999"sv,
                            "18446744073709551616"sv};
constexpr std::array lengths{"\0\0\0\0"sv,   "\0\0\0\1"sv,         "\0\0\0\4"sv,
                             "\0\0\0\5"sv,   "\0\0\0\xff"sv,       "\0\0\xff\xff"sv,
                             "\0\1\0\0"sv,   "\x3f\xff\xff\xff"sv, "\x7f\xff\xff\xff"sv,
                             "\x80\0\0\0"sv, "\xff\xff\xff\xff"sv, "\xff\xff\xff\xfe"sv};

}  // namespace

Mutator::Mutator(const std::vector<std::string>& corpus, std::uint64_t seed)
    : corpus_(corpus), random_(seed) {}

std::size_t Mutator::below(std::size_t limit) {
  return limit == 0 ? 0 : random_() % limit;
}

const std::string& Mutator::any_input() {
  return corpus_[below(corpus_.size())];
}

std::string Mutator::next() {
  std::string input = any_input();
  for (std::size_t changes = 1 + below(6); changes > 0; --changes) change(input);
  if (input.size() > max_input) input.resize(max_input);
  return input;
}

void Mutator::change(std::string& input) {
  const std::size_t at = below(input.size() + 1);
  const std::size_t rest = input.size() - at;
  switch (below(9)) {
    case 0:  // one bit
      if (rest > 0) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
      break;
    case 1:  // one byte
      if (rest > 0) input[at] = static_cast<char>(below(256));
      break;
    case 2:
      input.insert(at, 1, static_cast<char>(below(256)));
      break;
    case 3:
      input.erase(at, 1 + below(std::min<std::size_t>(rest, 32)));
      break;
    case 4:
      input.resize(at);
      break;
    case 5:  // the same again, now and then often enough to be deep
      if (rest > 0) {
        const std::string piece = input.substr(at, 1 + below(std::min<std::size_t>(rest, 64)));
        for (std::size_t times = below(8) == 0 ? 1 + below(500) : 1; times > 0; --times)
          input.insert(at, piece);
      }
      break;
    case 6:
      input.insert(at, tokens[below(tokens.size())]);
      break;
    case 7: {  // a length word
      const std::string_view length = lengths[below(lengths.size())];
      input.replace(at, std::min<std::size_t>(rest, length.size()), length);
      break;
    }
    case 8: {  // the tail, or a piece, of another input
      const std::string& other = any_input();
      const std::size_t from = below(other.size() + 1);
      if (below(2) == 0) input.resize(at);
      input.insert(at, other.substr(from, below(2) == 0 ? std::string::npos : below(64)));
      break;
    }
  }
}

}  // namespace pgconsent::fuzz
