// Writes consent events in a form that make_event_reader() reads.
#pragma once

#include <ostream>
#include <string>

#include "proxy/consent/formats/event_reader.h"

namespace pgconsent::consent {

// REQUIRES: a format other than tcf: TC strings are made by registered consent platforms alone, and passed on
// unchanged. The stream and the options outlive the writer.
class EventWriter {
 public:
  EventWriter(const ReaderOptions& options, std::ostream& out);
  // Times as PostgreSQL writes them in UTC (ISO).
  void write(const Event& event, const std::string& record_id);
  void finish();

 private:
  const ReaderOptions& options_;
  std::ostream& out_;
  bool first_ = true;
};

}  // namespace pgconsent::consent
