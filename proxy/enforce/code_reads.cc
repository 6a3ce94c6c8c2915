#include "proxy/enforce/code_reads.h"

#include <cctype>
#include <unordered_set>

namespace pgconsent::enforce {

namespace {

bool belongs_to_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_word(std::string_view name) {
  for (const char c : name) {
    if (!belongs_to_word(c)) return false;
  }
  return !name.empty();
}

// As they stand there, and in lower case.
template <typename Use>
void for_each_word(std::string_view text, Use use) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && belongs_to_word(text[end])) ++end;
    if (end > at) {
      std::string word(text.substr(at, end - at));
      use(word);
      for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      use(word);
    }
    at = end + 1;
  }
}

}  // namespace

class CodeReads::Walk {
 public:
  explicit Walk(const CodeReads& all) : all_(all) {}

  void function(parser::Oid oid) {
    const parser::Function* known = oid < parser::first_user_oid ? nullptr : all_.catalog_.function(oid);
    if (known == nullptr || !seen_.insert(oid).second) return;
    if (all_.policy_.trusted_functions.contains(oid)) trusted_.insert(known->identity);
    if (known->language != "c" && known->language != "internal") text(known->body);
    used(known->depends_on);
  }

  void relation(const parser::Relation& relation) {
    if (relation.oid < parser::first_user_oid || !seen_.insert(relation.oid).second) return;
    if (const rules::ProtectedRelation* rules = all_.policy_.relation(relation.oid)) {
      relations_.insert(rules);
    } else if (parser::is_view(relation.kind)) {
      used(relation.depends_on);
    }
  }

  void runs(const parser::Relation& relation) {
    for (const auto* each : {&relation.trigger_functions, &relation.implicit_functions}) {
      for (const parser::Oid oid : *each) function(oid);
    }
  }

  void text(const std::string& code) {
    for_each_word(code, [&](const std::string& word) {
      if (!words_.insert(word).second) return;
      for (const parser::Function* each : all_.catalog_.functions_named(word)) function(each->oid);
      auto [it, end] = all_.views_and_tables_.equal_range(word);
      for (; it != end; ++it) relation(*it->second);
    });
    names_all_columns_ |= code.find('*') != std::string::npos;
    for (const auto& [name, known] : all_.views_and_tables_) {
      if (!is_word(name) && code.find(name) != std::string::npos) relation(*known);
    }
  }

  ReadByCode result(std::string_view basis) const {
    ReadByCode out;
    out.relations = relations_;
    out.trusted = trusted_;
    for (const rules::ProtectedRelation* each : relations_) {
      for (const rules::ProtectedColumn& column : each->columns) {
        const bool named = names_all_columns_ || words_.contains(column.name) || !is_word(column.name);
        if (column.is_public || !named) continue;
        const std::string name = column.source.empty() ? each->name + "." + column.name : column.source;
        out.columns.insert(name);
        const std::string category = column.category.empty() ? "(no category)" : column.category;
        out.bases.insert(name + ": " + category + ": " + std::string(basis));
      }
    }
    return out;
  }

  bool reads() const { return !relations_.empty(); }

 private:
  void used(const std::vector<parser::Oid>& oids) {
    for (const parser::Oid oid : oids) {
      function(oid);
      if (const parser::Relation* known = all_.catalog_.relation(oid)) relation(*known);
    }
  }

  const CodeReads& all_;
  std::unordered_set<parser::Oid> seen_;
  std::unordered_set<std::string> words_;
  std::set<const rules::ProtectedRelation*> relations_;
  std::set<std::string> trusted_;
  bool names_all_columns_ = false;
};

CodeReads::CodeReads(const parser::SnapshotPtr& catalog, const rules::Policy& policy,
                     const parser::ReachOptions& options)
    : catalog_(*catalog), policy_(policy) {
  for (const auto& [oid, relation] : catalog->relations) {
    if (oid >= parser::first_user_oid && parser::holds_rows(relation.kind))
      views_and_tables_.emplace(relation.name, &relation);
  }
  parser::ReachOptions fewer = options;
  for (const parser::Oid oid : options.trusted_functions) {
    Walk walk(*this);
    walk.function(oid);
    if (!walk.reads()) continue;
    trusted_readers_.push_back(oid);
    fewer.trusted_functions.erase(oid);
  }
  if (!trusted_readers_.empty()) without_trust_ = std::make_unique<parser::FunctionReach>(catalog, fewer);
}

ReadByCode CodeReads::read(const std::vector<parser::Oid>& code, std::string_view basis) const {
  Walk walk(*this);
  for (const parser::Oid oid : code) {
    walk.function(oid);
    if (const parser::Relation* relation = catalog_.relation(oid)) {
      parser::is_view(relation->kind) ? walk.relation(*relation) : walk.runs(*relation);
    }
  }
  return walk.result(basis);
}

ReadByCode CodeReads::read_by_text(const std::string& text, std::string_view basis) const {
  Walk walk(*this);
  walk.text(text);
  return walk.result(basis);
}

}  // namespace pgconsent::enforce
