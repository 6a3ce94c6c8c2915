#include "proxy/enforce/plan_builder.h"

#include <algorithm>

#include "parser/bind/statement.h"
#include "parser/edit/checker.h"
#include "parser/edit/comments.h"
#include "parser/edit/normalise.h"
#include "parser/tree/raw_tree.h"
#include "parser/tree/walker.h"
#include "proxy/enforce/by_name.h"
#include "proxy/enforce/defined_names.h"
#include "proxy/enforce/definitions.h"
#include "proxy/enforce/disclosure_builder.h"
#include "proxy/enforce/maintenance.h"
#include "proxy/enforce/purpose_choice.h"
#include "proxy/enforce/statement_rules.h"
#include "proxy/enforce/temporary_code.h"
#include "proxy/enforce/write_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::SqlError;
using parser::StatementFacts;
using parser::StatementKind;

class Builder {
 public:
  Builder(const Generation& generation, const SessionState& state, std::string_view text, bool fresh,
          DerivedTableCache& tables)
      : generation_(generation),
        state_(state),
        fresh_(fresh),
        search_path_(state.search_path),
        names_(std::in_place, generation.catalog(), search_path_, state.temporary),
        rewriter_(generation, *names_, tables),
        plan_(std::make_shared<Plan>()),
        definitions_(generation),
        path_names_temporary_(state.path_names_temporary) {
    plan_->original = text;
    plan_->generation = generation.id();
    plan_->catalog_version = generation.catalog().version;
    plan_->rules_version = generation.policy().digest;
    role_ = generation.policy().application(state.login_role);
  }

  BuiltPlan build() {
    if (!parse()) return {plan_, true};
    const PurposeChoice choice = choose_purpose(generation_, state_, role_, *plan_);
    purpose_ = choice.purpose;
    Source source(text());
    plan_->statements.change().reserve(list_length(tree_.statements()));
    for (int i = 0; i < list_length(tree_.statements()); ++i) {
      const auto* raw = list_nth_node(RawStmt, tree_.statements(), i);
      if (!statement(raw, source, choice)) return {nullptr, false};
    }
    finish();
    note_sent_texts();
    return {plan_, cacheable_};
  }

 private:
  bool parse() {
    SqlError error;
    if (parser::RawTree::parse(plan_->original, tree_, error)) return true;
    // libpg_query stumbles over a comment between two tokens that belong together; the server does not.
    blanked_ = parser::without_comments(plan_->original);
    SqlError ignored;
    if (blanked_ && parser::RawTree::parse(*blanked_, tree_, ignored)) return true;
    Statement refused;
    refused.refusal = std::move(error);
    plan_->statements.add(std::move(refused));
    plan_->is_identity = false;
    plan_->sql = refusal_statement(0, true);
    return false;
  }

  const std::string& text() const { return blanked_ ? *blanked_ : plan_->original; }

  // False: the catalog must be reloaded first.
  bool statement(const RawStmt* raw, Source& source, const PurposeChoice& choice) {
    const StatementFacts facts = parser::statement_facts(raw, text());
    Statement& out = plan_->statements.add();
    const std::uint32_t effects = statement_effects(facts, *names_);
    out.effects = effects & ~std::uint32_t{Effect::changes_state};  // until it is known what else it has
    out.takes_snapshot = facts.kind != StatementKind::transaction && facts.kind != StatementKind::set &&
                         facts.kind != StatementKind::show;
    note_names(facts, text(), out);
    parser::Splicer splicer;
    rewriter_.begin_statement();
    if (role_ != nullptr && role_->exempt) {
      out.decision = Decision::exempt;
      rewriter_.describe(facts, out);
    } else if (!decide(facts, source, rewriter_, splicer, out)) {
      return false;
    } else {
      if (choice.error && out.decision != Decision::untouched && !out.refusal) out.refusal = choice.error;
      const bool uses = out.decision != Decision::untouched || out.by_name != ByName::nothing;
      if (purpose_changes_ && uses && !out.refusal)
        out.refusal = unsupported("the purpose can't change within one text before protected data are used",
                                  "Send the statements one by one.");
    }
    if (!out.refusal) rewriter_.note_effects(facts, text(), out);
    // What it calls changes it, or what it executes.
    if ((out.effects & Effect::changes_state) != 0 || out.by_name != ByName::nothing) definitions_.unsettle();
    out.effects |= effects;
    if (out.refusal) {
      if (out.refusal->sqlstate == "42P01") cacheable_ = false;
      if (out.refusal->position == 0)
        out.refusal->position = character_position(text(), rewriter_.error_location());
      const std::string& state = out.refusal->sqlstate;
      const bool policy = state != "42P01" && state != "42P09" && state != "42703";
      if (policy) {
        out.decision = Decision::refused;
        // A purpose that nobody has declared is the client's own text, and not for the audit.
        const bool names_purpose = state == parser::sqlstate::invalid_parameter_value &&
                                   (choice.is_undeclared || facts.kind == StatementKind::set);
        out.audit.reason = names_purpose ? "the purpose is not allowed" : out.refusal->message;
      } else {
        out.decision = Decision::untouched;
      }
      out.effects = 0;
      replace_statement(facts);
    } else {
      shows_sent_text_ |= rewriter_.shows_sent_text();
      parameters_ += rewriter_.parameters();
      splicer_.append(std::move(splicer));
    }
    if (out.decision != Decision::untouched || out.by_name != ByName::nothing) {
      out.audit.statement =
          parser::normalise(text(), source.tokens(), facts.start, facts.end,
                            [&](std::string_view name) { return generation_.is_known_name(name); });
      out.audit.fingerprint = parser::fingerprint(out.audit.statement);
    }
    if (!out.refusal) note(facts);
    changes_anything_ |= (out.effects & (Effect::changes_state | Effect::changes_catalog)) != 0;
    return true;
  }

