// Words of names and of constants: letters, digits, _ and whatever is not ASCII, in lower case.
#pragma once

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace pgconsent::parser {

// With where they begin.
template <class Use>
void for_each_word_at(std::string_view text, Use use) {
  std::string word;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const auto c = at < text.size() ? static_cast<unsigned char>(text[at]) : ' ';
    if (std::isalnum(c) != 0 || c == '_' || c >= 0x80) {
      word.push_back(static_cast<char>(std::tolower(c)));
    } else if (!word.empty()) {
      const std::size_t begin = at - word.size();
      use(std::exchange(word, {}), begin);
    }
  }
}

template <class Use>
void for_each_word(std::string_view text, Use use) {
  for_each_word_at(text, [&](std::string word, std::size_t) { use(std::move(word)); });
}

// Is it one word, but for its case?
inline bool is_word(std::string_view text) {
  bool is_all = false;
  for_each_word(text, [&](const std::string& word) { is_all = word.size() == text.size(); });
  return is_all;
}

// Are all words of the text among these?
template <class Words>
bool holds_words(const Words& words, std::string_view text) {
  bool all = true;
  for_each_word(text, [&](const std::string& word) { all &= words.contains(word); });
  return all;
}

}  // namespace pgconsent::parser
