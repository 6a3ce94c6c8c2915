#include "proxy/consent/formats/dpv_record.h"

#include <algorithm>

#include "proxy/consent/formats/dpv_duration.h"
#include "proxy/consent/formats/dpv_names.h"

namespace pgconsent::consent {

namespace {

using nlohmann::json;

std::string iri(std::string_view space, std::string_view name) {
  return std::string(space).append(name);
}

std::string ticked(const std::string& text) {
  return "`" + text.substr(0, 100) + "`";
}

// A literal, or the IRI of a reference as it is: who was named somehow.
std::string name_of(const json& value, const Node& record) {
  if (const auto text = literal(value)) return *text;
  const Node node = record.child(value);
  for (const std::string& property :
       {iri(dpv::dct, "identifier"), iri(dpv::dct, "title"), iri(dpv::dpv, "hasName")}) {
    for (const json* each : node.values(property)) {
      if (const auto text = literal(*each)) return *text;
    }
  }
  return reference(value, record);
}

class RecordReader {
 public:
  RecordReader(const Node& record, const rules::Vocabulary& vocabulary, std::vector<Event>& events)
      : record_(record), vocabulary_(vocabulary), events_(events) {}

  std::string read() {
    const auto types = record_.types();
    const auto is = [&](std::string_view type) {
      return std::find(types.begin(), types.end(), iri(dpv::dpv, type)) != types.end();
    };
    const bool consent = is("ConsentRecord");
    if (!consent && !is("RightExerciseRecord"))
      return "neither a dpv:ConsentRecord nor a dpv:RightExerciseRecord";
    Event common;
    for (const auto& step : {&RecordReader::subject, &RecordReader::parties, &RecordReader::basis_and_law}) {
      if (std::string problem = (this->*step)(common); !problem.empty()) return problem;
    }
    std::vector<Event> moments;
    std::string problem = consent ? statuses(common, moments) : right(common, moments);
    if (!problem.empty()) return problem;
    std::stable_sort(moments.begin(), moments.end(), [](const Event& a, const Event& b) {
      return a.get("occurred_at") < b.get("occurred_at");
    });
    return processes(moments);
  }

 private:
  std::string one(const Node& node, std::string_view property, const char* field, Event& event) const {
    const auto found = node.values(property);
    if (found.empty()) return {};
    if (found.size() > 1) return ticked(std::string(property)) + " has several values";
    const std::string name = name_of(*found[0], record_);
    if (name.empty()) return ticked(std::string(property)) + " has no text";
    return set_field(event, field, name);
  }

  std::string subject(Event& event) const {
    const auto found = record_.values(iri(dpv::dpv, "hasDataSubject"));
    if (found.size() != 1) return found.empty() ? "there is no dpv:hasDataSubject" : "several data subjects";
    if (found[0]->is_object()) {
      if (std::string problem =
              one(record_.child(*found[0]), iri(dpv::own, "subjectKind"), "subject_kind", event);
          !problem.empty())
        return problem;
    }
    const std::string key = name_of(*found[0], record_);
    return key.empty() ? "the data subject has no dct:identifier" : set_field(event, "subject", key);
  }

  std::string parties(Event& event) const {
    std::string problem = one(record_, iri(dpv::dpv, "hasDataController"), "controller", event);
    if (problem.empty()) problem = one(record_, iri(dpv::dct, "creator"), "actor", event);
    if (problem.empty()) problem = one(record_, iri(dpv::dct, "source"), "evidence", event);
    if (!problem.empty()) return problem;
    const auto notices = record_.values(iri(dpv::dpv, "hasNotice"));
    if (notices.size() > 1) return "several notices";
    if (notices.size() == 1 && notices[0]->is_object())
      problem = one(record_.child(*notices[0]), iri(dpv::dct, "hasVersion"), "notice_version", event);
    return problem.empty() ? one(record_, iri(dpv::dpv, "hasNotice"), "notice", event) : problem;
  }

  std::string basis_and_law(Event& event) const {
    for (const json* basis : record_.values(iri(dpv::dpv, "hasLegalBasis"))) {
      std::string name = name_of(*basis, record_);
      if (!basis->is_object() || !basis->contains("@value")) {
        const std::string article = reference(*basis, record_);
        for (const dpv::BasisName& each : dpv::bases) {
          if (article == iri(dpv::gdpr, each.article) || article == iri(dpv::old_gdpr, each.article))
            name = each.basis;
        }
      }
      if (event.field("lawful_basis")->has_value()) return "several legal bases";
      if (std::string problem = set_field(event, "lawful_basis", name); !problem.empty()) return problem;
    }
    const auto laws = record_.values(iri(dpv::dpv, "hasApplicableLaw"));
    if (laws.size() == 1 && !(laws[0]->is_object() && laws[0]->contains("@value")) &&
        reference(*laws[0], record_) == iri(dpv::gdpr, "GDPR"))
      return set_field(event, "jurisdiction", "gdpr");
    return one(record_, iri(dpv::dpv, "hasApplicableLaw"), "jurisdiction", event);
  }

