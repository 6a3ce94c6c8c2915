#include "proxy/session/startup_options.h"

#include <gtest/gtest.h>

#include "parser/names/encodings.h"
#include "proxy/session/dialect.h"

namespace pgconsent::session {
namespace {

Settings parsed(std::string_view options) {
  auto result = parse_options(options);
  if (const auto* settings = std::get_if<Settings>(&result)) return *settings;
  return {{"error", std::get<parser::SqlError>(result).message}};
}

TEST(StartupOptions, SplitsAsTheServerDoes) {
  EXPECT_EQ(parsed(""), Settings());
  EXPECT_EQ(parsed(" \t\n"), Settings());
  EXPECT_EQ(parsed("-c a=b"), (Settings{{"a", "b"}}));
  EXPECT_EQ(parsed("-ca=b --c-d=e"), (Settings{{"a", "b"}, {"c_d", "e"}}));
  EXPECT_EQ(parsed("-c\ta=b\\ c\\\\d"), (Settings{{"a", "b c\\d"}}));
  EXPECT_EQ(parsed("-c a="), (Settings{{"a", ""}}));
  EXPECT_EQ(parsed("-c a=b=c"), (Settings{{"a", "b=c"}}));
  EXPECT_EQ(parsed("-c PgConsent.Purpose=x"), (Settings{{"pgconsent.purpose", "x"}}));
  EXPECT_EQ(parsed("-c a=b\\"), (Settings{{"a", "b"}}));  // a lone backslash at the end means nothing
}

TEST(StartupOptions, RefusesWhatIsNotASetting) {
  for (const auto* options :
       {"-c", "-c a", "-c =b", "--", "--a", "-e", "-d 5", "-O", "x", "-", "\\-c", "-\\"}) {
    const auto result = parse_options(options);
    EXPECT_TRUE(std::holds_alternative<parser::SqlError>(result) || std::string_view(options) == "\\-c")
        << options;
  }
}

TEST(StartupOptions, WritesWhatItReads) {
  const Settings settings{{"a", "b c"}, {"d", "\\e\tf"}, {"g", ""}, {"h", "'\"="}};
  EXPECT_EQ(parsed(format_options(settings)), settings);
}

TEST(Dialect, EncodingsAndTheirAliases) {
  for (const auto* name : {"SJIS", "shift_jis", "Mskanji", "SHIFT_JIS_2004", "big5", "win-950", "GBK",
                           "windows936", "UHC", "gb18030", "JOHAB", "  g b k"}) {
    EXPECT_TRUE(parser::is_unsafe_encoding(name)) << name;
  }
  for (const auto* name :
       {"UTF8", "unicode", "LATIN1", "SQL_ASCII", "WIN1252", "ISO_8859_5", "EUC_JP", "", "nonsense"}) {
    EXPECT_FALSE(parser::is_unsafe_encoding(name)) << name;
  }
}

TEST(Dialect, Booleans) {
  for (const auto* text : {"t", "TRUE", "tr", "y", "yes", "on", "1"})
    EXPECT_EQ(parse_boolean(text), Boolean::yes) << text;
  for (const auto* text : {"f", "false", "n", "No", "of", "off", "0"})
    EXPECT_EQ(parse_boolean(text), Boolean::no) << text;
  for (const auto* text : {"", "o", "database", "2", "truee"})
    EXPECT_EQ(parse_boolean(text), Boolean::invalid) << text;
}

TEST(Dialect, CopyIsFoundAnywhere) {
  EXPECT_TRUE(may_copy("select 1; CoPy t from stdin"));
  EXPECT_FALSE(may_copy("select cop"));
  EXPECT_TRUE(may_be_copy(" \n COPY t from stdin"));
  EXPECT_TRUE(may_be_copy("/* c */ copy t from stdin"));
  EXPECT_TRUE(may_be_copy("-- c\ncopy t from stdin"));
  EXPECT_TRUE(may_be_copy(";copy t from stdin"));
  EXPECT_FALSE(may_be_copy("select copy"));
}

}  // namespace
}  // namespace pgconsent::session
