#include "proxy/openness/texts.h"

#include "proxy/openness/text_files.h"

namespace pgconsent::openness {

namespace {

const std::map<std::string, Texts, std::less<>>& all() {
  static const auto* texts = [] {
    auto* out = new std::map<std::string, Texts, std::less<>>;
    for (const TextFile* file = text_files; file->language != nullptr; ++file)
      out->emplace(file->language, Texts::parse(file->language, file->text));
    return out;
  }();
  return *texts;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

const Texts* Texts::find(std::string_view language) {
  auto found = all().find(language);
  return found == all().end() ? nullptr : &found->second;
}

std::vector<std::string> Texts::languages() {
  std::vector<std::string> out;
  for (const auto& [language, texts] : all()) out.push_back(language);
  return out;
}

Texts Texts::parse(std::string_view language, std::string_view file) {
  Texts out;
  out.language_ = language;
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    const std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    out.entries_[std::string(trimmed(line.substr(0, equals)))] = trimmed(line.substr(equals + 1));
  }
  return out;
}

std::string Texts::text(std::string_view key) const {
  auto found = entries_.find(key);
  return found == entries_.end() ? "[" + std::string(key) + "]" : found->second;
}

Inline Texts::fill(std::string_view key, Arguments arguments) const {
  const std::string pattern = text(key);
  Inline out;
  std::size_t from = 0;
  while (from < pattern.size()) {
    const std::size_t open = pattern.find('{', from), close = pattern.find('}', open);
    if (open == std::string::npos || close == std::string::npos) break;
    if (open > from) out += plain(pattern.substr(from, open - from));
    const std::string_view name = std::string_view(pattern).substr(open + 1, close - open - 1);
    for (const auto& [argument, value] : arguments) {
      if (argument == name) out += value;
    }
    from = close + 1;
  }
  if (from < pattern.size()) out += plain(pattern.substr(from));
  return out;
}

std::string Texts::count(std::string_view key, std::int64_t number) const {
  std::string out = text(std::string(key) + "." + std::string(plural_form(text("plurals"), number)));
  if (const std::size_t at = out.find("{n}"); at != std::string::npos)
    out.replace(at, 3, std::to_string(number));
  return out;
}

std::string_view plural_form(std::string_view forms, std::int64_t number) {
  const std::int64_t n = number < 0 ? -number : number;
  if (forms != "one few many") return n == 1 ? "one" : "other";
  if (n % 10 == 1 && n % 100 != 11) return "one";
  if (n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14)) return "few";
  return "many";
}

}  // namespace pgconsent::openness
