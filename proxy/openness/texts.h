// The words of a statement or a report in one language. One file per language in texts/, compiled in:
// `key = text`, `{name}` is filled in, `key.one`, `key.few` … are the forms that a number asks for.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/openness/document.h"

namespace pgconsent::openness {

class Texts {
 public:
  using Arguments = std::initializer_list<std::pair<std::string_view, Inline>>;

  // Null where there is no such language.
  static const Texts* find(std::string_view language);
  static std::vector<std::string> languages();
  // The file's own; tests read files that are not compiled in.
  static Texts parse(std::string_view language, std::string_view file);

  const std::string& language() const { return language_; }
  // A key that is not there shows itself: a test holds all languages to the same keys.
  std::string text(std::string_view key) const;
  Inline fill(std::string_view key, Arguments arguments) const;
  // The form for `number`, with {n} filled in.
  std::string count(std::string_view key, std::int64_t number) const;
  bool has(std::string_view key) const { return entries_.contains(key); }
  const std::map<std::string, std::string, std::less<>>& entries() const { return entries_; }

 private:
  std::string language_;
  std::map<std::string, std::string, std::less<>> entries_;
};

// The plural forms of a language that the file names by `plurals`: `one other`, or `one few many` (East
// Slavic: 1 таблица, 2 таблицы, 5 таблиц, 11 таблиц, 21 таблица). Source: Unicode CLDR's plural rules.
std::string_view plural_form(std::string_view forms, std::int64_t number);

}  // namespace pgconsent::openness
