// CSV (RFC 4180, a header names the fields) and JSON lines (one object each).
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "proxy/consent/store/event.h"

namespace pgconsent::consent {

namespace {

constexpr std::size_t longest_record = 1 << 20;

// Empty values count as absent. The problem, or empty.
std::string set_field(Event& event, std::string_view name, std::string value) {
  if (value.empty()) return {};
  if (std::string problem = value_problem(name, value); !problem.empty()) return problem;
  *event.field(name) = std::move(value);
  return {};
}

bool read_line(std::istream& in, std::string& line) {
  if (!std::getline(in, line)) return false;
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

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

class CsvReader final : public EventReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) { read_header(); }

  std::optional<Record> next() override {
    Record record;
    std::string text;
    do {
      if (!problem_.empty() || !read_line(in_, text)) return std::nullopt;
      ++line_;
    } while (text.empty());
    record.line = line_;
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
      record.problem = "a quoted field is not closed";
    } else if (!fields.problem.empty()) {
      record.problem = fields.problem;
    } else if (fields.values.size() != header_.size()) {
      record.problem =
          std::to_string(fields.values.size()) + " fields, the header has " + std::to_string(header_.size());
    }
    if (!record.problem.empty() && line_ > record.line) {
      in_.clear();
      in_.seekg(second);
      line_ = record.line;
    }
    record.end = line_;
    for (std::size_t i = 0; i < header_.size() && record.problem.empty(); ++i)
      record.problem = set_field(record.event, header_[i], std::move(fields.values[i]));
    return record;
  }

  std::string problem() const override { return problem_; }

 private:
  void read_header() {
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
      if (Event().field(name) == nullptr)
        problem_ = "the header names an unknown field `" + name.substr(0, 40) + "`";
      if (std::count(fields.values.begin(), fields.values.end(), name) > 1)
        problem_ = "the header names the field `" + name.substr(0, 40) + "` twice";
    }
    if (std::find(fields.values.begin(), fields.values.end(), "subject") == fields.values.end() &&
        problem_.empty())
      problem_ = "the header names no field `subject`";
    header_ = std::move(fields.values);
  }

  std::istream& in_;
  std::vector<std::string> header_;
  std::string problem_;
  std::int64_t line_ = 0;
};

class JsonLinesReader final : public EventReader {
 public:
  explicit JsonLinesReader(std::istream& in) : in_(in) {}

  std::optional<Record> next() override {
    std::string text;
    do {
      if (!read_line(in_, text)) return std::nullopt;
      ++line_;
    } while (text.empty());
    Record record;
    record.line = record.end = line_;
    record.problem = text.size() > longest_record ? "longer than 1 MB" : read(text, record.event);
    return record;
  }

  std::string problem() const override { return {}; }

 private:
  // Nested values do not occur: a depth limit that needs no stack.
  static std::string read(const std::string& text, Event& event) {
    std::string duplicate;
    std::vector<std::string> seen;
    const auto watch = [&](int depth, nlohmann::json::parse_event_t kind, nlohmann::json& parsed) {
      if (kind == nlohmann::json::parse_event_t::key && depth == 1) {
        if (std::find(seen.begin(), seen.end(), parsed.get<std::string>()) != seen.end()) duplicate = parsed;
        seen.push_back(parsed);
      }
      return depth < 3;
    };
    const nlohmann::json object = nlohmann::json::parse(text, watch, false);
    if (object.is_discarded()) return "not JSON";
    if (!object.is_object()) return "not a JSON object";
    if (!duplicate.empty()) return "field `" + duplicate.substr(0, 40) + "` twice";
    for (const auto& [name, value] : object.items()) {
      if (event.field(name) == nullptr) return "unknown field `" + name.substr(0, 40) + "`";
      std::string plain;
      if (value.is_null()) continue;
      if (value.is_string()) {
        plain = value.get<std::string>();
      } else if (name == "subject" && value.is_number_integer()) {
        plain = value.dump();
      } else if (name == "recipients" && value.is_array()) {
        for (const auto& item : value) {
          if (!item.is_string()) return "recipients are not a list of strings";
          plain.append(plain.empty() ? "" : "|").append(item.get<std::string>());
        }
      } else {
        return "field `" + name + "` is not a string";
      }
      if (std::string problem = set_field(event, name, std::move(plain)); !problem.empty()) return problem;
    }
    return event.field("subject")->has_value() ? "" : "the subject is missing";
  }

  std::istream& in_;
  std::int64_t line_ = 0;
};

}  // namespace

std::unique_ptr<EventReader> make_event_reader(Format format, std::istream& in) {
  switch (format) {
    case Format::csv:
      return std::make_unique<CsvReader>(in);
    case Format::json_lines:
      return std::make_unique<JsonLinesReader>(in);
  }
  return nullptr;
}

std::string csv_field(std::string_view value) {
  if (value.find_first_of(",\"\n\r") == value.npos) return std::string(value);
  std::string out = "\"";
  for (char c : value) out.append(c == '"' ? "\"\"" : std::string(1, c));
  return out + "\"";
}

}  // namespace pgconsent::consent