  // What the statements behind it can rely on.
  void note(const StatementFacts& facts) {
    if (facts.ends_transaction && (state_.may_revert || changes_anything_)) definitions_.unsettle();
    if (facts.ends_transaction && state_.private_catalog != nullptr) definitions_.lose_catalog();
    definitions_.note(facts, text(), *names_);
    if (plan_->purpose_source != "comment") purpose_changes_ |= changes_purpose(facts, *plan_, state_);
    if (facts.kind != StatementKind::set) return;
    for (std::string_view value : facts.values)
      path_names_temporary_ |= facts.name == "search_path" && value.starts_with("pg_temp");
    if (!keeps_names(facts, state_, search_path_)) definitions_.unsettle();
    names_.emplace(generation_.catalog(), search_path_,
                   state_.temporary);  // in the place that others refer to
  }

  void replace_statement(const StatementFacts& facts) {
    // The statement's own words only: what is before and behind stays, semicolons too.
    std::int32_t start = facts.start;
    while (start < facts.end && std::isspace(static_cast<unsigned char>(text()[start])) != 0) ++start;
    splicer_.replace(start, facts.end, " " + refusal_statement(plan_->statements.size() - 1, false) + " ");
  }

  RewriteOptions options(const StatementFacts& facts) const {
    RewriteOptions options;
    options.purpose = purpose_;
    options.explain = facts.kind == StatementKind::explain;
    options.before = &definitions_;
    options.catalog_is_fresh = fresh_;
    return options;
  }

  bool decide(const StatementFacts& facts, Source& source, QueryRewriter& rewriter, parser::Splicer& splicer,
              Statement& out) {
    const bool harmless = facts.kind == StatementKind::transaction || facts.kind == StatementKind::set ||
                          facts.kind == StatementKind::show || facts.kind == StatementKind::define;
    if (definitions_.change_code() && !harmless) {
      out.refusal =
          unsupported("a statement can't be judged behind one that defines or renames code or schemas",
                      "Send the statements one by one.");
      return true;
    }
    if (path_names_temporary_ && makes_code_without_schema(facts.statement)) {
      out.refusal = refusal("code can't be made in the temporary schema", {},
                            "Name the schema that it is for, or leave pg_temp out of search_path.");
      return true;
    }
    const bool may_drop = nodeTag(facts.statement) == T_DropStmt || facts.kind == StatementKind::discard;
    if (!may_drop && (!harmless || facts.kind == StatementKind::define)) {
      bool unknown = false;
      out.refusal = refuse_temporary_code(generation_, state_, unknown);
      if (out.refusal) return fresh_ || !unknown;
    }
    for (const Node* node : {facts.statement, facts.query}) {
      if (node == nullptr || nodeTag(node) != T_CreateTableAsStmt) continue;
      out.refusal = refuse_row_relation(parser::as<CreateTableAsStmt>(node)->into->rel->relname, generation_);
      if (out.refusal) return true;
    }
    return decide_kind(facts, source, rewriter, splicer, out);
  }

