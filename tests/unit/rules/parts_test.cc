// The small parsers: names, masks, conditions, suggestions, text.
#include <gtest/gtest.h>

#include "rules/digest.h"
#include "rules/mask_parser.h"
#include "rules/names.h"
#include "rules/reader.h"
#include "rules/suggest.h"
#include "rules/utf8.h"

namespace pgconsent::rules {
namespace {

std::optional<Mask> mask(std::string_view text) {
  Diagnostics out;
  Reporter report("f", out);
  auto parsed = parse_mask({std::string(text), {1, 1}}, report);
  EXPECT_EQ(parsed.has_value(), out.empty());
  return parsed;
}

TEST(MaskParser, TakesEveryForm) {
  EXPECT_EQ(mask("null")->kind, Mask::Kind::null);
  EXPECT_EQ(mask("email")->kind, Mask::Kind::email);
  EXPECT_EQ(mask("hash")->kind, Mask::Kind::hash);
  EXPECT_EQ(mask("pseudonym")->kind, Mask::Kind::pseudonym);
  EXPECT_EQ(mask("year")->kind, Mask::Kind::year);
  EXPECT_EQ(mask("month")->kind, Mask::Kind::month);
  EXPECT_EQ(mask("round(-2)")->step, -2);
  EXPECT_EQ(mask("range( 10 )")->step, 10);
}

TEST(MaskParser, TakesQuotesInTexts) {
  EXPECT_EQ(mask("constant('it''s')")->text, "it's");
  EXPECT_EQ(mask("constant('')")->text, "");
  EXPECT_EQ(mask("constant('a,b)')")->text, "a,b)");
}

TEST(MaskParser, TakesPartial) {
  auto partial = mask("partial(1, '***', 2)");
  EXPECT_EQ(partial->prefix, 1);
  EXPECT_EQ(partial->text, "***");
  EXPECT_EQ(partial->suffix, 2);
}

TEST(MaskParser, RefusesTheRest) {
  for (const char* bad : {"",
                          "nul",
                          "null()",
                          "null(1)",
                          "constant",
                          "constant()",
                          "constant(1)",
                          "constant('a",
                          "constant('a')b",
                          "constant('a','b')",
                          "partial(1,'x')",
                          "partial('x',1,2)",
                          "partial(-1,'x',0)",
                          "partial(1001,'x',0)",
                          "partial(1,'x',99999999999999999999)",
                          "round",
                          "round('1')",
                          "round(16)",
                          "range(0)",
                          "range(-5)",
                          "range(1.5)",
                          "year(2)",
                          "email extra",
                          "Null",
                          "constant ' '"}) {
    EXPECT_FALSE(mask(bad)) << bad;
  }
}

std::optional<TableName> table(std::string_view text) {
  Diagnostics out;
  Reporter report("f", out);
  auto name = parse_table_name({std::string(text), {1, 1}}, true, report);
  EXPECT_EQ(name.has_value(), out.empty());
  return name;
}

TEST(TableName, FoldsUnquotedNames) {
  auto name = table("Public.USERS");
  EXPECT_EQ(name->schema.text, "public");
  EXPECT_EQ(name->name.text, "users");
  EXPECT_FALSE(name->is_wildcard());
}

TEST(TableName, KeepsQuotedNames) {
  auto name = table("\"My Schema\".\"a\"\"b.*\"");
  EXPECT_EQ(name->schema.text, "My Schema");
  EXPECT_EQ(name->name.text, "a\"b.*");
  EXPECT_FALSE(name->is_wildcard());
  EXPECT_EQ(name->display(), "\"My Schema\".\"a\"\"b.*\"");
}

TEST(TableName, Wildcards) {
  auto name = table("Tenant_*.user?");
  EXPECT_TRUE(name->is_wildcard());
  EXPECT_TRUE(name->matches("tenant_1", "users"));
  EXPECT_FALSE(name->matches("tenant_1", "user"));
  EXPECT_FALSE(name->matches("Tenant_1", "users"));
}

TEST(TableName, RefusesTheRest) {
  for (const char* bad :
       {"", ".", "users", "a.b.c", "a.", ".b", "a b.c", "1a.b", "a.b ", "\"a.b", "\"\".b", "a-b.c", "a.b;"}) {
    EXPECT_FALSE(table(bad)) << bad;
  }
}

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("*", "abc"));
  EXPECT_TRUE(glob_match("a*b*c", "axxbyyc"));
  EXPECT_FALSE(glob_match("a*b*c", "axxbyy"));
  EXPECT_FALSE(glob_match("abc", "abcd"));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_TRUE(glob_match("t?st", "täst"));
  EXPECT_TRUE(glob_match("**a**", "bab"));
}

