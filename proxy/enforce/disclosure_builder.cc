#include "proxy/enforce/disclosure_builder.h"

#include <algorithm>

#include "parser/names/type_oids.h"
#include "parser/tree/walker.h"

namespace pgconsent::enforce {

namespace {

using From = Disclosure::From;
using parser::RangeEntry;
using rules::Clearance;
using rules::ProtectedColumn;
using rules::ProtectedRelation;

constexpr int max_steps = 4;  // from column to equal column

// A cast that a key comes through as it is, or not at all.
bool keeps_keys(const TypeName* type) {
  static constexpr std::string_view names[] = {"int2", "int4", "int8", "uuid", "text", "varchar"};
  return type->typmods == nullptr && type->arrayBounds == nullptr && !type->setof && !type->pct_type &&
         std::find(std::begin(names), std::end(names), parser::last_string(type->names)) != std::end(names);
}

const A_Const* constant_of(const Node* value, parser::Oid type) {
  const bool any_cast = parser::is_integer_type(type) || type == parser::uuid_oid;  // printed_key() sees
  while (any_cast && nodeTag(value) == T_TypeCast && keeps_keys(parser::as<TypeCast>(value)->typeName))
    value = parser::as<TypeCast>(value)->arg;
  return nodeTag(value) == T_A_Const && !parser::as<A_Const>(value)->isnull ? parser::as<A_Const>(value)
                                                                            : nullptr;
}

std::string given_text(const A_Const& constant) {
  switch (nodeTag(&constant.val.node)) {
    case T_Integer:
      return std::to_string(constant.val.ival.ival);
    case T_Float:
      return constant.val.fval.fval;
    case T_String:
      return constant.val.sval.sval;
    default:
      return {};
  }
}

class Builder {
 public:
  Builder(const Generation& generation, const parser::Binding& binding, const DisclosureRequest& request)
      : generation_(generation), binding_(binding), request_(request) {}

  DisclosurePtr build() {
    out_->counts_cells = !request_.raw && binding_.results_known && !binding_.outer_joins;
    for (std::size_t i = 0; i < binding_.entries.size(); ++i) add(static_cast<int>(i));
    if (request_.raw) out_->counts_cells = true;  // none is masked
    if (!out_->counts_cells) {
      out_->masked_cells = 0;
      out_->masked_nulls.clear();
    }
    return std::move(out_);
  }

 private:
  void add(int index) {
    const RangeEntry& entry = binding_.entries[index];
    const ProtectedRelation* relation = generation_.protected_relation(entry.relation->oid, request_.purpose);
    if (relation == nullptr) return add_unknown();  // a view that is expanded
    if (generation_.is_built_in_rule(relation->oid)) return;
    Disclosure::Entry shown;
    if (!shows_something(index, entry, *relation, shown)) return;
    for (const ProtectedColumn& column : relation->inside) add_computed(column);
    for (const rules::SubjectPath& path : relation->subjects)
      shown.subjects.push_back(subject(index, entry, path));
    // What windows and grouping sets show beside a key may be another row's.
    if (binding_.mixes_rows || request_.mixes_rows) {
      for (const Disclosure::Subject& subject : shown.subjects) out_->add_other(subject.kind);
    }
    for (const Disclosure::Subject& subject : shown.subjects) {
      if (subject.from == From::nowhere) out_->add_other(subject.kind);
    }
    std::erase_if(shown.subjects, [](const auto& subject) { return subject.from == From::nowhere; });
    if (!shown.subjects.empty()) out_->entries.push_back(std::move(shown));
  }

  // What a view computes with: whose it is does not show.
  void add_computed(const ProtectedColumn& column) {
    const ProtectedRelation* table = generation_.protected_relation(column.declared_by, request_.purpose);
    if (table == nullptr) return add_unknown();
    for (const rules::SubjectPath& path : table->subjects) out_->add_other(out_->kind(path.kind));
  }

  void add_unknown() {
    out_->counts_cells = request_.raw;
    for (const auto& [name, kind] : generation_.policy().subjects) out_->add_other(out_->kind(name));
  }

  // Also notes what is masked in the result.
  bool shows_something(int index, const RangeEntry& entry, const ProtectedRelation& relation,
                       Disclosure::Entry& out) {
    bool shows = false, all_nulls = true;
    for (std::size_t i = 0; i < entry.relation->columns.size(); ++i) {
      if (i >= entry.used.size() || !entry.used[i]) continue;
      const parser::Column& column = entry.relation->columns[i];
      const ProtectedColumn* rule = relation.column(column.attnum);
      if (rule != nullptr && rule->is_public) continue;
      const Clearance clearance = request_.raw ? Clearance::always
                                  : rule == nullptr
                                      ? Clearance::never
                                      : generation_.decide(relation, request_.purpose, *rule).clearance;
      const std::vector<std::uint32_t> places = results(index, column.attnum);
      const bool hides = rule != nullptr && rule->without_basis == rules::WithoutBasis::hide_row;
      const bool nulls = rule != nullptr && rule->mask.kind == rules::Mask::Kind::null &&
                         rule->without_basis == rules::WithoutBasis::mask;
      if (clearance != Clearance::always && (places.empty() || hides)) out_->counts_cells = false;
      if (clearance == Clearance::never) {
        out_->masked_cells += static_cast<std::uint32_t>(places.size());
        continue;
      }
      shows = true;
      if (clearance == Clearance::by_row && nulls && column.not_null) {
        out_->masked_nulls.insert(out_->masked_nulls.end(), places.begin(), places.end());
      } else if (clearance == Clearance::by_row) {
        out_->counts_cells = false;
      }
      all_nulls &= clearance == Clearance::by_row && nulls && !places.empty();
      if (!places.empty()) out.nulls.push_back(places.front());
    }
    if (!all_nulls) out.nulls.clear();
    if (!relation.inside.empty()) {
      shows = true;
      out.nulls.clear();
    }
    return shows;
  }

