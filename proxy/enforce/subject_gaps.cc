#include "proxy/enforce/subject_gaps.h"

#include <algorithm>

#include "parser/tree/walker.h"
#include "proxy/enforce/statement_rules.h"

namespace pgconsent::enforce {

namespace {

using parser::Oid;
using parser::Relation;
using Gap = rules::SubjectPath::Hop::Gap;

constexpr int max_view_depth = 32;

bool merges(const Node* statement, CmdType action) {
  bool found = false;
  parser::for_each(parser::as<MergeStmt>(statement)->mergeWhenClauses, [&](const Node* when) {
    found |= parser::as<MergeWhenClause>(when)->commandType == action;
  });
  return found;
}

bool inserts(const Node* statement) {
  if (statement == nullptr || nodeTag(statement) == T_InsertStmt || nodeTag(statement) == T_CopyStmt)
    return true;
  return nodeTag(statement) == T_MergeStmt && merges(statement, CMD_INSERT);
}

bool deletes(const Node* statement) {
  if (statement == nullptr) return false;
  return nodeTag(statement) == T_DeleteStmt ||
         (nodeTag(statement) == T_MergeStmt && merges(statement, CMD_DELETE));
}

// Where the purpose sees every cell of the rows in any case, their subject does not matter to it.
bool masks(const Generation& generation, const SubjectGap& gap, const rules::Purpose* purpose) {
  return std::any_of(gap.of->columns.begin(), gap.of->columns.end(), [&](const rules::ProtectedColumn& cell) {
    return !cell.is_public && generation.decide(*gap.of, purpose, cell).clearance != rules::Clearance::always;
  });
}

const SubjectGap* find_gap(const Generation& generation, const rules::Purpose* purpose,
                           const Relation& target, Gap lasts, int depth) {
  for (const SubjectGap& gap : generation.subject_columns().gaps(target.oid)) {
    if (gap.lasts == lasts && masks(generation, gap, purpose)) return &gap;
  }
  if (target.kind != parser::RelationKind::view || depth > max_view_depth) return nullptr;
  for (Oid oid : target.depends_on) {
    const Relation* below = generation.catalog().relation(oid);
    const SubjectGap* gap =
        below == nullptr ? nullptr : find_gap(generation, purpose, *below, lasts, depth + 1);
    if (gap != nullptr) return gap;
  }
  return nullptr;
}

std::string name_of(const Generation& generation, Oid oid) {
  const Relation* relation = generation.catalog().relation(oid);
  return relation == nullptr ? "?" : relation->schema + "." + relation->name;
}

}  // namespace

std::optional<parser::SqlError> refuse_gap(const Generation& generation, const rules::Purpose* purpose,
                                           const Relation& target, const Node* statement) {
  if (inserts(statement)) {
    if (const SubjectGap* gap = find_gap(generation, purpose, target, Gap::always, 0)) {
      return refusal(
          "new rows of \"" + target.name + "\" could give masked rows of \"" + gap->of->name + "\" a subject",
          "Their subjects lie behind " + name_of(generation, gap->hop) +
              ", and no foreign key holds that what they refer to exists there.",
          "Add that foreign key and validate it; without it only exempt roles may insert here.");
    }
  }
  if (deletes(statement)) {
    if (const SubjectGap* gap = find_gap(generation, purpose, target, Gap::transaction, 0)) {
      return refusal("deleted rows of \"" + target.name + "\" could leave rows of \"" + gap->of->name +
                         "\" to another subject",
                     "The foreign key to " + name_of(generation, gap->hop) +
                         " is checked at the end of the transaction only.",
                     "Make it NOT DEFERRABLE or ON DELETE RESTRICT, or delete for a purpose that sees "
                     "everything of \"" +
                         gap->of->name + "\".");
    }
  }
  return std::nullopt;
}

std::optional<parser::SqlError> refuse_exchange(const Generation& generation, const rules::Purpose* purpose,
                                                std::span<const WriteTarget> targets) {
  for (const auto& [from, deleting] : targets) {
    if (!deletes(deleting)) continue;
    const auto& gone = generation.subject_columns().gaps(from->oid);
    for (const auto& [into, inserting] : targets) {
      if (!inserts(inserting)) continue;
      for (const SubjectGap& gap : generation.subject_columns().gaps(into->oid)) {
        if (std::find(gone.begin(), gone.end(), gap) == gone.end() || !masks(generation, gap, purpose))
          continue;
        return refusal("one statement may not delete and insert rows of \"" + into->name + "\"",
                       "Rows of \"" + gap.of->name + "\" that refer to them could get another subject.",
                       "Use two statements, or a foreign key ON DELETE RESTRICT.");
      }
    }
  }
  return std::nullopt;
}

}  // namespace pgconsent::enforce
