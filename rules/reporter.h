// Collects the problems of one file. Private to rules/.
#pragma once

#include <string>
#include <string_view>

#include "rules/diagnostic.h"

namespace pgconsent::rules {

struct Place {
  int line = 0, column = 0;  // 1-based; 0 when the whole file is meant
};

// A value as written, with its place.
struct Text {
  std::string text;
  Place at;
};

class Reporter {
 public:
  static constexpr std::size_t limit = 1000;  // a broken generator must not fill the screen or the memory

  Reporter(std::string file, Diagnostics& out) : file_(std::move(file)), out_(out) {}
  void error(Place at, std::string message, std::string hint = {});
  void warning(Place at, std::string message, std::string hint = {});
  const std::string& file() const { return file_; }
  std::size_t errors() const { return errors_; }
  // Takes over the errors that a scratch reporter has collected, and drops its warnings.
  void take_errors(const Diagnostics& scratch);

 private:
  void add(Diagnostic diagnostic);

  std::string file_;
  Diagnostics& out_;
  std::size_t errors_ = 0;
};

// User text for a message: in backticks, on one line, cut when very long.
std::string in_backticks(std::string_view text);

// By place, then by severity; the order in which they were found otherwise.
void sort_by_place(Diagnostics& diagnostics);

}  // namespace pgconsent::rules