  // Of a ConsentGiven for a fixed or no time; what ends by something that this store does not know is no
  // consent here.
  std::string validity(const Node& status, Event& event) const {
    std::string problem = one(status, iri(dpv::own, "validFrom"), "valid_from", event);
    for (const json* value : status.values(iri(dpv::dpv, "hasDuration"))) {
      if (!problem.empty()) return problem;
      const Node duration = status.child(*value);
      const auto types = duration.types();
      const auto is = [&](std::string_view type) {
        return std::find(types.begin(), types.end(), iri(dpv::dpv, type)) != types.end();
      };
      const auto texts = duration.values(iri(dpv::rdf, "value"));
      std::string text = texts.size() == 1 ? literal(*texts[0]).value_or("") : literal(*value).value_or("");
      if (is("EndlessDuration")) continue;
      if (event.field("valid_until")->has_value()) return "several durations";
      if (is("UntilTimeDuration")) {
        problem = set_field(event, "valid_until", text);
        if (text.empty()) return "the duration has no rdf:value";
      } else if (is("TemporalDuration") || (types.empty() && text.starts_with('P'))) {
        const std::string end = time_after(event.get("occurred_at"), text);
        if (end.empty())
          return "the duration " + ticked(text) + " is none of ISO 8601, or has no time to begin at";
        problem = set_field(event, "valid_until", end);
      } else {
        return "consent for a duration that can't be kept: only dpv:UntilTimeDuration, dpv:TemporalDuration "
               "and "
               "dpv:EndlessDuration can";
      }
    }
    return problem;
  }

  std::string moment(const Node& status, Event& event) const {
    std::string problem = one(status, iri(dpv::dpv, "isIndicatedAtTime"), "occurred_at", event);
    return problem.empty() ? one(status, iri(dpv::dpv, "hasIndicationMethod"), "method", event) : problem;
  }

  // Nothing for what is no state of consent.
  static const char* event_of(const std::string& type) {
    constexpr std::pair<std::string_view, const char*> known[] = {
        {"ConsentGiven", "give"},
        {"RenewedConsentGiven", "give"},
        {"ConsentWithdrawn", "withdraw"},
        {"ConsentRefused", "refuse"},
        // Not valid for processing, whatever was before.
        {"ConsentRevoked", withdraw_if_given},
        {"ConsentExpired", withdraw_if_given},
        {"ConsentInvalidated", withdraw_if_given},
        {"ConsentUnknown", withdraw_if_given},
        {"ConsentRequested", withdraw_if_given},
        {"ConsentRequestDeferred", withdraw_if_given}};
    for (const auto& [name, event] : known) {
      if (type == iri(dpv::dpv, name)) return event;
    }
    return nullptr;
  }

  std::string statuses(const Event& common, std::vector<Event>& moments) const {
    const auto found = record_.values(iri(dpv::dpv, "hasConsentStatus"));
    if (found.empty()) return "there is no dpv:hasConsentStatus";
    for (const json* value : found) {
      const Node status = record_.child(*value);
      std::vector<std::string> types = status.types();
      if (types.empty()) types.push_back(reference(*value, record_));
      const char* type = nullptr;
      for (const std::string& each : types) {
        const char* event = event_of(each);
        if (event != nullptr && type != nullptr) return "a status is two states of consent at once";
        if (event != nullptr) type = event;
      }
      if (type == nullptr) return "unknown status of consent " + ticked(types.front());
      Event& event = moments.emplace_back(common);
      *event.field("event_type") = type;
      std::string problem = moment(status, event);
      if (problem.empty() && std::string_view(type) == "give") problem = validity(status, event);
      if (!problem.empty()) return problem;
      if (found.size() > 1 && !event.field("occurred_at")->has_value())
        return "several statuses, and one without dpv:isIndicatedAtTime";
    }
    return {};
  }

  std::string right(const Event& common, std::vector<Event>& moments) const {
    const auto rights = record_.values(iri(dpv::dpv, "hasRight"));
    if (rights.size() != 1) return rights.empty() ? "there is no dpv:hasRight" : "several rights";
    const std::string article = reference(*rights[0], record_);
    const bool objection = article == iri(dpv::gdpr, "A21") || article == iri(dpv::old_gdpr, "A21");
    if (!objection && article != iri(dpv::gdpr, "A18") && article != iri(dpv::old_gdpr, "A18"))
      return "the right " + ticked(article) +
             " is neither eu-gdpr:A21 (objection) nor eu-gdpr:A18 (restriction)";
    Event& event = moments.emplace_back(common);
    *event.field("event_type") = objection ? "object" : "restrict";
    for (const json* lifted : record_.values(iri(dpv::own, "lifted"))) {
      if (!lifted->is_boolean()) return "pgc:lifted is neither true nor false";
      if (lifted->get<bool>()) *event.field("event_type") = "lift";
    }
    const auto found = record_.values(iri(dpv::dpv, "hasStatus"));
    if (found.size() != 1) return "there is not one dpv:hasStatus";
    return moment(record_.child(*found[0]), event);
  }

