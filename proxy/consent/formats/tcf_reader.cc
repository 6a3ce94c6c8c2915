// CSV with a TC string per subject. A set bit is consent to the rules' purpose that stands for it, a clear
// one its refusal or withdrawal; of purposes on legitimate interests a clear bit (and no consent) is an
// objection: "the user has objected" and "nobody told the user" look the same there, and neither is a basis.
#include <algorithm>

#include "proxy/consent/formats/csv_rows.h"
#include "proxy/consent/formats/event_reader.h"
#include "proxy/consent/formats/tc_string.h"

namespace pgconsent::consent {

namespace {

constexpr std::string_view own_fields[] = {"subject_kind", "subject", "controller",
                                           "recipients",   "notice",  "notice_version",
                                           "jurisdiction", "actor",   "evidence"};

bool is_known(std::string_view name) {
  return name == "tc_string" ||
         std::find(std::begin(own_fields), std::end(own_fields), name) != std::end(own_fields);
}

class TcfReader final : public EventReader {
 public:
  TcfReader(const ReaderOptions& options, std::istream& in)
      : options_(options), rows_(in, is_known, {"subject", "tc_string"}) {}

  std::optional<Record> next() override {
    auto row = rows_.next();
    if (!row) return std::nullopt;
    Record record{row->line, row->end, {}, std::move(row->problem)};
    Event common;
    std::string text;
    for (std::size_t i = 0; i < row->values.size() && record.problem.empty(); ++i) {
      const std::string& name = rows_.header()[i];
      if (name == "tc_string") {
        text = row->values[i];
      } else {
        record.problem = set_field(common, name, std::move(row->values[i]));
      }
    }
    TcString string;
    if (record.problem.empty()) record.problem = parse_tc_string(text, options_.tcf_vendor, string);
    if (record.problem.empty() && !common.field("evidence")->has_value())
      record.problem = set_field(common, "evidence", text);
    if (record.problem.empty()) add_events(record, common, string);
    return record;
  }

  std::string problem() const override {
    if (!rows_.problem().empty()) return rows_.problem();
    const auto& purposes = options_.vocabulary.purposes;
    return std::any_of(purposes.begin(), purposes.end(), [](const auto& each) { return !each.tcf.empty(); })
               ? ""
               : "the rules name no purpose of the TCF: write `tcf: [2, 3]` at a purpose";
  }

 private:
  void add_events(Record& record, const Event& common, const TcString& string) const {
    for (const auto& purpose : options_.vocabulary.purposes) {
      if (purpose.tcf.empty()) continue;
      std::uint32_t bits = 0;
      for (int number : purpose.tcf) bits |= std::uint32_t{1} << (number - 1);
      const bool consent = (string.consents & bits) == bits, interest = (string.interests & bits) == bits;
      if (purpose.interests)
        add(record, common, string, consent || interest ? lift_if_own : object_if_new, purpose.name);
      if (purpose.consent) add(record, common, string, consent ? give_if_new : refuse_if_new, purpose.name);
    }
  }

  static void add(Record& record, const Event& common, const TcString& string, const char* type,
                  const std::string& purpose) {
    Event& event = record.events.emplace_back(common);
    *event.field("event_type") = type;
    *event.field("purpose") = purpose;
    *event.field("occurred_at") = time_of_tenths(string.updated);
    *event.field("method") = "IAB TCF";
  }

  const ReaderOptions& options_;
  CsvRows rows_;
};

}  // namespace

std::unique_ptr<EventReader> make_tcf_reader(const ReaderOptions& options, std::istream& in) {
  return std::make_unique<TcfReader>(options, in);
}

}  // namespace pgconsent::consent
