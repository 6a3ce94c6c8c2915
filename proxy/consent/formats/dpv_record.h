// One consent record (ISO/IEC TS 27560 in the Data Privacy Vocabulary) as events. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "proxy/consent/formats/dpv_context.h"
#include "proxy/consent/formats/event.h"
#include "rules/vocabulary.h"

namespace pgconsent::consent {

// The problem, or empty. Events come in the order of their times.
std::string read_dpv_record(const Node& record, const rules::Vocabulary& vocabulary,
                            std::vector<Event>& events);

// Writes one event as a record; `record_id` is a UUID.
std::string write_dpv_record(const Event& event, const std::string& record_id,
                             const rules::Vocabulary& vocabulary);
// What stands around the records, which are separated by commas.
std::string dpv_document_begin();
std::string dpv_document_end();

}  // namespace pgconsent::consent
