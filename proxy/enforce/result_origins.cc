#include "proxy/enforce/query_rewriter.h"

namespace pgconsent::enforce {

void QueryRewriter::add_origins(const parser::Binding& binding, Statement& statement) {
  const std::size_t count = binding.results.size();
  const std::size_t before = binding.results_known ? count : binding.results_before_run;
  const std::size_t after = binding.results_known ? 0 : binding.results_after_run;
  for (std::size_t i = 0; i < count; ++i) {
    if (i < before || i >= count - after)
      statement.origins.push_back({binding.results[i].table, binding.results[i].attnum});
  }
  if (!binding.results_known) statement.origins_gap = before;
}

}  // namespace pgconsent::enforce
