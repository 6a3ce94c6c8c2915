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

bool assigns_subject(const Generation& generation, const Relation& target, const List* assignments) {
  bool found = false;
  parser::for_each(assignments, [&](const Node* assignment) {
    const char* name = parser::as<ResTarget>(assignment)->name;
    const auto column = std::find_if(target.columns.begin(), target.columns.end(),
                                     [&](const parser::Column& each) { return each.name == name; });
    found |= target.kind == parser::RelationKind::view || column == target.columns.end() ||
             generation.subject_columns().decides(target.oid, column->attnum);
  });
  return found;
}

// Gives rows that are there another key.
bool moves(const Generation& generation, const Relation& target, const Node* statement) {
  if (statement == nullptr) return false;
  if (nodeTag(statement) == T_UpdateStmt)
    return assigns_subject(generation, target, parser::as<UpdateStmt>(statement)->targetList);
  bool found = false;
  if (nodeTag(statement) == T_MergeStmt) {
    parser::for_each(parser::as<MergeStmt>(statement)->mergeWhenClauses, [&](const Node* node) {
      const auto* when = parser::as<MergeWhenClause>(node);
      found |= when->commandType == CMD_UPDATE && assigns_subject(generation, target, when->targetList);
    });
  }
  return found;
}

// Where the purpose sees every cell of the rows in any case, their subject does not matter to it.
bool masks(const Generation& generation, const SubjectGap& gap, const rules::Purpose* purpose) {
  return std::any_of(gap.of->columns.begin(), gap.of->columns.end(), [&](const rules::ProtectedColumn& cell) {
    return !cell.is_public && generation.decide(*gap.of, purpose, cell).clearance != rules::Clearance::always;
  });
}

// Its own, and those of what a view stands for.
void collect_gaps(const Generation& generation, const Relation& target, std::vector<SubjectGap>& out,
                  int depth = 0) {
  const auto& own = generation.subject_columns().gaps(target.oid);
  out.insert(out.end(), own.begin(), own.end());
  if (target.kind != parser::RelationKind::view || depth > max_view_depth) return;
  for (Oid oid : target.depends_on) {
    if (const Relation* below = generation.catalog().relation(oid))
      collect_gaps(generation, *below, out, depth + 1);
  }
}

std::vector<SubjectGap> gaps_of(const Generation& generation, const Relation& target,
                                const rules::Purpose* purpose) {
  std::vector<SubjectGap> gaps;
  collect_gaps(generation, target, gaps);
  std::erase_if(gaps, [&](const SubjectGap& gap) { return !masks(generation, gap, purpose); });
  return gaps;
}

const SubjectGap* find(const std::vector<SubjectGap>& gaps, Gap lasts) {
  const auto found =
      std::find_if(gaps.begin(), gaps.end(), [&](const SubjectGap& gap) { return gap.lasts == lasts; });
  return found == gaps.end() ? nullptr : &*found;
}

std::string name_of(const Generation& generation, Oid oid) {
  const Relation* relation = generation.catalog().relation(oid);
  return relation == nullptr ? "?" : relation->schema + "." + relation->name;
}

}  // namespace

std::optional<parser::SqlError> refuse_gap(const Generation& generation, const rules::Purpose* purpose,
                                           const Relation& target, const Node* statement) {
  const std::vector<SubjectGap> gaps = gaps_of(generation, target, purpose);
  if (inserts(statement)) {
    if (const SubjectGap* gap = find(gaps, Gap::always)) {
      return refusal(
          "new rows of \"" + target.name + "\" could give masked rows of \"" + gap->of->name + "\" a subject",
          "Their subjects lie behind " + name_of(generation, gap->hop) +
              ", and no foreign key holds that what they refer to exists there.",
          "Add that foreign key and validate it; without it only exempt roles may insert here.");
    }
  }
  if (deletes(statement)) {
    if (const SubjectGap* gap = find(gaps, Gap::transaction)) {
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
    const std::vector<SubjectGap> gone = gaps_of(generation, *from, purpose);
    for (const auto& [into, giving] : targets) {
      if (!inserts(giving) && !moves(generation, *into, giving)) continue;
      for (const SubjectGap& gap : gaps_of(generation, *into, purpose)) {
        if (std::find(gone.begin(), gone.end(), gap) == gone.end()) continue;
        return refusal(
            "one statement may not delete rows of \"" + into->name + "\" and give others their keys",
            "Rows of \"" + gap.of->name + "\" that refer to them could get another subject.",
            "Use two statements, or a foreign key ON DELETE RESTRICT.");
      }
    }
  }
  return std::nullopt;
}

}  // namespace pgconsent::enforce