TEST(Glob, IsNotExponential) {
  std::string pattern, text(5000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "*b", text));
}

TEST(TypeNames, AllSpellingsAreEqual) {
  EXPECT_EQ(normalise_types("int4, VARCHAR(20)[]"), "integer,character varying[]");
  EXPECT_EQ(normalise_types("pg_catalog.int8"), "bigint");
  EXPECT_EQ(normalise_types("timestamp(3)  with time zone"), normalise_types("timestamptz"));
  EXPECT_EQ(normalise_types("numeric(10,2)"), "numeric");
  EXPECT_EQ(normalise_types("text[][]"), normalise_types("text[]"));
  EXPECT_EQ(normalise_types("\"char\""), "\"char\"");
  EXPECT_NE(normalise_types("\"char\""), normalise_types("char"));
  EXPECT_EQ(normalise_types("public.\"My,Type\""), "public.\"My,Type\"");
  EXPECT_EQ(normalise_types(""), "");
}

TEST(Condition, TakesOneCondition) {
  for (const char* good : {"status = 'given'", "true", "lawful", "(a or b) and not c", "x = any(array[1,2])",
                           "note <> 'a;b--c)'", "e = E'\\'' ", "\"odd;name\" is null", "a = 'it''s'"}) {
    EXPECT_EQ(condition_problem(good), "") << good;
  }
}

TEST(Condition, RefusesWhatReachesFurther) {
  for (const char* bad : {"", "  ", "true) or (true", "a = 'x", "a; drop table t", "a -- b", "a /* b */",
                          "(a", "a]", "(a]", "\"a", "$$x$$ = a", "a = $1", "e'\\' or true", "a\x01"}) {
    EXPECT_NE(condition_problem(bad), "") << bad;
  }
}

TEST(Suggest, FindsTheNearest) {
  EXPECT_EQ(nearest("colums", {"category", "columns", "subject"}), "columns");
  EXPECT_EQ(nearest("emial", {"email", "phone"}), "email");
  EXPECT_EQ(nearest("x", {"purposes"}), "");
  EXPECT_EQ(nearest("ab", {"ac", "aa"}), "aa");
  EXPECT_EQ(did_you_mean("x", {"purposes"}, "none"), "none");
}

TEST(Suggest, DistanceIsBounded) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3u);
  EXPECT_EQ(edit_distance("ab", "ba", 5), 1u);
  EXPECT_EQ(edit_distance("abc", "xyz", 1), 2u);
  EXPECT_EQ(edit_distance(std::string(1000, 'a'), std::string(1000, 'a'), 3), 4u);
  EXPECT_EQ(edit_distance("", "", 0), 0u);
}

TEST(Utf8, IsStrict) {
  EXPECT_TRUE(is_valid_utf8("äöü €𝄞"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "\xC3"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
  EXPECT_FALSE(is_valid_utf8(std::string_view("a\0b", 3)));
  EXPECT_EQ(utf8_length("€uro"), 4u);
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Diagnostic, IsOneLine) {
  EXPECT_EQ(to_string(Diagnostic{
                Diagnostic::Severity::error, {"r.yaml", 12, 7}, "unknown key `x`", "did you mean `y`?"}),
            "r.yaml:12:7: error: unknown key `x` (did you mean `y`?)");
  EXPECT_EQ(to_string(Diagnostic{Diagnostic::Severity::warning, {"r.yaml", 0, 0}, "m", ""}),
            "r.yaml: warning: m");
  EXPECT_EQ(in_backticks("a\nb`c"), "`a b c`");
  EXPECT_TRUE(is_valid_utf8(in_backticks(std::string(99, 'a') + "€€€")));
}

TEST(Reporter, StopsAtALimitAndStaysRefused) {
  Diagnostics out;
  Reporter report("f", out);
  for (std::size_t i = 0; i < Reporter::limit + 50; ++i) report.warning({}, "w");
  EXPECT_EQ(out.size(), Reporter::limit + 1);
  EXPECT_TRUE(has_errors(out));
  EXPECT_GT(report.errors(), 0u);
}

}  // namespace
}  // namespace pgconsent::rules
