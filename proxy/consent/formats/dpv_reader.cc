// JSON-LD records. Their place in the file is their number: many may stand in one line.
#include "proxy/consent/formats/dpv_record.h"
#include "proxy/consent/formats/event_reader.h"
#include "proxy/consent/formats/json_elements.h"

namespace pgconsent::consent {

namespace {

class DpvReader final : public EventReader {
 public:
  DpvReader(const ReaderOptions& options, std::istream& in) : options_(options), elements_(in) {}

  std::optional<Record> next() override {
    auto element = elements_.next();
    if (!element) return std::nullopt;
    Record record;
    record.line = element->line;
    record.place = ++count_;
    record.problem = std::move(element->problem);
    if (record.problem.empty()) record.problem = read(element->text, record.events);
    if (!record.problem.empty()) {
      record.events.clear();
      record.problem = "record " + std::to_string(count_) + ": " + record.problem;
    }
    return record;
  }

 private:
  std::string read(const std::string& text, std::vector<Event>& events) {
    nlohmann::json object;
    if (std::string problem = parse_strict(text, object); !problem.empty()) return problem;
    if (!object.is_object()) return "not a JSON object";
    if (elements_.context() != known_) {
      context_ = Context();
      known_ = elements_.context();
      nlohmann::json context;
      problem_ = known_.empty() ? "" : parse_strict(known_, context);
      if (!known_.empty() && problem_.empty()) problem_ = context_.add(context);
    }
    if (!problem_.empty()) return problem_;
    const auto own = object.find("@context");
    if (own == object.end()) return read_dpv_record(Node(object, context_), options_.vocabulary, events);
    Context context = context_;
    if (std::string problem = context.add(*own); !problem.empty()) return problem;
    return read_dpv_record(Node(object, context), options_.vocabulary, events);
  }

  const ReaderOptions& options_;
  JsonElements elements_;
  Context context_;
  std::string known_, problem_;  // the document's context, and what is wrong with it
  std::int64_t count_ = 0;
};

}  // namespace

std::unique_ptr<EventReader> make_dpv_reader(const ReaderOptions& options, std::istream& in) {
  return std::make_unique<DpvReader>(options, in);
}

}  // namespace pgconsent::consent
