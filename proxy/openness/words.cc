#include "proxy/openness/words.h"

#include <fmt/format.h>

#include <regex>

namespace pgconsent::openness {

using rules::LawfulBasis;
using rules::ListedBasis;
using rules::Mask;
using rules::Regime;

Inline label(const Texts& texts, const std::string& name, const rules::Description& description) {
  const std::string words(description.in(texts.language()));
  return words.empty() ? code(name) : plain(words + " ") + code(name);
}

Inline category_label(const Texts& texts, const rules::Policy& policy, const std::string& category) {
  auto found = policy.category_descriptions.find(category);
  return label(texts, category,
               found == policy.category_descriptions.end() ? rules::Description() : found->second);
}

Inline purpose_label(const Texts& texts, const rules::Policy& policy, const std::string& purpose) {
  const rules::Purpose* found = policy.purpose(purpose);
  return label(texts, purpose, found == nullptr ? rules::Description() : found->description);
}

Inline kind_label(const Texts& texts, const rules::Policy& policy, const std::string& kind) {
  auto found = policy.subjects.find(kind);
  return label(texts, kind,
               found == policy.subjects.end() ? rules::Description() : found->second.description);
}

namespace {

std::string article(const Texts& texts, LawfulBasis basis, std::optional<Regime> regime) {
  const std::string name(rules::to_string(basis));
  if (regime == Regime::lgpd) return texts.text("article.lgpd." + name);
  if (regime == Regime::ccpa) {
    const std::string key = "ccpa." + name;
    return texts.text(texts.has(key) ? key : "ccpa.by_law");
  }
  return texts.text("article." + name);
}

}  // namespace

Inline basis_words(const Texts& texts, const ListedBasis& listed, std::optional<Regime> regime,
                   bool sensitive) {
  Inline out = strong(texts.text("basis." + std::string(rules::to_string(listed.basis))));
  std::string where = article(texts, listed.basis, regime);
  if (sensitive && (!listed.exception.empty() || listed.basis == LawfulBasis::consent))
    where += "; " +
             texts.text("exception." + (listed.exception.empty() ? std::string("9-2-a") : listed.exception));
  out += plain(" (" + where + ")");
  return out;
}

Inline condition_words(const Texts& texts, const ListedBasis& listed) {
  Inline out = plain(std::string(listed.description.in(texts.language())));
  if (out.front().text.empty()) out.clear();
  if (!listed.when.empty()) {
    if (!out.empty()) out += plain(": ");
    out += texts.fill("condition.sql", {{"sql", code(listed.when.sql)}});
  }
  return out.empty() ? plain(texts.text("condition.none")) : out;
}

std::optional<Retention> read_retention(std::string_view sql) {
  static const std::regex form(
      R"(\s*(?:row\.)?((?:subject\.)?[a-z_][a-z0-9_]*)\s*\+\s*interval\s*'(\d{1,6})\s+(year|month|week|day|hour)s?'\s*)",
      std::regex::icase);
  std::match_results<std::string_view::const_iterator> found;
  if (sql.size() > 200 || !std::regex_match(sql.begin(), sql.end(), found, form)) return std::nullopt;
  Retention out{found[1].str(), std::stoll(found[2].str()), found[3].str()};
  for (char& c : out.unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Inline until_words(const Texts& texts, const ListedBasis& listed, bool expires) {
  const bool has_own =
      listed.basis == LawfulBasis::consent || listed.basis == LawfulBasis::legitimate_interests;
  Inline own;
  if (listed.basis == LawfulBasis::consent) {
    own = plain(texts.text(expires ? "until.withdrawn_or_expired" : "until.withdrawn"));
  } else if (has_own) {
    own = plain(texts.text("until.objected"));
  }
  if (listed.until.empty()) return has_own ? own : plain(texts.text("until.open"));
  const std::optional<Retention> retention = read_retention(listed.until.sql);
  Inline end = retention
                   ? texts.fill("until.after",
                                {{"period", plain(texts.count("unit." + retention->unit, retention->number))},
                                 {"moment", code(retention->moment)},
                                 {"sql", code(listed.until.sql)}})
                   : texts.fill("until.sql", {{"sql", code(listed.until.sql)}});
  return has_own ? texts.fill("until.and", {{"first", own}, {"second", end}}) : end;
}

namespace {

Inline partial_words(const Texts& texts, const Mask& mask) {
  const std::string key = mask.prefix > 0 && mask.suffix > 0 ? "mask.ends"
                          : mask.prefix > 0                  ? "mask.start"
                          : mask.suffix > 0                  ? "mask.end"
                                                             : "mask.pad";
  return texts.fill(key, {{"prefix", plain(texts.count("mask.characters", mask.prefix))},
                          {"suffix", plain(texts.count("mask.characters", mask.suffix))},
                          {"pad", code(mask.text)}});
}

}  // namespace

Inline mask_words(const Texts& texts, const rules::ProtectedColumn& column) {
  if (column.without_basis == rules::WithoutBasis::refuse) return plain(texts.text("mask.refused"));
  if (column.without_basis == rules::WithoutBasis::hide_row) return plain(texts.text("mask.hide_row"));
  const Inline number = plain(std::to_string(column.mask.step));
  switch (column.mask.kind) {
    case Mask::Kind::null:
      return plain(texts.text("mask.null"));
    case Mask::Kind::constant:
      return texts.fill("mask.constant", {{"value", code(column.mask.text)}});
    case Mask::Kind::partial:
      return partial_words(texts, column.mask);
    case Mask::Kind::email:
      return plain(texts.text("mask.email"));
    case Mask::Kind::hash:
      return plain(texts.text("mask.hash"));
    case Mask::Kind::pseudonym:
      return plain(texts.text("mask.pseudonym"));
    case Mask::Kind::year:
      return plain(texts.text("mask.year"));
    case Mask::Kind::month:
      return plain(texts.text("mask.month"));
    case Mask::Kind::round:
      if (column.mask.step > 0) return plain(texts.count("mask.round", column.mask.step));
      return texts.fill("mask.round_to", {{"n", plain("1" + std::string(-column.mask.step, '0'))}});
    case Mask::Kind::range:
      return texts.fill("mask.range", {{"n", number}});
  }
  return {};
}

}  // namespace pgconsent::openness
