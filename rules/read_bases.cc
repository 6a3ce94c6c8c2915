// What a purpose rests on for one category:
//   contact: consent                                      a basis, or a list of them
//   contact: {contract: {when: "EXISTS (SELECT …)"}}      with what else it depends on
//   health: {basis: contract, exception: 9-2-h}           the same, for sensitive categories
//   contact: {gdpr: consent, ccpa: legitimate_interests}  by the subject's regime
#include <algorithm>

#include "rules/reader.h"
#include "rules/suggest.h"

namespace pgconsent::rules {

namespace {

constexpr LawfulBasis all_bases[] = {LawfulBasis::consent,          LawfulBasis::contract,
                                     LawfulBasis::legal_obligation, LawfulBasis::vital_interests,
                                     LawfulBasis::public_task,      LawfulBasis::legitimate_interests};
constexpr Regime all_regimes[] = {Regime::gdpr, Regime::lgpd, Regime::ccpa};
// Art. 9(2)(b) to (j); (a) is consent itself.
constexpr std::string_view exceptions[] = {"9-2-b", "9-2-c", "9-2-d", "9-2-e", "9-2-f",
                                           "9-2-g", "9-2-h", "9-2-i", "9-2-j"};

std::optional<Regime> regime_named(std::string_view name) {
  for (Regime regime : all_regimes) {
    if (name == to_string(regime)) return regime;
  }
  return std::nullopt;
}

class BasesReader {
 public:
  BasesReader(const Text& category, const RuleSet& rules, Reporter& report)
      : category_(category), report_(report) {
    sensitive_ = std::any_of(rules.categories.begin(), rules.categories.end(), [&](const CategoryRule& rule) {
      return rule.sensitive && rule.name.text == category.text;
    });
  }

  BasisRule read(const YamlNode& node) {
    BasisRule rule;
    rule.category = category_;
    if (!is_by_regime(node)) {
      rule.alternatives.push_back({std::nullopt, node.at, list(node)});
      return rule;
    }
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const std::optional<Regime> regime = regime_named(node.keys[i].text);
      if (!regime) {
        report_.error(
            node.keys[i].at, "unknown regime " + in_backticks(node.keys[i].text),
            did_you_mean(node.keys[i].text, {"gdpr", "lgpd", "ccpa"}, "known: `gdpr`, `lgpd` and `ccpa`"));
        continue;
      }
      rule.alternatives.push_back({regime, node.keys[i].at, list(node.items[i])});
    }
    return rule;
  }

 private:
  static bool is_by_regime(const YamlNode& node) {
    return node.kind == YamlNode::Kind::map &&
           std::any_of(node.keys.begin(), node.keys.end(),
                       [](const Text& key) { return regime_named(key.text).has_value(); });
  }

  std::vector<BasisEntry> list(const YamlNode& node) {
    std::vector<BasisEntry> bases;
    if (node.kind != YamlNode::Kind::sequence) {
      entry(node, bases);
    } else {
      for (const YamlNode& item : node.items) entry(item, bases);
    }
    return bases;
  }

  void entry(const YamlNode& node, std::vector<BasisEntry>& bases) {
    BasisEntry out;
    out.at = node.at;
    std::optional<Text> name;
    if (node.kind == YamlNode::Kind::map) {
      const bool named = std::any_of(node.keys.begin(), node.keys.end(),
                                     [](const Text& key) { return key.text == "basis"; });
      if (named) {
        Fields fields(node, "a lawful basis", report_);
        name = read_text(*fields.require("basis"), "`basis`", report_);
        depends(fields, out.listed);
      } else if (node.keys.size() == 1) {
        name = node.keys[0];
        Fields fields(node.items[0], "lawful basis " + in_backticks(name->text), report_);
        if (fields) depends(fields, out.listed);
      } else {
        report_.error(node.at, "a lawful basis with more than one entry",
                      "write `{contract: {when: …}}`, or a list of bases");
        return;
      }
    } else {
      name = read_text(node, "a lawful basis", report_);
    }
    const std::optional<LawfulBasis> basis = name ? basis_named(*name) : std::nullopt;
    if (!basis) return;
    out.listed.basis = *basis;
    check_sensitive(out, *name);
    const bool twice = std::any_of(bases.begin(), bases.end(), [&](const BasisEntry& other) {
      return other.listed.basis == *basis && other.listed.when.sql == out.listed.when.sql &&
             other.listed.until.sql == out.listed.until.sql;
    });
    if (twice) {
      report_.error(node.at, "lawful basis " + in_backticks(name->text) + " is listed twice");
      return;
    }
    bases.push_back(std::move(out));
  }

