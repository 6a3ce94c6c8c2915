// Masks as SQL expressions: strict (NULL stays NULL), of the column's own type, independent of every session
// setting.
#pragma once

#include <string>
#include <string_view>

#include "parser/catalog/snapshot.h"
#include "rules/policy.h"

namespace pgconsent::enforce {

struct MaskContext {
  std::string_view pseudonym_key;  // hex, one per purpose; empty: pseudonyms can't be made
};

// What a cell without a lawful basis shows. `column` is the raw column as SQL: t."email". Empty for the NULL
// mask.
std::string mask_sql(const rules::Mask& mask, const parser::Column& type, std::string_view column,
                     const MaskContext& context);

// CASE WHEN condition THEN value ELSE otherwise END, of the column's very type; `otherwise` empty: NULL.
std::string guarded_sql(std::string_view condition, std::string_view value, std::string_view otherwise,
                        const parser::Column& type);

// An expression of the column's type that fails when it is evaluated, with run_time_refusal_token in the
// message.
std::string refusal_sql(const parser::Column& type, std::string_view column);

// TRUE where the condition holds; else it fails, with write_refusal_token and the number in the message.
// `column`: any of the row's, as SQL.
std::string checked_sql(std::string_view condition, std::string_view column, int rule);

}  // namespace pgconsent::enforce
