#include "proxy/enforce/plan.h"

#include <algorithm>
#include <charconv>

#include "rules/utf8.h"

namespace pgconsent::enforce {

void add_unique(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

namespace {

constexpr std::string_view refusal_token = "pgconsent_refusal_";

}  // namespace

std::string_view to_string(Decision decision) {
  switch (decision) {
    case Decision::untouched:
      return "untouched";
    case Decision::allowed:
      return "allowed";
    case Decision::masked:
      return "masked";
    case Decision::refused:
      return "refused";
    case Decision::exempt:
      return "exempt";
  }
  return "untouched";
}

ColumnOrigin Statement::origin(std::size_t column, std::size_t count) const {
  const std::size_t known = origins.size();
  if (count < known || (!origins_gap && count != known)) return {};
  const std::size_t gap = origins_gap.value_or(known);
  if (gap > known) return {};
  if (column < gap) return origins[column];
  const std::size_t behind = count - known;  // as many stand in the gap
  return column < gap + behind ? ColumnOrigin{} : origins[column - behind];
}

bool Plan::touches_protected() const {
  return std::any_of(statements.begin(), statements.end(),
                     [](const Statement& s) { return s.decision != Decision::untouched; });
}

bool Plan::depends_on_consent() const {
  return std::any_of(statements.begin(), statements.end(),
                     [](const Statement& s) { return s.decision == Decision::masked && !s.runs_later; });
}

DisclosurePtr Plan::disclosure(std::size_t statement) const {
  const DisclosurePtr& shared = statements[statement].disclosure;
  if (shared == nullptr || subject_keys.empty()) return shared;
  auto own = std::make_shared<Disclosure>(*shared);
  own->constants = subject_keys;
  return own;
}

bool Plan::takes_snapshot() const {
  return std::any_of(statements.begin(), statements.end(),
                     [](const Statement& s) { return s.takes_snapshot; });
}

std::uint32_t Plan::effects() const {
  std::uint32_t all = 0;
  for (const Statement& statement : statements) all |= statement.effects;
  return all;
}

// A missing function fails after the server has looked at the transaction's state (an aborted one answers
// 25P02 as it would for any statement); the bare word fails before, as a syntax error does.
std::string refusal_statement(std::size_t index, bool syntax_error) {
  std::string name = std::string(refusal_token) + std::to_string(index);
  return syntax_error ? name : "SELECT pg_catalog." + name + "()";
}

namespace {

std::optional<std::size_t> index_behind(std::string_view token, std::string_view message) {
  std::size_t at = message.find(token);
  if (at == std::string_view::npos) return std::nullopt;
  const char* first = message.data() + at + token.size();
  std::size_t index = 0;
  auto [end, error] = std::from_chars(first, message.data() + message.size(), index);
  if (error != std::errc{}) return std::nullopt;
  return index;
}

}  // namespace

std::optional<std::size_t> refusal_index(std::string_view server_message) {
  return index_behind(refusal_token, server_message);
}

std::optional<std::size_t> write_refusal_index(std::string_view server_message) {
  return index_behind(write_refusal_token, server_message);
}

namespace {

// UTF-8: continuation bytes do not count.
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// Of a 1-based character position.
std::int32_t byte_offset(std::string_view text, int position) {
  std::int32_t offset = 0;
  for (int seen = 0; offset < static_cast<std::int32_t>(text.size()); ++offset) {
    if (begins_character(text[offset]) && ++seen == position) return offset;
  }
  return static_cast<std::int32_t>(text.size());
}

}  // namespace

int character_position(std::string_view text, std::int32_t offset) {
  if (offset < 0 || offset > static_cast<std::int32_t>(text.size())) return 0;
  return static_cast<int>(rules::utf8_length(text.substr(0, offset))) + 1;
}

int Plan::original_position(int sent_position) const {
  if (sent_position <= 0 || is_identity) return std::max(sent_position, 0);
  std::int32_t sent = byte_offset(sql, sent_position);
  std::int32_t shift = 0;  // sent minus original, behind the edits passed so far
  for (const Edit& edit : edits) {
    std::int32_t start = edit.start + shift;
    if (sent < start) break;
    if (sent < start + edit.length) return character_position(original, edit.start);
    shift += edit.length - (edit.end - edit.start);
  }
  return character_position(original, std::min<std::int32_t>(sent - shift, original.size()));
}

}  // namespace pgconsent::enforce
