// CSV (a header names the fields) and JSON lines (one object each).
#include "proxy/consent/formats/event_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/consent/formats/csv_rows.h"

namespace pgconsent::consent {

namespace {

class CsvReader final : public EventReader {
 public:
  explicit CsvReader(std::istream& in)
      : rows_(in, [](std::string_view name) { return Event().field(name) != nullptr; }, {"subject"}) {}

  std::optional<Record> next() override {
    auto row = rows_.next();
    if (!row) return std::nullopt;
    Record record{row->line, row->end, {}, std::move(row->problem)};
    Event event;
    for (std::size_t i = 0; i < row->values.size() && record.problem.empty(); ++i)
      record.problem = set_field(event, rows_.header()[i], std::move(row->values[i]));
    if (record.problem.empty()) record.events.push_back(std::move(event));
    return record;
  }

  std::string problem() const override { return rows_.problem(); }

 private:
  CsvRows rows_;
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
    record.line = record.place = line_;
    record.problem =
        text.size() > longest_record ? "longer than 1 MB" : read(text, record.events.emplace_back());
    if (!record.problem.empty()) record.events.clear();
    return record;
  }

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

std::unique_ptr<EventReader> make_csv_reader(std::istream& in) {
  return std::make_unique<CsvReader>(in);
}

std::unique_ptr<EventReader> make_json_lines_reader(std::istream& in) {
  return std::make_unique<JsonLinesReader>(in);
}

std::unique_ptr<EventReader> make_event_reader(const ReaderOptions& options, std::istream& in) {
  switch (options.format) {
    case Format::csv:
      return make_csv_reader(in);
    case Format::json_lines:
      return make_json_lines_reader(in);
    case Format::dpv:
      return make_dpv_reader(options, in);
    case Format::tcf:
      return make_tcf_reader(options, in);
  }
  return nullptr;
}

std::optional<Format> format_of(std::string_view name) {
  if (name == "csv") return Format::csv;
  if (name == "jsonl") return Format::json_lines;
  if (name == "jsonld") return Format::dpv;
  if (name == "tcf") return Format::tcf;
  return std::nullopt;
}

}  // namespace pgconsent::consent