  void depends(Fields& fields, ListedBasis& listed) {
    auto condition = [&](std::string_view key, Condition& out) {
      const YamlNode* node = fields.find(key);
      auto text = node == nullptr ? std::nullopt : read_condition(*node, key, report_);
      if (text) out = {text->text, {report_.file(), text->at.line, text->at.column}};
    };
    condition("when", listed.when);
    condition("until", listed.until);
    if (const YamlNode* node = fields.find("exception")) exception(*node, listed);
    listed.description = read_description(fields, report_);
    fields.finish();
  }

  void exception(const YamlNode& node, ListedBasis& listed) {
    auto text = read_text(node, "`exception`", report_);
    if (!text) return;
    if (std::find(std::begin(exceptions), std::end(exceptions), text->text) == std::end(exceptions)) {
      report_.error(text->at, "unknown exception " + in_backticks(text->text),
                    "those of Art. 9(2) GDPR are `9-2-b` to `9-2-j`; `9-2-a` is the basis `consent`");
    }
    if (!sensitive_) {
      report_.warning(
          text->at, "category " + in_backticks(category_.text) + " needs no exception",
          "is it sensitive? write `" + category_.text + ": {sensitive: true}` under `categories`");
    }
    listed.exception = std::move(text->text);
  }

  std::optional<LawfulBasis> basis_named(const Text& name) {
    std::vector<std::string> names;
    for (LawfulBasis basis : all_bases) {
      if (name.text == to_string(basis)) return basis;
      names.emplace_back(to_string(basis));
    }
    report_.error(name.at, "unknown lawful basis " + in_backticks(name.text),
                  did_you_mean(name.text, names, "known: " + list_of(names, " and ")));
    return std::nullopt;
  }

  void check_sensitive(const BasisEntry& entry, const Text& name) {
    const bool consent = entry.listed.basis == LawfulBasis::consent;
    if (consent && !entry.listed.exception.empty()) {
      report_.error(entry.at, "`consent` needs no exception", "it is Art. 9(2)(a) itself");
    } else if (sensitive_ && !consent && entry.listed.exception.empty()) {
      report_.error(entry.at,
                    "sensitive category " + in_backticks(category_.text) + " can't rest on " +
                        in_backticks(name.text) + " alone",
                    "use `consent`, or name the exception of Art. 9(2) GDPR: `{basis: " + name.text +
                        ", exception: 9-2-c}`");
    }
  }

  const Text& category_;
  Reporter& report_;
  bool sensitive_ = false;
};

}  // namespace

std::optional<Text> read_condition(const YamlNode& node, std::string_view key, Reporter& report) {
  auto text = read_text(node, in_backticks(key), report);
  if (!text) return std::nullopt;
  if (std::string problem = condition_problem(text->text); !problem.empty()) {
    report.error(text->at, in_backticks(key) + " is not one SQL " +
                               (key == "until" ? "expression: " : "condition: ") + problem);
  }
  return text;
}

// REQUIRES: the categories have been read.
BasisRule read_bases_of_category(const Text& category, const YamlNode& node, const RuleSet& rules,
                                 Reporter& report) {
  return BasesReader(category, rules, report).read(node);
}

}  // namespace pgconsent::rules
