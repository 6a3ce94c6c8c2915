// Reads consent events from a file, record by record.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/consent/formats/event.h"
#include "rules/vocabulary.h"

namespace pgconsent::consent {

enum class Format { csv, json_lines, dpv, tcf };
std::optional<Format> format_of(std::string_view name);  // csv, jsonl, jsonld, tcf

struct ReaderOptions {
  Format format = Format::csv;
  rules::Vocabulary vocabulary;  // for dpv and tcf
  int tcf_vendor = 0;            // whose consent counts; 0: that of purposes alone
};

// Malformed records are told and stepped over. The stream and the options outlive the reader.
class EventReader {
 public:
  virtual ~EventReader() = default;
  struct Record {
    std::int64_t line = 0;      // where it begins, from 1
    std::int64_t place = 0;     // ascends: what is left of a file that was read in part begins after one
    std::vector<Event> events;  // recorded all or none
    std::string problem;        // not empty: there are no events
  };
  // Nothing at the end.
  virtual std::optional<Record> next() = 0;
  // What is wrong with the file as a whole (the CSV's header); empty: nothing.
  virtual std::string problem() const { return {}; }
};
std::unique_ptr<EventReader> make_event_reader(const ReaderOptions& options, std::istream& in);

// The readers. Private to this folder.
std::unique_ptr<EventReader> make_csv_reader(std::istream& in);
std::unique_ptr<EventReader> make_json_lines_reader(std::istream& in);
std::unique_ptr<EventReader> make_dpv_reader(const ReaderOptions& options, std::istream& in);
std::unique_ptr<EventReader> make_tcf_reader(const ReaderOptions& options, std::istream& in);

inline constexpr std::size_t longest_record = 1 << 20;

}  // namespace pgconsent::consent
