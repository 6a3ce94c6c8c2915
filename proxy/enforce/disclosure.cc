#include "proxy/enforce/disclosure.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "parser/names/type_oids.h"

namespace pgconsent::enforce {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

std::string printed_integer(std::string_view given) {
  given = trimmed(given);
  if (given.starts_with('+')) given.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  return error == std::errc() && end == given.data() + given.size() ? std::to_string(value) : std::string();
}

std::string printed_uuid(std::string_view given) {
  std::string out;
  for (const char c : given) {
    if (c == '-' || c == '{' || c == '}') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
    if (out.size() == 8 || out.size() == 13 || out.size() == 18 || out.size() == 23) out.push_back('-');
    out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return out.size() == 36 ? out : std::string();
}

}  // namespace

std::string printed_key(parser::Oid type, std::string_view given) {
  switch (type) {
    case parser::smallint_oid:
    case parser::integer_oid:
    case parser::bigint_oid:
      return printed_integer(given);
    case parser::uuid_oid:
      return printed_uuid(given);
    case parser::text_oid:
    case parser::varchar_oid:
      return std::string(given);
    case parser::bpchar_oid:
      while (given.ends_with(' ')) given.remove_suffix(1);
      return std::string(given);
    default:
      return {};
  }
}

DisclosurePtr moved(const Disclosure& shown) {
  auto out = std::make_shared<Disclosure>();
  out->kinds = shown.kinds;
  out->others = shown.others;
  for (const Disclosure::Entry& entry : shown.entries) {
    for (const Disclosure::Subject& subject : entry.subjects) out->add_other(subject.kind);
  }
  return out;
}

void Disclosure::add_other(std::uint32_t kind) {
  if (std::find(others.begin(), others.end(), kind) == others.end()) others.push_back(kind);
}

std::uint32_t Disclosure::kind(std::string_view name) {
  const auto known = std::find(kinds.begin(), kinds.end(), name);
  if (known != kinds.end()) return static_cast<std::uint32_t>(known - kinds.begin());
  kinds.emplace_back(name);
  return static_cast<std::uint32_t>(kinds.size() - 1);
}

}  // namespace pgconsent::enforce
