// SQL text -> analysis -> edits -> re-parse: whatever the text, nothing protected may be named outside
// generated text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "parser/bind/name_resolver.h"
#include "parser/edit/checker.h"
#include "parser/tree/raw_tree.h"
#include "proxy/enforce/plan_builder.h"
#include "tests/support/shop_catalog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pgconsent;
  static const enforce::GenerationPtr generation = test_support::shop_generation();
  static const enforce::SessionState state = test_support::shop_session("shop");
  static enforce::DerivedTableCache tables;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string::npos || size > 4096) return 0;  // the session layer refuses both
  const enforce::BuiltPlan built = enforce::build_plan(*generation, state, text, true, tables);
  if (built.plan == nullptr) std::abort();
  const enforce::Plan& plan = *built.plan;
  if (!plan.is_identity) {
    for (int position = 0; position < 64; ++position) {
      const int original = plan.original_position(position);
      if (original < 0 || original > static_cast<int>(text.size()) + 1) std::abort();
    }
    return 0;
  }
  // Forwarded as it is: it must parse, and it may not name a table that has to be masked.
  const parser::NameResolver names(generation->catalog(), state.search_path, {});
  parser::RawTree tree;
  parser::SqlError error;
  if (!parser::RawTree::parse(text, tree, error)) std::abort();
  const std::string wrong =
      parser::check_sent_text({text, {}, static_cast<int>(plan.statements.size()), -1}, names,
                              [&](const parser::ResolvedName& relation, std::string_view) {
                                return relation.relation != nullptr &&
                                       generation->policy().relation(relation.relation->oid) != nullptr;
                              });
  if (!wrong.empty() && wrong != "the parameters have changed") {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
  }
  return 0;
}
