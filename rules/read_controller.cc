// controller: {name: Example Ltd, contact: privacy@example.com} and every
// description: Newsletters    or    description: {en: Newsletters, ru: Рассылки}
#include <algorithm>

#include "rules/reader.h"

namespace pgconsent::rules {

namespace {

bool is_language(std::string_view tag) {
  return tag.size() >= 2 && tag.size() <= 11 && std::all_of(tag.begin(), tag.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
         });
}

}  // namespace

std::string_view Description::in(std::string_view language) const {
  for (std::string_view wanted : {language, std::string_view()}) {
    for (const auto& [tag, text] : texts) {
      if (tag == wanted) return text;
    }
  }
  return texts.empty() ? std::string_view() : std::string_view(texts.front().second);
}

Description read_description(const YamlNode& node, std::string_view what, Reporter& report) {
  Description out;
  if (node.kind != YamlNode::Kind::map) {
    if (auto text = read_text(node, what, report)) out.texts.emplace_back("", std::move(text->text));
    return out;
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (!is_language(node.keys[i].text)) {
      report.error(node.keys[i].at, in_backticks(node.keys[i].text) + " is not a language",
                   "write `{en: …, ru: …}`, or one text for all languages");
    }
    if (auto text = read_text(node.items[i], what, report))
      out.texts.emplace_back(node.keys[i].text, std::move(text->text));
  }
  return out;
}

Description read_description(Fields& fields, Reporter& report) {
  const YamlNode* node = fields.find("description");
  return node == nullptr ? Description() : read_description(*node, "`description`", report);
}

void read_controller(const YamlNode& node, RuleSet& rules, Reporter& report) {
  Fields fields(node, "`controller`", report);
  if (!fields) return;
  Controller& out = rules.controller;
  const std::pair<std::string_view, Description*> entries[] = {
      {"name", &out.name},
      {"address", &out.address},
      {"contact", &out.contact},
      {"representative", &out.representative},
      {"data_protection_officer", &out.data_protection_officer},
      {"supervisory_authority", &out.supervisory_authority},
  };
  for (auto [key, field] : entries) {
    const YamlNode* entry =
        field == &out.name ? fields.require(key, "who is responsible for the data") : fields.find(key);
    if (entry != nullptr) *field = read_description(*entry, in_backticks(key), report);
  }
  fields.finish();
}

}  // namespace pgconsent::rules
