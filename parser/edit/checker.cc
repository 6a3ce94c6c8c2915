#include "parser/edit/checker.h"

#include <algorithm>

#include "parser/bind/references.h"
#include "parser/bind/statement.h"
#include "parser/edit/target_checker.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

std::string check_sent_text(const CheckedText& sent, const NameResolver& names,
                            const IsForbidden& is_forbidden, const IsMasked& is_masked) {
  RawTree tree;
  SqlError error;
  const std::string text(sent.text);
  if (!RawTree::parse(text, tree, error)) return "the text to be sent does not parse: " + error.message;
  if (list_length(tree.statements()) != sent.statements) return "the number of statements has changed";
  auto is_generated = [&](int location) {
    auto range = std::upper_bound(sent.generated.begin(), sent.generated.end(), location,
                                  [](int wanted, const TextRange& r) { return wanted < r.end; });
    return range != sent.generated.end() && range->start <= location;
  };
  std::string wrong;
  int parameters = 0;
  for_each(tree.statements(), [&](const Node* node) {
    const StatementFacts facts = statement_facts(as<RawStmt>(node), text);
    if (facts.copy != nullptr && facts.copy->relation != nullptr && !facts.copy->is_from) {
      const RangeVar& range = *facts.copy->relation;
      const std::string_view bare = range.schemaname == nullptr ? range.relname : "";
      if (is_forbidden(names.resolve(range), bare)) wrong = "COPY names a protected table";
    }
    if (facts.query == nullptr) return;
    References references;
    collect_references(facts.query, references);
    if (references.too_deep) wrong = "the text to be sent is nested too deeply";
    for (const RelationReference& reference : references.relations) {
      if (reference.use == RelationUse::create) continue;
      const bool target = reference.use == RelationUse::target;
      if (!target && is_generated(reference.range->location)) continue;
      const std::string_view bare = reference.range->schemaname == nullptr ? reference.range->relname : "";
      const ResolvedName name = names.resolve(*reference.range);
      if (!is_forbidden(name, bare)) continue;
      if (!target) {
        wrong = "a protected relation is named outside generated text";
      } else if (name.relation == nullptr || reference.statement == nullptr ||
                 !TargetChecker(*name.relation, *reference.range, is_generated, is_masked)
                      .passes(reference.statement)) {
        wrong = "a protected column of the target is named outside generated text";
      }
    }
    for (int location : references.parameter_locations) parameters += is_generated(location) ? 0 : 1;
  });
  if (wrong.empty() && parameters != sent.parameters) wrong = "the parameters have changed";
  return wrong;
}

}  // namespace pgconsent::parser
