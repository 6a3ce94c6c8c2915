// Rows of a CSV file (RFC 4180) with a header. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::consent {

// Without the line's end; false at the end of the file.
bool read_line(std::istream& in, std::string& line);

class CsvRows {
 public:
  // `known`: whether the header may name a field. The header must name `required`.
  CsvRows(std::istream& in, const std::function<bool(std::string_view)>& known,
          std::initializer_list<std::string_view> required);
  const std::string& problem() const { return problem_; }  // of the header
  const std::vector<std::string>& header() const { return header_; }

  struct Row {
    std::int64_t line = 0, end = 0;   // its first and last line
    std::vector<std::string> values;  // as many as the header has
    std::string problem;              // not empty: malformed
  };
  // A malformed row costs one line, whatever its quotes.
  std::optional<Row> next();

 private:
  void read_header(const std::function<bool(std::string_view)>& known,
                   std::initializer_list<std::string_view> required);

  std::istream& in_;
  std::vector<std::string> header_;
  std::string problem_;
  std::int64_t line_ = 0;
};

}  // namespace pgconsent::consent
