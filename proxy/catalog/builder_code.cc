// Functions, and what stored expressions refer to.
#include <algorithm>
#include <cctype>

#include "proxy/catalog/builder.h"

namespace pgconsent::catalog {

void SnapshotBuilder::Impl::function(Row& row) {
  parser::Function function;
  function.oid = row.oid();
  const std::string* schema = find_schema(row.oid());
  function.name = row.text();
  function.argument_types = row.numbers<Oid>();
  function.result_type = row.oid();
  function.language = row.text();
  function.kind = row.letter();
  function.volatility = row.letter();
  function.leakproof = row.flag();
  function.security_definer = row.flag();
  function.body = row.text();
  function.all_types = row.numbers<Oid>();
  if (schema == nullptr) return;
  function.schema = *schema;
  snapshot_->functions.insert_or_assign(function.oid, std::move(function));
}

void SnapshotBuilder::Impl::function_setting(Row& row) {
  parser::Function* function = find_function(row.oid());
  std::string_view setting = row.text();
  if (function != nullptr) function->settings.emplace_back(setting);
}

void SnapshotBuilder::Impl::extension_function(Row& row) {
  parser::Function* function = find_function(row.oid());
  std::string_view extension = row.text();
  if (function != nullptr) function->extension = extension;
}

void SnapshotBuilder::Impl::aggregate(Row& row) {
  parser::Function* function = find_function(row.oid());
  Oid support = row.oid();
  if (function != nullptr) function->depends_on.push_back(support);
}

namespace {

struct Reference {
  enum class Kind { relation, function, type, constant } kind;  // of which type
  Oid oid;
};

// ":funcid 1574 " -> a reference; anything else (":relid 0", other fields) -> none.
std::optional<Reference> read_reference(std::string_view field) {
  static constexpr std::pair<std::string_view, Reference::Kind> names[] = {
      {"funcid ", Reference::Kind::function},     {"opfuncid ", Reference::Kind::function},
      {"aggfnoid ", Reference::Kind::function},   {"winfnoid ", Reference::Kind::function},
      {"tsmhandler ", Reference::Kind::function}, {"relid ", Reference::Kind::relation},
      {"resulttype ", Reference::Kind::type},     {"consttype ", Reference::Kind::constant},
  };
  for (auto [name, kind] : names) {
    if (!field.starts_with(name)) continue;
    Oid oid = 0;
    std::from_chars(field.data() + name.size(), field.data() + field.size(), oid);
    if (oid != 0) return Reference{kind, oid};
  }
  return std::nullopt;
}

template <class Use>
void for_each_reference(std::string_view tree, Use use) {
  for (std::size_t at = tree.find(':'); at != tree.npos; at = tree.find(':', at + 1)) {
    if (std::optional<Reference> reference = read_reference(tree.substr(at + 1))) use(*reference);
  }
}

}  // namespace

void SnapshotBuilder::Impl::add_columns(std::string_view tree, std::vector<parser::AttrNumber>& list) {
  static constexpr std::string_view field = ":varattno ";
  for (std::size_t at = tree.find(field); at != tree.npos; at = tree.find(field, at + 1)) {
    parser::AttrNumber attnum = 0;
    const char* from = tree.data() + at + field.size();
    std::from_chars(from, tree.data() + tree.size(), attnum);
    if (attnum >= 0 && std::find(list.begin(), list.end(), attnum) == list.end()) list.push_back(attnum);
  }
}

void SnapshotBuilder::Impl::generation(std::string_view tree, parser::Column& column) {
  add_columns(tree, column.generated_from);
  // Of rows that are compared only the operators are named.
  column.generated_by_built_ins = tree.find("{ROWCOMPARE") == tree.npos;
  for_each_reference(tree, [&](Reference reference) {
    column.generated_by_built_ins &= reference.oid < parser::first_user_oid;
  });
}

void SnapshotBuilder::Impl::references(Row& row) {
  const std::string_view kind = row.text();
  const Oid oid = row.oid();
  const std::optional<std::string_view> tree = row.optional_text();
  std::vector<Oid>*code = nullptr, *relations = nullptr, *types = nullptr;
  std::vector<parser::AttrNumber>* columns = nullptr;
  if (kind == "support") {
    snapshot_->support_functions.push_back(oid);
  } else if (kind == "type") {
    code = &type_functions_[oid];
  } else if (kind == "function") {
    if (parser::Function* function = find_function(oid)) code = relations = &function->depends_on;
  } else if (parser::Relation* relation = find_relation(oid)) {
    types = &relation->named_types;
    if (kind == "depends") {
      code = relations = &relation->depends_on;
    } else if (kind == "policy") {
      code = &relation->policy_functions;
      relations = &relation->policy_relations;
      columns = &relation->policy_columns;
    } else {
      code = kind == "statistics" ? &relation->statistics_functions : &relation->implicit_functions;
      columns = &relation->implicit_columns;
    }
  }
  if (!tree) return;
  if (columns != nullptr) add_columns(*tree, *columns);
  if (code == nullptr) return;
  for_each_reference(*tree, [&](Reference reference) {
    switch (reference.kind) {
      case Reference::Kind::function:
        code->push_back(reference.oid);
        break;
      case Reference::Kind::relation:
        if (relations != nullptr) relations->push_back(reference.oid);
        break;
      case Reference::Kind::type:
        if (kind != "type" && reference.oid >= parser::first_user_oid)
          used_types_.emplace_back(code, reference.oid);
        [[fallthrough]];
      case Reference::Kind::constant:
        if (types != nullptr && reference.oid >= parser::first_user_oid) types->push_back(reference.oid);
        break;
    }
  });
}

void SnapshotBuilder::Impl::text(Row& row) {
  std::string_view kind = row.text();
  Oid oid = row.oid();
  std::optional<std::string_view> text = row.optional_text();
  if (!text) return;
  if (kind == "function") {
    if (parser::Function* function = find_function(oid)) function->body = *text;
    return;
  }
  if (kind == "check") {
    const auto check = checks_.find(oid);
    parser::Relation* relation = check == checks_.end() ? nullptr : find_relation(check->second);
    if (relation == nullptr) return;
    for (parser::TableConstraint& constraint : relation->constraints) {
      if (constraint.oid == oid) constraint.check = *text;
    }
    return;
  }
  if (text->ends_with(';')) text->remove_suffix(1);
  if (parser::Relation* relation = find_relation(oid)) relation->view_definition = *text;
}

}  // namespace pgconsent::catalog
