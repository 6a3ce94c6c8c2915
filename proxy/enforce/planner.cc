#include "proxy/enforce/planner.h"

#include <algorithm>

#include "proxy/enforce/plan_builder.h"
#include "proxy/enforce/plan_cache.h"
#include "proxy/enforce/plan_template.h"
#include "proxy/enforce/printed_rows.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;

class CachingPlanner : public Planner {
 public:
  CachingPlanner(CurrentGeneration current, const PlannerOptions& options)
      : current_(std::move(current)),
        plans_(options.cache_bytes / 2),
        templates_(options.cache_bytes / 2),
        counters_(options.counters) {}

  std::variant<PlanPtr, NeedsCatalog> plan(std::string_view text, const SessionState& state,
                                           bool catalog_is_fresh) override {
    refresh();
    if (generation_ == nullptr) return refuse_all(text, not_enforceable());
    if (state.private_catalog != nullptr) return private_plan(text, state);
    if (const PlanPtr* cached = plans_.find(text, state.id)) {
      if (counters_ != nullptr) counters_->found.add();
      return *cached;
    }
    const bool has_shape = parser::literal_shape(text, shape_);
    const auto* known = has_shape ? templates_.find(shape_.key, state.id) : nullptr;
    if (known != nullptr && *known != nullptr) {
      if (counters_ != nullptr) counters_->filled.add();
      return (*known)->instance(text, shape_);
    }
    if (counters_ != nullptr && !text.empty())
      counters_->analysed.add();  // the empty one only asks for the version
    BuiltPlan built = build_plan(*generation_, state, text, catalog_is_fresh, tables_);
    if (built.plan == nullptr) return NeedsCatalog{generation_->catalog().version};
    if (built.cacheable) {
      if (has_shape && known == nullptr && templates_.is_second(shape_.key, state.id)) {
        learn(*built.plan, state, catalog_is_fresh);
      } else if (plans_.is_second(text, state.id)) {
        plans_.keep(text, state.id, built.plan, size_of(*built.plan));
      }
    }
    return PlanPtr(built.plan);
  }

  bool is_current(const Plan& plan) const override {
    const GenerationPtr& current = current_();
    return current != nullptr && plan.generation == current->id();
  }

  bool is_protected(ColumnOrigin column, const Plan* plan) const override {
    const Generation* judge = made_under(plan);
    if (judge == nullptr) judge = current_().get();
    return judge == nullptr || judge->is_protected_column(column.table, column.attnum);
  }

  std::optional<SqlError> check_purpose(std::string_view login_role,
                                        std::string_view purpose) const override {
    const GenerationPtr& current = current_();
    if (current == nullptr) return not_enforceable();
    parser::StatementFacts facts;
    facts.name = "pgconsent.purpose";
    facts.values.push_back(purpose);
    return refuse_setting(facts, current->policy().application(login_role));
  }

  std::string default_purpose(std::string_view login_role) const override {
    const GenerationPtr& current = current_();
    const rules::Application* role = current == nullptr ? nullptr : current->policy().application(login_role);
    return role == nullptr || role->purposes.empty() ? std::string() : role->purposes.front();
  }

  bool is_exempt(std::string_view login_role) const override {
    const GenerationPtr& current = current_();
    const rules::Application* role = current == nullptr ? nullptr : current->policy().application(login_role);
    return role != nullptr && role->exempt;
  }

  std::optional<std::chrono::milliseconds> max_snapshot_age(std::string_view login_role) const override {
    const GenerationPtr& current = current_();
    const rules::Application* role = current == nullptr ? nullptr : current->policy().application(login_role);
    if (role == nullptr) return std::nullopt;
    return role->exempt ? std::chrono::milliseconds::zero() : role->max_snapshot_age;
  }

  bool messages_may_tell(std::string_view function, const Plan* plan) const override {
    const Generation* judge = made_under(plan);
    return judge == nullptr || judge->functions().messages_may_tell(function);
  }

  bool errors_may_tell(std::string_view function, const Plan* plan) const override {
    const Generation* judge = made_under(plan);
    return judge == nullptr || judge->functions().errors_may_tell(function);
  }

  bool may_print_rows(std::string_view schema, std::string_view relation, bool touched,
                      const Plan* plan) const override {
    if (schema.starts_with("pg_temp_")) return true;  // holds what its session has seen
    const Generation* judge = made_under(plan);
    return judge == nullptr ? !touched : enforce::may_print_rows(*judge, schema, relation, touched);
  }

  bool may_print_key(const PrintedKey& key, const Plan* plan) const override {
    const Generation* judge = made_under(plan);
    return judge != nullptr && enforce::may_print_key(*judge, key);
  }

 private:
  static SqlError not_enforceable() {
    return refusal("the rules can't be enforced on this database at the moment",
                   "They do not fit its catalog any more.", "Run `pgconsent check`.");
  }

  // A new generation makes every plan stale.
  void refresh() {
    const GenerationPtr& current = current_();
    if (current == generation_) return;
    before_ = std::move(generation_);
    generation_ = current;
    plans_.clear();
    templates_.clear();
  }

  // Without a plan what is in force; null where it is not known any more.
  const Generation* made_under(const Plan* plan) const {
    const GenerationPtr& current = current_();
    if (plan == nullptr) return current.get();
    for (const GenerationPtr* each : {&current, &generation_, &before_, &private_})
      if (*each != nullptr && (*each)->id() == plan->generation) return each->get();
    return nullptr;
  }

  static std::size_t size_of(const Plan& plan) {
    return 1024 + plan.original.size() + plan.sql.size() + plan.statements.size() * sizeof(Statement);
  }

  // The next text that differs from this one in its constants only is not analysed again; unless they may
  // matter, which is remembered too.
  void learn(const Plan& plan, const SessionState& state, bool catalog_is_fresh) {
    std::shared_ptr<const PlanTemplate> learnt =
        PlanTemplate::make(plan, shape_, [&](const std::string& text) {
          return build_plan(*generation_, state, text, catalog_is_fresh, tables_).plan;
        });
    const std::size_t size = learnt == nullptr ? 256 : learnt->size();
    templates_.keep(shape_.key, state.id, std::move(learnt), size);
  }

  // A transaction with DDL of its own: its catalog is nobody else's, and lives until the transaction ends.
  std::variant<PlanPtr, NeedsCatalog> private_plan(std::string_view text, const SessionState& state) {
    if (private_ == nullptr || private_->catalog_ptr() != state.private_catalog) {
      private_ = make_generation(state.private_catalog, generation_->rules(), generation_->options(),
                                 generation_.get())
                     .generation;
    }
    if (private_ == nullptr) return refuse_all(text, not_enforceable());
    DerivedTableCache tables;
    BuiltPlan built = build_plan(*private_, state, text, true, tables);
    return PlanPtr(built.plan);
  }

  CurrentGeneration current_;
  GenerationPtr generation_, private_;
  GenerationPtr before_;  // the one before generation_: its last statements may still be running
  PlanCache<Plan> plans_;
  PlanCache<PlanTemplate> templates_;  // null values: the constants may matter
  PlanCounters* counters_;             // may be null
  parser::LiteralShape shape_;         // of the text at hand
  DerivedTableCache tables_;
};

}  // namespace

std::unique_ptr<Planner> make_planner(CurrentGeneration current, const PlannerOptions& options) {
  return std::make_unique<CachingPlanner>(std::move(current), options);
}

}  // namespace pgconsent::enforce
