// A consent event as text, as people, files and the command line write it.
#pragma once

#include <array>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pgconsent::consent {

// The fields of pgconsent.event_input after `line`, in its order. Recipients are separated by `|`.
inline constexpr std::array<std::string_view, 17> event_fields{
    "event_type",     "subject_kind", "subject",      "purpose",    "category",   "occurred_at",
    "valid_from",     "valid_until",  "lawful_basis", "controller", "recipients", "notice",
    "notice_version", "jurisdiction", "actor",        "method",     "evidence"};

struct Event {
  std::array<std::optional<std::string>, event_fields.size()> values;
  // Null for an unknown name.
  std::optional<std::string>* field(std::string_view name);
};

// What is wrong with a value before the database sees it; empty: nothing. Times are ISO 8601 with a zone, or
// a date (UTC).
std::string value_problem(std::string_view field, std::string_view value);

enum class Format { csv, json_lines };
std::optional<Format> format_of(std::string_view name);

// Reads events one by one from a stream, which outlives it. Malformed records are told and stepped over.
class EventReader {
 public:
  virtual ~EventReader() = default;
  struct Record {
    std::int64_t line = 0;  // where it begins, from 1
    std::int64_t end = 0;   // its last line
    Event event;
    std::string problem;  // not empty: there is no event
  };
  // Nothing at the end.
  virtual std::optional<Record> next() = 0;
  // What is wrong with the file as a whole (the CSV's header); empty: nothing.
  virtual std::string problem() const = 0;
};
std::unique_ptr<EventReader> make_event_reader(Format format, std::istream& in);

std::string csv_field(std::string_view value);  // quoted where it must be

}  // namespace pgconsent::consent
