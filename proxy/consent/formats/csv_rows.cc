#include "proxy/consent/formats/csv_rows.h"

#include <algorithm>

#include "proxy/consent/formats/event_reader.h"

namespace pgconsent::consent {

namespace {

// Whether it is malformed, and what.
struct CsvFields {
  std::vector<std::string> values;
  std::string problem;
  bool open = false;  // ends inside quotes: the next line belongs to it
};

CsvFields split_csv(std::string_view text) {
  CsvFields out;
  std::string value;
  for (std::size_t i = 0;; ++i) {
    value.clear();
    if (i < text.size() && text[i] == '"') {
      for (++i;; ++i) {
        if (i >= text.size()) {
          out.open = true;
          return out;
        }
        if (text[i] != '"') {
          value.push_back(text[i]);
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          value.push_back(text[i++]);
        } else {
          break;
        }
      }
      if (++i < text.size() && text[i] != ',') out.problem = "text after a closing quote";
    }
    for (; i < text.size() && text[i] != ','; ++i) {
      if (text[i] == '"' && out.problem.empty()) out.problem = "a quote inside an unquoted field";
      value.push_back(text[i]);
    }
    out.values.push_back(value);
    if (i >= text.size()) return out;
  }
}

}  // namespace

bool read_line(std::istream& in, std::string& line) {
  if (!std::getline(in, line)) return false;
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

CsvRows::CsvRows(std::istream& in, const std::function<bool(std::string_view)>& known,
                 std::initializer_list<std::string_view> required)
    : in_(in) {
  read_header(known, required);
}

std::optional<CsvRows::Row> CsvRows::next() {
  Row row;
  std::string text;
  do {
    if (!problem_.empty() || !read_line(in_, text)) return std::nullopt;
    ++line_;
  } while (text.empty());
  row.line = line_;
  CsvFields fields = split_csv(text);
  // A quote that is never closed must not swallow what follows.
  const std::istream::pos_type second = in_.tellg();
  for (std::string more; fields.open && text.size() < longest_record && read_line(in_, more);) {
    ++line_;
    text.append("\n").append(more);
    // Only a line with a quote can close it.
    if (more.find('"') != more.npos) fields = split_csv(text);
  }
  if (fields.open) {
    row.problem = "a quoted field is not closed";
  } else if (!fields.problem.empty()) {
    row.problem = fields.problem;
  } else if (fields.values.size() != header_.size()) {
    row.problem =
        std::to_string(fields.values.size()) + " fields, the header has " + std::to_string(header_.size());
  }
  if (!row.problem.empty() && line_ > row.line) {
    in_.clear();
    in_.seekg(second);
    line_ = row.line;
  }
  row.end = line_;
  row.values = std::move(fields.values);
  return row;
}

void CsvRows::read_header(const std::function<bool(std::string_view)>& known,
                          std::initializer_list<std::string_view> required) {
  std::string text;
  ++line_;
  if (!read_line(in_, text)) {
    problem_ = "the file is empty";
    return;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  CsvFields fields = split_csv(text);
  if (fields.open || !fields.problem.empty()) problem_ = "the header is malformed";
  for (const std::string& name : fields.values) {
    if (!known(name)) problem_ = "the header names an unknown field `" + name.substr(0, 40) + "`";
    if (std::count(fields.values.begin(), fields.values.end(), name) > 1)
      problem_ = "the header names the field `" + name.substr(0, 40) + "` twice";
  }
  for (std::string_view name : required) {
    if (std::find(fields.values.begin(), fields.values.end(), name) == fields.values.end() &&
        problem_.empty())
      problem_ = "the header names no field `" + std::string(name) + "`";
  }
  header_ = std::move(fields.values);
}

}  // namespace pgconsent::consent