  bool decide_kind(const StatementFacts& facts, Source& source, QueryRewriter& rewriter,
                   parser::Splicer& splicer, Statement& out) {
    switch (facts.kind) {
      case StatementKind::query:
      case StatementKind::modification:
      case StatementKind::declare_cursor:
      case StatementKind::explain:
      case StatementKind::create_table_as:
      case StatementKind::prepare:
      case StatementKind::copy_query_out:
        return query(facts, source, rewriter, splicer, out);
      case StatementKind::copy_table_out:
      case StatementKind::copy_in:
        if (QueryRewriter::refuse_server_file(facts.copy, out)) return true;
        return rewriter.run_copy(source, facts.copy, options(facts), splicer, out) !=
               QueryRewriter::Outcome::needs_catalog;
      case StatementKind::set:
        out.refusal = refuse_setting(facts, role_);
        return true;
      case StatementKind::run_code:
        out.refusal = refuse_utility(facts, text(), generation_, *names_, definitions_);
        if (!out.refusal && nodeTag(facts.statement) == T_CallStmt) {
          return rewriter.run(source,
                              reinterpret_cast<const Node*>(parser::as<CallStmt>(facts.statement)->funccall),
                              options(facts), splicer, out) != QueryRewriter::Outcome::needs_catalog;
        }
        return true;
      case StatementKind::lock:
        if (definitions_.keep_names_of(facts, text())) {
          if (decide_maintenance(facts, generation_, *names_, out)) return true;
          if (!fresh_) return false;
        }
        [[fallthrough]];
      case StatementKind::define:
      case StatementKind::server:
        out.refusal = refuse_utility(facts, text(), generation_, *names_, definitions_);
        if (!out.refusal && definitions_.keep_names_of(facts, text()) &&
            !add_schemas(facts, generation_, *names_, source.tokens(), splicer))
          out.refusal = unsupported("CASCADE can't be told from a name here", "Put names in quotes.");
        out.runs_row_code = runs_row_code(facts.statement, generation_, *names_);
        return !out.refusal || fresh_;  // an index or a constraint may be newer
      case StatementKind::execute:
        return arguments(facts.statement, facts, source, rewriter, splicer, out);
      case StatementKind::deallocate:
      case StatementKind::fetch:
      case StatementKind::close_cursor:
      case StatementKind::transaction:
      case StatementKind::show:
      case StatementKind::discard:
      case StatementKind::notify:
        return true;
    }
    return true;
  }

  // What a PREPARE would send if its query were to be explained.
  std::string text_for_explain(const Node* node, const StatementFacts& facts, Source& source) {
    Statement ignored;
    parser::Splicer splicer;
    parser::SplicedText spliced;
    RewriteOptions explain = options(facts);
    explain.explain = true;
    rewriter_.run(source, node, explain, splicer, ignored);
    rewriter_.begin_statement();
    return splicer.apply(text(), spliced) ? std::move(spliced.text) : std::string();
  }

  // EXECUTE name (…): what is executed was decided when it was prepared, its arguments are evaluated now.
  bool arguments(const Node* execute, const StatementFacts& facts, Source& source, QueryRewriter& rewriter,
                 parser::Splicer& splicer, Statement& out) {
    const List* list = parser::as<ExecuteStmt>(execute)->params;
    if (list == nullptr) return true;
    return rewriter.run(source, parser::node_of(list), options(facts), splicer, out) !=
           QueryRewriter::Outcome::needs_catalog;
  }

