#include "proxy/enforce/plan_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>

#include "parser/names/type_oids.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/scanner.h"

namespace pgconsent::enforce {

namespace {

using parser::Literal;
using parser::LiteralKind;
using parser::LiteralShape;

// Nobody can guess them, so a client's own constant is not taken for a mark.
std::string mark_text(LiteralKind kind, std::size_t index) {
  static const std::uint64_t secret = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  switch (kind) {
    case LiteralKind::integer:
      return std::to_string(1000000000u + secret % 1000000000u + index);
    case LiteralKind::bigint:
      return std::to_string(1000000000000000000u + secret % 1000000000000000000u + index);
    case LiteralKind::numeric:
      return fmt::format("{:020}.{:05}", secret, index);
    case LiteralKind::string:
      return fmt::format("'{:016x}{:05}'", secret, index);
  }
  return {};
}

bool same_decision(const Statement& a, const Statement& b) {
  return a.decision == b.decision && a.effects == b.effects && !a.refusal && !b.refusal &&
         a.by_name == ByName::nothing && b.by_name == ByName::nothing && a.own_text.empty() &&
         a.origins == b.origins && a.origins_gap == b.origins_gap && a.raw_allowed == b.raw_allowed &&
         a.write_refusals.size() == b.write_refusals.size() &&
         a.run_time_refusal_rule == b.run_time_refusal_rule && a.audit.rules == b.audit.rules &&
         a.audit.bases == b.audit.bases && a.audit.tables == b.audit.tables &&
         a.audit.columns == b.audit.columns && a.audit.statement == b.audit.statement;
}

// A statement's constants are compared too: the template has put in the right ones.
bool same_disclosure(const Plan& a, const Plan& b) {
  const DisclosurePtr of_a = a.disclosure(0), of_b = b.disclosure(0);
  return (of_a == nullptr) == (of_b == nullptr) && (of_a == nullptr || *of_a == *of_b);
}

// The quotes taken off.
std::string value_of(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '\'') return std::string(literal);
  std::string out;
  for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
    out.push_back(literal[i]);
    if (literal[i] == '\'') ++i;
  }
  return out;
}

}  // namespace

PlanTemplate::Constants PlanTemplate::constants_of(const Plan& first, const LiteralShape& shape) {
  parser::RawTree tree;
  parser::SqlError error;
  if (first.statements.size() != 1 || first.statements.front().refusal ||
      first.statements.front().decided_by_constant || !parser::RawTree::parse(first.original, tree, error) ||
      !parser::literals_are_values(tree, first.original, shape.literals))
    return Constants::matter;
  const bool keys = !first.is_identity && first.statements.front().finds_one_row &&
                    parser::literals_are_keys(tree, shape.literals);
  return keys ? Constants::keys : Constants::values;
}

PlanTemplate::Marked PlanTemplate::mark(std::string_view text, const LiteralShape& shape) {
  Marked marked;
  std::size_t copied = 0;
  for (std::size_t i = 0; i < shape.literals.size(); ++i) {
    const Literal& literal = shape.literals[i];
    marked.text.append(text.substr(copied, literal.start - copied));
    marked.text += mark_text(literal.kind, i);
    copied = literal.end;
  }
  marked.text.append(text.substr(copied));
  parser::literal_shape(marked.text, marked.shape);
  return marked;
}

std::unique_ptr<PlanTemplate> PlanTemplate::from_marked(const Plan& marked_plan, const Marked& marked,
                                                        const Plan& first, const LiteralShape& shape) {
  if (marked.shape.key != shape.key) return nullptr;
  if (marked_plan.statements.size() != 1 || marked_plan.is_identity != first.is_identity) return nullptr;
  if (!same_decision(marked_plan.statements.front(), first.statements.front())) return nullptr;
  auto made = std::make_unique<PlanTemplate>();
  made->plan_ = marked_plan;
  made->size_ = 1024 + marked_plan.original.size() + 2 * marked_plan.sql.size() + sizeof(Statement);
  made->literals_ = marked.shape.literals;
  if (!marked_plan.is_identity) made->cut(marked);
  if (!made->find_subject_keys(marked)) return nullptr;
  made->plan_.original.clear();
  made->plan_.sql.clear();
  const PlanPtr again = made->instance(first.original, shape);
  const bool same = again->sql == first.sql && same_disclosure(*again, first) &&
                    std::equal(again->edits.begin(), again->edits.end(), first.edits.begin(),
                               first.edits.end(), [](const Edit& a, const Edit& b) {
                                 return a.start == b.start && a.end == b.end && a.length == b.length;
                               });
  return same ? std::move(made) : nullptr;
}