  // A name of the rules for a reference, a node's types or what it is a kind of. Empty: none.
  template <typename Lookup>
  std::string lookup(const json& value, const Lookup& named) const {
    std::vector<std::string> candidates;
    if (value.is_string() || (value.is_object() && value.contains("@id")))
      candidates.push_back(reference(value, record_));
    const Node node = record_.child(value);
    for (std::string& type : node.types()) candidates.push_back(std::move(type));
    for (const json* broader : node.values("http://www.w3.org/2004/02/skos/core#broader"))
      candidates.push_back(reference(*broader, record_));
    for (const std::string& candidate : candidates) {
      if (std::string name = named(candidate); !name.empty()) return name;
    }
    return {};
  }

  std::string purposes_of(const Node& process, std::vector<std::string>& names) const {
    for (const json* value : process.values(iri(dpv::dpv, "hasPurpose"))) {
      names.push_back(lookup(*value, [&](const std::string& candidate) -> std::string {
        if (candidate.starts_with(dpv::purpose)) return candidate.substr(dpv::purpose.size());
        for (const auto& purpose : vocabulary_.purposes) {
          if (!purpose.dpv.empty() && purpose.dpv == candidate) return purpose.name;
        }
        return {};
      }));
      if (names.back().empty())
        return "the purpose " + ticked(value->dump(-1, ' ', false, json::error_handler_t::replace)) +
               " is none of the rules: name it there with `dpv: …`";
    }
    return {};
  }

  // An empty name stands for all categories.
  std::string categories_of(const Node& process, std::vector<std::string>& names) const {
    for (const json* value : process.values(iri(dpv::dpv, "hasPersonalData"))) {
      bool all = false;
      const std::string name = lookup(*value, [&](const std::string& candidate) -> std::string {
        if (candidate.starts_with(dpv::category)) return candidate.substr(dpv::category.size());
        for (const auto& [category, iri] : vocabulary_.categories) {
          if (!iri.empty() && iri == candidate) return category;
        }
        return {};
      });
      if (name.empty())
        all = value->is_string() && reference(*value, record_) == iri(dpv::dpv, "PersonalData");
      if (name.empty() && !all)
        return "the category " + ticked(value->dump(-1, ' ', false, json::error_handler_t::replace)) +
               " is none of the rules: name it there with `dpv: …`";
      names.push_back(name);
    }
    if (names.empty()) names.emplace_back();
    return {};
  }

  std::string processes(const std::vector<Event>& moments) {
    std::vector<Node> processes;
    const auto nested = record_.values(iri(dpv::dpv, "hasProcess"));
    for (const json* value : nested) processes.push_back(record_.child(*value));
    if (nested.empty() || !record_.values(iri(dpv::dpv, "hasPurpose")).empty()) processes.push_back(record_);
    const std::string common_recipients = recipients_of(record_);
    for (const Event& moment : moments) {
      for (std::size_t i = 0; i < processes.size(); ++i) {
        const Node& process = processes[i];
        if (i < nested.size() && !process.values(iri(dpv::dpv, "hasProcess")).empty())
          return "a process inside a process is not supported";
        const std::string own = i < nested.size() ? recipients_of(process) : std::string();
        if (std::string problem = add(moment, process, own.empty() ? common_recipients : own);
            !problem.empty())
          return problem;
      }
    }
    return {};
  }

  std::string recipients_of(const Node& node) const {
    std::string joined;
    for (const json* value : node.values(iri(dpv::dpv, "hasRecipient")))
      joined.append(joined.empty() ? "" : "|").append(name_of(*value, record_));
    return joined;
  }

  std::string add(const Event& moment, const Node& process, const std::string& recipients) {
    std::vector<std::string> purposes, categories;
    if (std::string problem = purposes_of(process, purposes); !problem.empty()) return problem;
    const std::string type = moment.get("event_type");
    const bool whole = type == "restrict" || type == "object" || type == "lift";
    if (!whole) {
      if (std::string problem = categories_of(process, categories); !problem.empty()) return problem;
    } else {
      categories.emplace_back();
    }
    if (purposes.empty() && type != "restrict" && type != "lift") return "there is no dpv:hasPurpose";
    if (purposes.empty()) purposes.emplace_back();
    for (const std::string& purpose : purposes) {
      for (const std::string& category : categories) {
        Event& event = events_.emplace_back(moment);
        std::string problem = set_field(event, "purpose", purpose);
        if (problem.empty()) problem = set_field(event, "category", category);
        if (problem.empty()) problem = set_field(event, "recipients", recipients);
        if (!problem.empty()) return problem;
      }
    }
    return {};
  }

  const Node& record_;
  const rules::Vocabulary& vocabulary_;
  std::vector<Event>& events_;
};

}  // namespace

std::string read_dpv_record(const Node& record, const rules::Vocabulary& vocabulary,
                            std::vector<Event>& events) {
  std::string problem = RecordReader(record, vocabulary, events).read();
  if (!problem.empty()) events.clear();
  return problem;
}

}  // namespace pgconsent::consent