  bool query(const StatementFacts& facts, Source& source, QueryRewriter& rewriter, parser::Splicer& splicer,
             Statement& out) {
    if (facts.kind == StatementKind::copy_query_out && QueryRewriter::refuse_server_file(facts.copy, out))
      return true;
    const Node* node = facts.query;
    // EXPLAIN and CREATE TABLE AS may hold each other, and EXECUTE of something that was decided when it was
    // prepared.
    for (bool inner = true; inner;) {
      inner = true;
      switch (nodeTag(node)) {
        case T_CreateTableAsStmt:
          node = parser::as<CreateTableAsStmt>(node)->query;
          break;
        case T_DeclareCursorStmt:
          node = parser::as<DeclareCursorStmt>(node)->query;
          break;
        case T_ExecuteStmt:
          return arguments(node, facts, source, rewriter, splicer, out);
        case T_SelectStmt:
        case T_InsertStmt:
        case T_UpdateStmt:
        case T_DeleteStmt:
        case T_MergeStmt:
          inner = false;
          break;
        default:
          out.refusal = unsupported("this kind of statement is not supported here");
          return true;
      }
    }
    std::string explained;
    if (facts.kind == StatementKind::prepare) explained = text_for_explain(node, facts, source);
    if (rewriter.run(source, node, options(facts), splicer, out) == QueryRewriter::Outcome::needs_catalog)
      return false;
    const bool stores = nodeTag(facts.statement) == T_CreateTableAsStmt &&
                        parser::as<CreateTableAsStmt>(facts.statement)->objtype == OBJECT_MATVIEW;
    if (stores && !out.refusal && out.runs_row_code)
      out.refusal =
          unsupported("a materialized view of a table whose policies read protected rows is not made");
    if (out.refusal || out.decision == Decision::untouched) return true;
    if (facts.kind == StatementKind::prepare) {
      parser::SplicedText sent;
      parser::Splicer copy = splicer;
      out.explainable = copy.apply(text(), sent) && sent.text == explained;
    }
    if (stores) {
      out.refusal = refusal("a materialized view over protected data can't be created through the proxy");
    }
    const bool shows_columns =
        facts.kind == StatementKind::query || facts.kind == StatementKind::modification ||
        facts.kind == StatementKind::declare_cursor || facts.kind == StatementKind::prepare;
    if (!shows_columns) out.origins.clear();
    note_use(facts, out.disclosure);
    return true;
  }

  void finish() {
    if (splicer_.empty() && !blanked_) return;
    plan_->is_identity = false;
    parser::SplicedText spliced;
    std::string wrong;
    if (!splicer_.apply(text(), spliced)) {
      wrong = "edits overlap";
    } else if (shows_sent_text_) {
      wrong = "current_query() would show the whole message with its generated text";
    } else if (role_ == nullptr || !role_->exempt) {
      wrong = parser::check_sent_text(
          {spliced.text, spliced.generated, static_cast<int>(plan_->statements.size()), parameters_}, *names_,
          [&](const parser::ResolvedName& relation, std::string_view bare) {
            return rewriter_.is_forbidden(relation, bare);
          },
          [&](const parser::Relation& relation, std::string_view column) {
            return is_masked_column(generation_, purpose_, relation, column);
          });
    }
    plan_->sql = std::move(spliced.text);
    plan_->edits = std::move(spliced.edits);
    if (wrong.empty()) return;
    Statement refused;
    refused.decision = Decision::refused;
    refused.refusal = refusal("the statement can't be made safe", wrong);
    refused.audit = plan_->statements.empty() ? AuditFacts{} : plan_->statements.front().audit;
    refused.audit.reason = refused.refusal->message;
    plan_->statements.change().clear();
    plan_->statements.add(std::move(refused));
    plan_->edits.clear();
    plan_->sql = refusal_statement(0, false);
  }

  void note_sent_texts() {
    for (std::size_t i = 0; i < plan_->statements.size(); ++i) {
      if (plan_->statements[i].own_text.empty()) continue;
      const auto* raw = list_nth_node(RawStmt, tree_.statements(), static_cast<int>(i));
      note_sent_text(parser::statement_facts(raw, text()), *plan_, plan_->statements.change()[i]);
    }
  }

  const Generation& generation_;
  const SessionState& state_;
  const bool fresh_;
  std::vector<std::string> search_path_;
  std::optional<parser::NameResolver> names_;  // always set
  QueryRewriter rewriter_;
  std::shared_ptr<Plan> plan_;
  const rules::Application* role_ = nullptr;
  const rules::Purpose* purpose_ = nullptr;
  std::optional<std::string> blanked_;  // the client's text without comments, where the parser needs that
  parser::RawTree tree_;
  Definitions definitions_;        // of earlier statements of the text
  bool path_names_temporary_;      // behind them
  bool changes_anything_ = false;  // of the session or of definitions: the end of a transaction may undo it
  bool purpose_changes_ = false, cacheable_ = true, shows_sent_text_ = false;
  int parameters_ = 0;
  parser::Splicer splicer_;
};

}  // namespace

BuiltPlan build_plan(const Generation& generation, const SessionState& state, std::string_view text,
                     bool catalog_is_fresh, DerivedTableCache& tables) {
  return Builder(generation, state, text, catalog_is_fresh, tables).build();
}

}  // namespace pgconsent::enforce
