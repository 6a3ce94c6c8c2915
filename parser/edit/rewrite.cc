#include "parser/edit/rewrite.h"

#include "parser/edit/result_names.h"
#include "parser/tree/walker.h"

namespace pgconsent::parser {

namespace {

std::string_view column_label(const RangeEntry& entry, std::size_t index) {
  return index < entry.column_aliases.size() ? entry.column_aliases[index]
                                             : std::string_view(entry.relation->columns[index].name);
}

std::string column_list(const RangeEntry& entry) {
  std::string out;
  for (std::size_t i = 0; i < entry.relation->columns.size(); ++i) {
    if (i > 0) out += ", ";
    append_identifier(out, entry.name);
    out.push_back('.');
    append_identifier(out, column_label(entry, i));
  }
  return out;
}

// A derived table's row is a record; the table's own row type is what the client would see.
std::string whole_row_sql(const RangeEntry& entry, const Replacement& replacement) {
  std::string present = replacement.present_test;
  if (present.empty()) {
    present = "pg_catalog.num_nulls(" + quote_identifier(entry.name) + ") OPERATOR(pg_catalog.=) 0";
  }
  return "(CASE WHEN " + present + " THEN CAST(ROW(" + column_list(entry) + ") AS " +
         quote_qualified({entry.relation->schema, entry.relation->name}) + ") END)";
}

class Rewriter {
 public:
  Rewriter(const std::string& text, const TokenIndex& tokens, const Binding& binding,
           std::span<const Replacement> replacements, const std::vector<TargetReplacement>& targets,
           Splicer& splicer, std::string& problem)
      : text_(text),
        tokens_(tokens),
        binding_(binding),
        replacements_(replacements),
        targets_(targets),
        splicer_(splicer),
        names_(tokens, splicer),
        problem_(problem) {}

  bool run() {
    for (std::size_t i = 0; i < binding_.entries.size(); ++i) {
      if (!is_replaced(static_cast<int>(i))) continue;
      if (!entry(binding_.entries[i], replacements_[i]))
        return fail("a FROM item could not be found in the text");
    }
    problem_ = TargetRewriter(tokens_, binding_, splicer_, names_).run(targets_);
    return problem_.empty() && whole_rows() && qualified() && stars() && groupings();
  }

 private:
  bool fail(std::string_view why) {
    problem_ = why;
    return false;
  }

  bool is_replaced(int entry) const { return entry >= 0 && !replacements_[entry].query.empty(); }

  bool entry(const RangeEntry& entry, const Replacement& replacement) {
    int first = 0, last = 0;
    if (!tokens_.relation_expression(entry.range->location, first, last)) return false;
    std::string text = "(" + replacement.query + ")";
    if (entry.range->alias == nullptr) text += " AS " + table_name(entry);
    if (tokens_.is_keyword(first - 1, "table")) {  // the TABLE command
      --first;
      text = "SELECT * FROM " + text;
    }
    splicer_.replace(tokens_[first].start, tokens_[last - 1].end, std::move(text));
    if (entry.sample == nullptr) return true;
    if (!tokens_.table_sample(entry.sample->location, first, last)) return false;
    splicer_.replace(tokens_[first].start, tokens_[last - 1].end, "");
    return true;
  }

  // A name that the server cuts off is sent as it was written, since the server says so in a NOTICE.
  std::string table_name(const RangeEntry& entry) const {
    const Token& token = tokens_[tokens_.after_name(tokens_.at(entry.range->location)) - 1];
    const bool cut_off = entry.name == entry.range->relname && token.kind == TokenKind::identifier &&
                         token.end - token.start > NAMEDATALEN + 1;
    return cut_off ? text_.substr(token.start, token.end - token.start) : quote_identifier(entry.name);
  }

  bool whole_rows() {
    for (const WholeRowReference& row : binding_.whole_rows) {
      if (!is_replaced(row.entry)) continue;
      const int first = tokens_.at(row.reference->location);
      if (first < 0) return fail("a whole-row reference could not be found in the text");
      const int last = tokens_.after_name(first);
      const RangeEntry& entry = binding_.entries[row.entry];
      // (u).* shows the names that the query gives to the columns; a row's cast has forgotten them.
      if (row.expanded && !entry.column_aliases.empty()) {
        int open = first, close = last;
        while (tokens_.is_symbol(open - 1, '(') && tokens_.is_symbol(close, ')')) --open, ++close;
        if (!tokens_.is_symbol(close, '.') || !tokens_.is_symbol(close + 1, '*'))
          return fail("a whole-row reference could not be found in the text");
        splicer_.replace(tokens_[open].start, tokens_[close + 1].end, column_list(entry));
        continue;
      }
      splicer_.replace(tokens_[first].start, tokens_[last - 1].end,
                       whole_row_sql(entry, replacements_[row.entry]));
      if (!names_.keep(row.unnamed_target)) return fail("a result column could not be found in the text");
    }
    return true;
  }

  bool qualified() {
    for (const QualifiedReference& reference : binding_.qualified) {
      if (!is_replaced(reference.entry)) continue;
      const int first = tokens_.at(reference.reference->location);
      if (first < 0) return fail("a qualified column could not be found in the text");
      int dot = tokens_.after_name(first) - 1;
      while (dot > first && !tokens_.is_symbol(dot, '.')) --dot;
      if (dot <= first) return fail("a qualified column could not be found in the text");
      splicer_.replace(tokens_[first].start, tokens_[dot].start,
                       quote_identifier(binding_.entries[reference.entry].name));
    }
    return true;
  }