  std::vector<std::uint32_t> results(int entry, parser::AttrNumber attnum) const {
    std::vector<std::uint32_t> found;
    for (std::size_t i = 0; binding_.results_known && i < binding_.results.size(); ++i) {
      if (binding_.result_entries[i] == entry && binding_.results[i].attnum == attnum)
        found.push_back(static_cast<std::uint32_t>(i));
    }
    return found;
  }

  Disclosure::Subject subject(int index, const RangeEntry& entry, const rules::SubjectPath& path) {
    Disclosure::Subject out;
    out.kind = out_->kind(path.kind);
    const parser::Column* key = path.hops.empty() ? entry.relation->column(path.key) : nullptr;
    if (key != nullptr) find(index, *key, max_steps, out);
    return out;
  }

  // In the result, in a condition, or in a column that it equals.
  void find(int index, const parser::Column& key, int steps, Disclosure::Subject& out) {
    const RangeEntry& entry = binding_.entries[index];
    out.type = key.type;
    if (const auto places = results(index, key.attnum); !places.empty()) {
      out.from = From::column;
      out.index = places.front();
      return;
    }
    for (const parser::EqualityLookup& lookup : entry.lookups) {
      if (!lookup.is_one() || entry.relation->columns[lookup.column].attnum != key.attnum) continue;
      if (nodeTag(lookup.value) == T_ParamRef) {
        out.from = From::parameter;
        out.index = static_cast<std::uint32_t>(parser::as<ParamRef>(lookup.value)->number);
        return;
      }
      const A_Const* constant = constant_of(lookup.value, key.type);
      if (constant == nullptr) continue;
      out.from = From::constant;
      out.index = static_cast<std::uint32_t>(out_->constants.size());
      out_->constants.push_back(given_text(*constant));
      return;
    }
    for (const parser::ColumnEquality& equal : binding_.equalities) {
      if (steps == 0 || out.from != From::nowhere) return;
      if (equal.other != index || entry.relation->columns[equal.other_column].attnum != key.attnum) continue;
      find(equal.known, binding_.entries[equal.known].relation->columns[equal.known_column], steps - 1, out);
    }
  }

  const Generation& generation_;
  const parser::Binding& binding_;
  const DisclosureRequest& request_;
  std::shared_ptr<Disclosure> out_ = std::make_shared<Disclosure>();
};

}  // namespace

DisclosurePtr disclosure_of(const Generation& generation, const parser::Binding& binding,
                            const DisclosureRequest& request) {
  return Builder(generation, binding, request).build();
}

bool has_windows(const parser::References& references) {
  return std::any_of(references.functions.begin(), references.functions.end(), [](const auto& function) {
    return function.call != nullptr && function.call->over != nullptr;
  });
}

void note_copy_options(const CopyStmt* copy, Disclosure& out) {
  out.copy = Disclosure::Copy::text;
  parser::for_each(copy->options, [&](const Node* node) {
    const auto* option = parser::as<DefElem>(node);
    const std::string_view name = option->defname;
    const std::string_view value = option->arg != nullptr && nodeTag(option->arg) == T_String
                                       ? parser::string_value(option->arg)
                                       : std::string_view();
    if (name == "format") {
      out.copy = value == "text"     ? Disclosure::Copy::text
                 : value == "csv"    ? Disclosure::Copy::csv
                 : value == "binary" ? Disclosure::Copy::binary
                                     : Disclosure::Copy::other;
    } else if (name == "header") {
      out.copy_header = option->arg == nullptr || value == "true" || value == "on";
      if (option->arg != nullptr && !out.copy_header && value != "false" && value != "off")
        out.copy = Disclosure::Copy::other;
    } else if (name != "force_quote" && name != "freeze") {
      out.copy = Disclosure::Copy::other;
    }
  });
}

void note_use(const parser::StatementFacts& facts, DisclosurePtr& disclosure) {
  if (facts.kind == parser::StatementKind::explain) {
    auto nothing = std::make_shared<Disclosure>();
    nothing->counts_cells = true;
    disclosure = std::move(nothing);
  } else if (facts.kind == parser::StatementKind::create_table_as && disclosure != nullptr) {
    disclosure = moved(*disclosure);
  } else if (facts.copy != nullptr && disclosure != nullptr) {
    auto copied = std::make_shared<Disclosure>(*disclosure);
    note_copy_options(facts.copy, *copied);
    disclosure = std::move(copied);
  }
}

}  // namespace pgconsent::enforce
