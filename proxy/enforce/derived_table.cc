#include "proxy/enforce/derived_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "parser/edit/rewrite_target.h"
#include "proxy/enforce/guard.h"
#include "proxy/enforce/mask_sql.h"

namespace pgconsent::enforce {

namespace {

using parser::Column;
using parser::quote_identifier;
using rules::Clearance;
using rules::ProtectedColumn;
using rules::WithoutBasis;

class Builder {
 public:
  Builder(const Generation& generation, const DerivedTableRequest& request)
      : generation_(generation),
        request_(request),
        alias_(request.target ? parser::target_alias : "t"),
        catalog_relation_(*generation.catalog().relation(request.relation->oid)) {
    if (request.purpose != nullptr) {
      const bool exists = request.locked || request.target;
      guard_.emplace(generation, *request.relation, *request.purpose,
                     exists             ? Guard::Form::exists
                     : request.one_row  ? Guard::Form::join_one
                     : request.few_rows ? Guard::Form::join_few
                                        : Guard::Form::join,
                     alias_);
    }
  }

  DerivedTable build() {
    hide_rows();
    for (const ProtectedColumn& column : request_.relation->inside)
      note(column, generation_.decide(*request_.relation, request_.purpose, column));
    std::string list, apart;
    const auto append = [](std::string& to, const std::string& sql) { to += (to.empty() ? "" : ", ") + sql; };
    out_.cells.resize(catalog_relation_.columns.size());
    out_.plain.resize(catalog_relation_.columns.size());
    for (std::size_t i = 0; i < catalog_relation_.columns.size(); ++i) {
      if (!request_.columns[i]) continue;
      const Column& type = catalog_relation_.columns[i];
      const std::string name = quote_identifier(type.name);
      const std::string raw = fmt::format("{}.{}", alias_, name);
      out_.cells[i] = column(type, raw);
      out_.plain[i] = out_.cells[i] == raw;
      const std::string cell = out_.plain[i] ? raw : out_.cells[i] + " AS " + name;
      const bool is_apart = request_.apart && !out_.plain[i];
      if (is_apart) append(apart, cell);
      append(list, is_apart ? "m." + name : cell);
    }
    if (request_.target) return std::move(out_);
    for (std::string_view name : request_.system_columns) append(list, system_column(name));
    out_.head =
        fmt::format("SELECT {}{}FROM {}{} t", list, list.empty() ? "" : " ", request_.only ? "ONLY " : "",
                    parser::quote_qualified({catalog_relation_.schema, catalog_relation_.name}));
    if (guard_) out_.tail = guard_->joins();
    if (!apart.empty()) out_.tail += fmt::format(" LEFT JOIN LATERAL (SELECT {}) m ON TRUE", apart);
    return std::move(out_);
  }

 private:
  // A row is left out when a column that hides rows has no basis, whether or not that column is used.
  void hide_rows() {
    std::vector<std::string> conditions;
    for (const ProtectedColumn& column : request_.relation->columns) {
      if (column.is_public || column.without_basis != WithoutBasis::hide_row) continue;
      const rules::Decision decision = generation_.decide(*request_.relation, request_.purpose, column);
      if (decision.clearance == Clearance::always) continue;
      const std::string condition =
          decision.clearance == Clearance::never ? "FALSE" : guard_->condition(column.category);
      if (std::find(conditions.begin(), conditions.end(), condition) == conditions.end()) {
        conditions.push_back(condition);
        out_.where += out_.where.empty() ? condition : " AND " + condition;
      }
      note(column, decision);
      out_.masks = true;
    }
  }

  void note(const ProtectedColumn& column, const rules::Decision& decision) {
    auto add = [](std::vector<std::string>& list, std::string text) {
      if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
    };
    const std::string name =
        column.source.empty() ? request_.relation->name + "." + column.name : column.source;
    add(out_.columns, name);
    add(out_.rules, column.rule);
    out_.asks_conditions |= asks_conditions(column.category);
    std::string bases;
    for (rules::LawfulBasis basis : decision.bases)
      bases.append(bases.empty() ? "" : ", ").append(rules::to_string(basis));
    add(out_.bases,
        fmt::format("{}: {}: {}", name, column.category.empty() ? "(no category)" : column.category,
                    bases.empty() ? "none" : bases));
  }

  bool asks_conditions(std::string_view category) const {
    if (request_.purpose == nullptr) return false;
    auto found = request_.purpose->lawful_basis.find(category);
    if (found == request_.purpose->lawful_basis.end()) return false;
    const auto alternatives = found->second.alternatives();
    return std::any_of(alternatives.begin(), alternatives.end(), [](const rules::ListedBases* bases) {
      return std::any_of(bases->begin(), bases->end(), [](const rules::ListedBasis& listed) {
        return !listed.when.empty() || !listed.until.empty();
      });
    });
  }

  std::string column(const Column& type, const std::string& raw) {
    const ProtectedColumn* rule = request_.relation->column(type.attnum);
    std::string clear = raw;
    // A filter alone would let leaky functions run below it: hidden rows show nothing.
    if (!out_.where.empty()) clear = guarded_sql(out_.where, raw, "", type);
    if (rule != nullptr && rule->is_public) return clear;
    static const ProtectedColumn unknown;  // added since the rules were bound: masked
    if (rule == nullptr) rule = &unknown;
    const rules::Decision decision = generation_.decide(*request_.relation, request_.purpose, *rule);
    note(*rule, decision);
    if (decision.clearance == Clearance::always) {
      out_.clear.push_back(type.attnum);
      return clear;
    }
    out_.masks = true;
    std::string masked;
    if (rule->without_basis == WithoutBasis::refuse) {
      if (decision.clearance == Clearance::never && out_.refused_rule.empty()) out_.refused_rule = rule->rule;
      if (out_.run_time_rule.empty()) out_.run_time_rule = rule->rule;
      masked = refusal_sql(type, raw);
    } else if (rule->without_basis != WithoutBasis::hide_row) {
      const std::string key =
          request_.explain ? std::string(64, '0') : generation_.pseudonym_key(request_.purpose);
      masked = mask_sql(rule->mask, type, raw, {key});
    }
    const std::string condition = decision.clearance != Clearance::never
                                      ? guard_->condition(rule->category, rule->subject_set)
                                  : rule->shown_where.empty() ? "FALSE"
                                                              : rule->shown_where;
    if (rule->lookup_equality) out_.clears_if.emplace(type.attnum, condition);
    std::string sql = guarded_sql(condition, raw, masked, type);
    if (!out_.where.empty()) sql = guarded_sql(out_.where, sql, "", type);
    return sql;
  }

  // ctid, xmin, … of hidden rows show nothing either.
  std::string system_column(std::string_view name) const {
    if (name == "xmax") return fmt::format("{} AS xmax", parser::no_locker);
    if (out_.where.empty()) return fmt::format("t.{0} AS {0}", name);
    return fmt::format("CASE WHEN {1} THEN t.{0} END AS {0}", name, out_.where);
  }

  const Generation& generation_;
  const DerivedTableRequest& request_;
  const std::string_view alias_;
  const parser::Relation& catalog_relation_;
  std::optional<Guard> guard_;
  DerivedTable out_;
};

}  // namespace

DerivedTable derived_table(const Generation& generation, const DerivedTableRequest& request) {
  return Builder(generation, request).build();
}

}  // namespace pgconsent::enforce