  bool shows_system_columns(int entry) const {
    return is_replaced(entry) && !binding_.entries[entry].system_columns.empty();
  }

  // System columns are added to a derived table as ordinary ones: a star must not show them.
  bool stars() {
    bool any = false;
    for (std::size_t i = 0; i < binding_.entries.size(); ++i)
      any |= shows_system_columns(static_cast<int>(i));
    if (!any) return true;
    if (binding_.natural_join) return fail("system columns can't be kept beside a NATURAL JOIN");
    for (const StarReference& star : binding_.stars) {
      bool affected = false;
      std::string columns;
      for (const StarReference::Item& item : star.items) {
        if (!columns.empty()) columns += ", ";
        if (item.entry >= 0) {
          affected |= shows_system_columns(item.entry);
          columns += column_list(binding_.entries[item.entry]);
        } else {
          if (item.name.empty()) return fail("system columns can't be kept beside * over joined columns");
          columns += quote_identifier(item.name) + ".*";
        }
      }
      if (!affected) continue;
      const int first = tokens_.at(star.reference->location);
      // TABLE users has a star without text.
      if (first < 0) return fail("system columns can't be kept beside this *");
      splicer_.replace(tokens_[first].start, tokens_[tokens_.after_name(first) - 1].end, std::move(columns));
    }
    return true;
  }

  bool groupings() {
    for (const GroupAddition& addition : binding_.group_additions) {
      if (!is_replaced(addition.entry)) continue;
      if (!addition.ungroupable.empty()) {
        return fail("column \"" + std::string(addition.ungroupable) +
                    "\" is used ungrouped beside a grouped primary key, and its type has no equality");
      }
      int location = -1;
      for_each(addition.select->groupClause, [&](const Node* item) {
        if (location < 0) location = leftmost_location(item);
      });
      const int first = tokens_.group_by_items(location);
      if (first < 0) return fail("a GROUP BY could not be found in the text");
      const RangeEntry& entry = binding_.entries[addition.entry];
      std::string text;
      for (int column : addition.columns) {
        append_identifier(text, entry.name);
        text.push_back('.');
        append_identifier(text, column_label(entry, column));
        text += ", ";
      }
      splicer_.insert(tokens_[first].start, std::move(text));
    }
    return true;
  }

  const std::string& text_;
  const TokenIndex& tokens_;
  const Binding& binding_;
  std::span<const Replacement> replacements_;
  const std::vector<TargetReplacement>& targets_;
  Splicer& splicer_;
  ResultNames names_;
  std::string& problem_;
};

bool is_constant(const Node* node) {
  return nodeTag(node) == T_A_Const || nodeTag(node) == T_ParamRef;
}

}  // namespace

bool sample_clause(const std::string& text, const TokenIndex& tokens, const RangeEntry& entry,
                   std::string& out, int& parameters) {
  out.clear();
  if (entry.sample == nullptr) return true;
  bool constant = true;
  auto argument = [&](const Node* arg) {
    constant &= is_constant(arg);
    parameters += nodeTag(arg) == T_ParamRef ? 1 : 0;
  };
  if (entry.sample->repeatable != nullptr) argument(entry.sample->repeatable);
  for_each(entry.sample->args, argument);
  int first = 0, last = 0;
  if (!constant || !tokens.table_sample(entry.sample->location, first, last)) return false;
  out.assign(text, tokens[first].start, tokens[last - 1].end - tokens[first].start);
  return true;
}

bool rewrite(const std::string& text, const TokenIndex& tokens, const Binding& binding,
             std::span<const Replacement> replacements, const std::vector<TargetReplacement>& targets,
             Splicer& splicer, std::string& problem) {
  return Rewriter(text, tokens, binding, replacements, targets, splicer, problem).run();
}

std::string value_text(const std::string& text, const TokenIndex& tokens, const Node* value) {
  // A cast's type would be looked up by the session's search path; without one the column decides as in the
  // original.
  if (nodeTag(value) != T_A_Const && nodeTag(value) != T_ParamRef) return {};
  const int token = tokens.at(leftmost_location(value));
  if (token < 0) return {};
  const Token& found = tokens[token];
  if (found.kind != TokenKind::constant && found.kind != TokenKind::parameter) return {};
  return text.substr(found.start, found.end - found.start);
}

bool qualify(const TokenIndex& tokens, const RangeVar* range, std::string_view schema, Splicer& splicer) {
  if (tokens.at(range->location) < 0) return false;
  splicer.insert(range->location, quote_identifier(schema) + ".");
  return true;
}

bool replace_copy_relation(const TokenIndex& tokens, const CopyStmt* copy, std::string query,
                           Splicer& splicer) {
  const int first = tokens.at(copy->relation->location);
  if (first < 1 || !tokens.is_keyword(first - 1, "copy")) return false;
  int last = tokens.after_name(first);
  if (tokens.is_symbol(last, '(')) last = tokens.after_bracket(last);
  if (last < 0 || !tokens.is_keyword(last, "to")) return false;
  splicer.replace(tokens[first].start, tokens[last - 1].end, "(" + std::move(query) + ")");
  return true;
}

}  // namespace pgconsent::parser
