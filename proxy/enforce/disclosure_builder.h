// What a plan says about whose data its rows show.
#pragma once

#include "parser/bind/binding.h"
#include "parser/bind/references.h"
#include "parser/bind/statement.h"
#include "proxy/enforce/disclosure.h"
#include "proxy/enforce/generation.h"

namespace pgconsent::enforce {

struct DisclosureRequest {
  const rules::Purpose* purpose = nullptr;
  bool raw = false;         // an exempt role: nothing is masked
  bool mixes_rows = false;  // besides what the binding knows: window functions
};

DisclosurePtr disclosure_of(const Generation& generation, const parser::Binding& binding,
                            const DisclosureRequest& request);

bool has_windows(const parser::References& references);

// The options of a COPY … TO: how its rows can be read.
void note_copy_options(const CopyStmt* copy, Disclosure& out);
// What becomes of the rows of a statement's query: EXPLAIN shows none, CREATE TABLE AS keeps them, COPY
// writes them in its own way.
void note_use(const parser::StatementFacts& facts, DisclosurePtr& disclosure);

}  // namespace pgconsent::enforce