// Where the marks went: only whole constants count, so no name and no part of one is ever replaced.
void PlanTemplate::cut(const Marked& marked) {
  const std::string_view sql = plan_.sql;
  std::vector<std::pair<std::int32_t, int>> places;  // in `sql`, and the literal there
  std::size_t copied = 0;
  for (const parser::Token& token : parser::scan_parsed(plan_.sql)) {
    if (token.kind != parser::TokenKind::constant) continue;
    const std::string_view constant = sql.substr(token.start, token.end - token.start);
    const auto found = std::find_if(literals_.begin(), literals_.end(), [&](const Literal& literal) {
      return constant == std::string_view(marked.text).substr(literal.start, literal.end - literal.start);
    });
    if (found == literals_.end()) continue;
    places.emplace_back(token.start, static_cast<int>(found - literals_.begin()));
    pieces_.push_back({std::string(sql.substr(copied, token.start - copied)), places.back().second});
    copied = token.end;
  }
  pieces_.push_back({std::string(sql.substr(copied)), -1});

  std::int32_t shift = 0;
  for (const Edit& edit : plan_.edits) {
    EditLiterals& literals = edits_.emplace_back();
    for (const Literal& literal : literals_) {
      literals.before_start += literal.end <= edit.start;
      literals.before_end += literal.end <= edit.end;
    }
    const std::int32_t sent = edit.start + shift;
    for (const auto& [at, literal] : places) {
      if (at >= sent && at < sent + edit.length) literals.inside.push_back(literal);
    }
    shift += edit.length - (edit.end - edit.start);
  }
}

// Which literals are the keys that the disclosure names. False: not all can be found.
bool PlanTemplate::find_subject_keys(const Marked& marked) {
  const Disclosure* disclosure = plan_.statements.front().disclosure.get();
  if (disclosure == nullptr) return true;
  for (const std::string& constant : disclosure->constants) {
    const auto found = std::find_if(literals_.begin(), literals_.end(), [&](const Literal& literal) {
      const auto text = std::string_view(marked.text).substr(literal.start, literal.end - literal.start);
      return value_of(text) == constant;
    });
    if (found == literals_.end()) return false;
    subject_keys_.push_back(static_cast<int>(found - literals_.begin()));
  }
  return true;
}

void PlanTemplate::look_up_by_key() {
  static std::atomic<std::uint64_t> last_id = 0;
  auto lookup = std::make_shared<KeyLookup>();
  lookup->id = ++last_id;
  for (const Piece& piece : pieces_) {
    lookup->sql += piece.text;
    if (piece.literal >= 0) lookup->sql += "$" + std::to_string(piece.literal + 1);
  }
  for (const Literal& literal : literals_)
    lookup->parameter_types.push_back(literal.kind == LiteralKind::integer ? parser::integer_oid
                                                                           : parser::bigint_oid);
  plan_.key_lookup = std::move(lookup);
}

PlanPtr PlanTemplate::instance(std::string_view text, const LiteralShape& shape) const {
  auto plan = std::make_shared<Plan>(plan_);
  plan->original = text;
  for (const int key : subject_keys_) {
    const Literal& literal = shape.literals[key];
    plan->subject_keys.push_back(value_of(text.substr(literal.start, literal.end - literal.start)));
  }
  if (plan->is_identity) return plan;
  for (const Piece& piece : pieces_) {
    plan->sql += piece.text;
    if (piece.literal < 0) continue;
    const Literal& literal = shape.literals[piece.literal];
    plan->sql.append(text.substr(literal.start, literal.end - literal.start));
  }
  if (plan->key_lookup != nullptr) {
    for (const Literal& literal : shape.literals)
      plan->key_values.emplace_back(text.substr(literal.start, literal.end - literal.start));
  }
  const auto longer = [&](int literal) {
    const Literal &now = shape.literals[literal], &mark = literals_[literal];
    return (now.end - now.start) - (mark.end - mark.start);
  };
  int literal = 0;
  std::int32_t shift = 0;  // of the client's text against the marked one, behind `literal` literals
  const auto moved = [&](std::int32_t offset, int before) {
    for (; literal < before; ++literal) shift += longer(literal);
    return offset + shift;
  };
  for (std::size_t i = 0; i < edits_.size(); ++i) {
    Edit& edit = plan->edits[i];
    edit.start = moved(edit.start, edits_[i].before_start);
    edit.end = moved(edit.end, edits_[i].before_end);
    for (int inside : edits_[i].inside) edit.length += longer(inside);
  }
  return plan;
}

}  // namespace pgconsent::enforce
