#include "proxy/enforce/code_reads.h"

#include <unordered_set>
#include <utility>

#include "parser/reach/words.h"

namespace pgconsent::enforce {

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
    parser::for_each_word_at(code, [&](std::string word, std::size_t begin) {
      std::string written = code.substr(begin, word.size());
      if (written != word) name(std::move(written));
      name(std::move(word));
    });
    names_all_columns_ |= code.find('*') != std::string::npos;
    for (const parser::Relation* each : all_.of_several_words_) {
      if (code.find(each->name) != std::string::npos) relation(*each);
    }
  }

  ReadByCode result(std::string_view basis) const {
    ReadByCode out;
    out.relations = relations_;
    out.trusted = trusted_;
    for (const rules::ProtectedRelation* each : relations_) {
      for (const rules::ProtectedColumn& column : each->columns) {
        const bool named =
            names_all_columns_ || words_.contains(column.name) || !parser::is_word(column.name);
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
  void name(std::string word) {
    const auto [known, is_new] = words_.insert(std::move(word));
    if (!is_new) return;
    const std::string& name = *known;  // it stays where it is
    for (const parser::Function* each : all_.catalog_.functions_named(name)) function(each->oid);
    auto [it, end] = all_.views_and_tables_.equal_range(name);
    for (; it != end; ++it) relation(*it->second);
  }

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
    if (oid < parser::first_user_oid || !parser::holds_rows(relation.kind)) continue;
    views_and_tables_.emplace(relation.name, &relation);
    if (!parser::is_word(relation.name)) of_several_words_.push_back(&relation);
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
