#include "proxy/consent/formats/event_writer.h"

#include <nlohmann/json.hpp>

#include "proxy/consent/formats/dpv_record.h"

namespace pgconsent::consent {

namespace {

std::string to_csv(const Event& event) {
  std::string line;
  for (std::size_t i = 0; i < event_fields.size(); ++i)
    line.append(i == 0 ? "" : ",").append(csv_field(event.values[i].value_or("")));
  return line;
}

std::string to_json_line(const Event& event) {
  nlohmann::ordered_json object;
  for (std::size_t i = 0; i < event_fields.size(); ++i) {
    if (event.values[i]) object[std::string(event_fields[i])] = *event.values[i];
  }
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

EventWriter::EventWriter(const ReaderOptions& options, std::ostream& out) : options_(options), out_(out) {
  if (options_.format == Format::dpv) out_ << dpv_document_begin();
  if (options_.format != Format::csv) return;
  for (std::size_t i = 0; i < event_fields.size(); ++i) out_ << (i == 0 ? "" : ",") << event_fields[i];
  out_ << '\n';
}

void EventWriter::write(const Event& event, const std::string& record_id) {
  switch (options_.format) {
    case Format::csv:
      out_ << to_csv(event) << '\n';
      break;
    case Format::json_lines:
      out_ << to_json_line(event) << '\n';
      break;
    case Format::dpv:
      out_ << (first_ ? "" : ",\n") << write_dpv_record(event, record_id, options_.vocabulary);
      break;
    case Format::tcf:
      break;
  }
  first_ = false;
}

void EventWriter::finish() {
  if (options_.format == Format::dpv) out_ << dpv_document_end();
}

}  // namespace pgconsent::consent
