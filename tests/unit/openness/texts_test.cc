#include "proxy/openness/texts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "proxy/openness/words.h"

namespace pgconsent::openness {
namespace {

namespace fs = std::filesystem;
const fs::path folder = fs::path(PGCONSENT_SOURCE_DIR) / "proxy/openness";

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::set<std::string> plural_forms(const Texts& texts) {
  std::set<std::string> forms;
  std::istringstream in(texts.text("plurals"));
  for (std::string form; in >> form;) forms.insert(form);
  return forms;
}

// Keys without the form of a number; with the placeholders of each.
std::map<std::string, std::set<std::string>> keys_of(const Texts& texts) {
  static const std::regex placeholder("\\{([a-z_]+)\\}");
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& [key, text] : texts.entries()) {
    const std::size_t dot = key.rfind('.');
    const bool is_form = dot != std::string::npos && plural_forms(texts).contains(key.substr(dot + 1));
    auto& names = keys[is_form ? key.substr(0, dot) : key];
    for (std::sregex_iterator it(text.begin(), text.end(), placeholder), end; it != end; ++it)
      names.insert((*it)[1].str());
  }
  return keys;
}

TEST(Texts, EveryLanguageHasTheSameKeysAndPlaceholders) {
  ASSERT_GE(Texts::languages().size(), 2u);
  const auto wanted = keys_of(*Texts::find("en"));
  for (const std::string& language : Texts::languages()) {
    const auto keys = keys_of(*Texts::find(language));
    for (const auto& [key, names] : wanted) {
      ASSERT_TRUE(keys.contains(key)) << language << " lacks " << key;
      EXPECT_EQ(keys.at(key), names) << language << ": " << key;
    }
    for (const auto& [key, names] : keys)
      EXPECT_TRUE(wanted.contains(key)) << language << " alone has " << key;
  }
}

TEST(Texts, NoTextIsEmptyOrTwiceInAFile) {
  for (const std::string& language : Texts::languages()) {
    const std::string file = read_file(folder / "texts" / (language + ".txt"));
    std::set<std::string> seen;
    std::istringstream in(file);
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line.starts_with('#')) continue;
      const std::string key = line.substr(0, line.find(' '));
      EXPECT_TRUE(seen.insert(key).second) << language << ": " << key << " is there twice";
      EXPECT_FALSE(Texts::find(language)->text(key).empty()) << language << ": " << key;
    }
    EXPECT_EQ(seen.size(), Texts::find(language)->entries().size()) << language;
  }
}

TEST(Texts, NumbersHaveAllTheirForms) {
  for (const std::string& language : Texts::languages()) {
    const Texts& texts = *Texts::find(language);
    std::map<std::string, std::set<std::string>> forms;
    for (const auto& [key, text] : texts.entries()) {
      const std::size_t dot = key.rfind('.');
      if (dot != std::string::npos && plural_forms(texts).contains(key.substr(dot + 1)))
        forms[key.substr(0, dot)].insert(key.substr(dot + 1));
    }
    EXPECT_GE(forms.size(), 8u);
    for (const auto& [key, found] : forms) EXPECT_EQ(found, plural_forms(texts)) << language << ": " << key;
  }
}

// Keys in the sources stand as literals, or begin with one: "basis." + name.
TEST(Texts, EveryKeyIsUsedAndEveryUsedKeyIsThere) {
  const auto keys = keys_of(*Texts::find("en"));
  static const std::regex literal("\"([a-z_]+(?:\\.[a-z0-9_-]*)+)\"");
  std::set<std::string> used;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
    const std::string source = read_file(entry.path());
    for (std::sregex_iterator it(source.begin(), source.end(), literal), end; it != end; ++it)
      used.insert((*it)[1].str());
  }
  for (const std::string& name : used) {
    if (name.starts_with("pgconsent.") || name == "s." || name == "t.") continue;  // SQL
    const bool is_prefix = name.ends_with('.');
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
      return is_prefix ? key.first.starts_with(name) : key.first == name;
    });
    EXPECT_TRUE(known) << name << " is used, but no text";
  }
  for (const auto& [key, names] : keys) {
    const bool is_used =
        key == "plurals" || std::any_of(used.begin(), used.end(), [&](const std::string& name) {
          return name == key || (name.ends_with('.') && key.starts_with(name));
        });
    EXPECT_TRUE(is_used) << key << " is a text that nobody uses";
  }
}

TEST(Texts, RussianNumbers) {
  const Texts& texts = *Texts::find("ru");
  for (auto [number, words] : std::initializer_list<std::pair<int, const char*>>{{0, "0 строк"},
                                                                                 {1, "1 строка"},
                                                                                 {2, "2 строки"},
                                                                                 {4, "4 строки"},
                                                                                 {5, "5 строк"},
                                                                                 {11, "11 строк"},
                                                                                 {12, "12 строк"},
                                                                                 {14, "14 строк"},
                                                                                 {21, "21 строка"},
                                                                                 {22, "22 строки"},
                                                                                 {25, "25 строк"},
                                                                                 {101, "101 строка"},
                                                                                 {111, "111 строк"},
                                                                                 {112, "112 строк"},
                                                                                 {122, "122 строки"}})
    EXPECT_EQ(texts.count("report.rows", number), words);
  EXPECT_EQ(Texts::find("en")->count("report.rows", 1), "1 row");
  EXPECT_EQ(Texts::find("en")->count("report.rows", 0), "0 rows");
}

TEST(Texts, WhatIsMissingShowsItsKey) {
  const Texts texts = Texts::parse("xx", "# comment\na = A {n} b {m}\n\nb=B");
  EXPECT_EQ(texts.text("nothing"), "[nothing]");
  const Inline filled = texts.fill("a", {{"n", code("{m}")}, {"m", plain("2")}});
  ASSERT_EQ(filled.size(), 4u);  // what is filled in is not filled again
  EXPECT_EQ(filled[1].text, "{m}");
  EXPECT_EQ(filled[3].text, "2");
}

TEST(Words, RetentionIsReadInItsOneFormOnly) {
  const auto found = read_retention("row.made + interval '10 years'");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->moment, "made");
  EXPECT_EQ(found->number, 10);
  EXPECT_EQ(found->unit, "year");
  EXPECT_EQ(read_retention("subject.made+INTERVAL '1 Month'")->moment, "subject.made");
  for (const char* other :
       {"made + interval '10 years 2 months'", "made - interval '1 year'", "made + interval '-1 year'",
        "now()", "made + interval '1 year' * 2", "greatest(made, x) + interval '1 year'", ""})
    EXPECT_FALSE(read_retention(other)) << other;
}

}  // namespace
}  // namespace pgconsent::openness
