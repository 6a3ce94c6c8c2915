#include "rules/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "rules/reporter.h"

namespace pgconsent::rules {

bool has_errors(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::error; });
}

std::string to_string(const Diagnostic& diagnostic) {
  std::string out = diagnostic.where.file;
  if (diagnostic.where.line > 0) {
    out += ':' + std::to_string(diagnostic.where.line);
    if (diagnostic.where.column > 0) out += ':' + std::to_string(diagnostic.where.column);
  }
  out += diagnostic.severity == Diagnostic::Severity::error ? ": error: " : ": warning: ";
  out += diagnostic.message;
  if (!diagnostic.hint.empty()) out += " (" + diagnostic.hint + ")";
  return out;
}

void Reporter::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Diagnostic::Severity::error) ++errors_;
  if (out_.size() < limit) {
    out_.push_back(std::move(diagnostic));
  } else if (out_.size() == limit) {
    // An error, so that a set whose errors lie past the limit can't load.
    ++errors_;
    out_.push_back(
        {Diagnostic::Severity::error, {file_, 0, 0}, "too many problems: further ones are not shown", ""});
  }
}

void Reporter::error(Place at, std::string message, std::string hint) {
  add({Diagnostic::Severity::error, {file_, at.line, at.column}, std::move(message), std::move(hint)});
}

void Reporter::warning(Place at, std::string message, std::string hint) {
  add({Diagnostic::Severity::warning, {file_, at.line, at.column}, std::move(message), std::move(hint)});
}

void Reporter::take_errors(const Diagnostics& scratch) {
  for (const Diagnostic& d : scratch) {
    if (d.severity == Diagnostic::Severity::error) add(d);
  }
}

std::string in_backticks(std::string_view text) {
  constexpr std::size_t longest = 100;
  std::string out = "`";
  for (char c : text.substr(0, longest)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '`' ? ' ' : c;
  }
  if (text.size() > longest) {
    while (out.size() > 1 && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    out += "…";
  }
  return out += '`';
}

void sort_by_place(Diagnostics& diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tuple(a.where.line, a.where.column, a.severity) <
           std::tuple(b.where.line, b.where.column, b.severity);
  });
}

}  // namespace pgconsent::rules
