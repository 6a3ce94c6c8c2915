// Layer 2: is what is about to be sent safe? Knows nothing of the rewriter, only where it put text.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "parser/bind/name_resolver.h"
#include "parser/tree/scanner.h"

namespace pgconsent::parser {

struct CheckedText {
  std::string_view text;
  std::span<const TextRange> generated;  // pgconsent's own text in it
  int statements = 0;                    // as in the client's text
  int parameters = 0;                    // $n references in the client's text
};

// May a relation be named outside generated text? `bare_name` is empty for a qualified name.
using IsForbidden = std::function<bool(const ResolvedName& relation, std::string_view bare_name)>;

// Is a forbidden relation's column masked? Where it is the target of a modification, no such column may be
// named outside generated text.
using IsMasked = std::function<bool(const Relation& relation, std::string_view column)>;

// Empty when no forbidden relation is named outside generated text and nothing else has changed, else what is
// wrong.
std::string check_sent_text(const CheckedText& sent, const NameResolver& names,
                            const IsForbidden& is_forbidden, const IsMasked& is_masked = {});

}  // namespace pgconsent::parser
