#include <algorithm>

#include "proxy/consent/formats/dpv_names.h"
#include "proxy/consent/formats/dpv_record.h"

namespace pgconsent::consent {

namespace {

using json = nlohmann::ordered_json;

// 2026-01-31 12:00:00.5+00 -> 2026-01-31T12:00:00.5Z
std::string iso_time(std::string time) {
  if (time.size() > 10 && time[10] == ' ') time[10] = 'T';
  if (time.ends_with("+00")) time.replace(time.size() - 3, 3, "Z");
  return time;
}

std::string shortened(const std::string& iri) {
  for (const auto& [name, full] : dpv::prefixes) {
    if (iri.starts_with(full) && (name == "dpv" || name == "pd"))
      return std::string(name) + ":" + iri.substr(full.size());
  }
  return iri;
}

json processing(Event& event, const rules::Vocabulary& vocabulary, bool with_data) {
  json process{{"@type", "dpv:Process"}};
  if (const auto& purpose = *event.field("purpose")) {
    json node{{"@id", "purpose:" + *purpose}, {"@type", "dpv:Purpose"}};
    for (const auto& each : vocabulary.purposes) {
      if (each.name == *purpose && !each.dpv.empty()) node["skos:broader"] = {{"@id", shortened(each.dpv)}};
    }
    process["dpv:hasPurpose"] = std::move(node);
  }
  if (!with_data) return process;
  if (const auto& category = *event.field("category")) {
    json node{{"@id", "category:" + *category}, {"@type", "dpv:PersonalData"}};
    const auto known = vocabulary.categories.find(*category);
    if (known != vocabulary.categories.end() && !known->second.empty())
      node["skos:broader"] = {{"@id", shortened(known->second)}};
    process["dpv:hasPersonalData"] = std::move(node);
  } else {
    process["dpv:hasPersonalData"] = "dpv:PersonalData";
  }
  return process;
}

// Who and what it is about, but for the event itself.
json about(Event& event, const rules::Vocabulary& vocabulary, bool with_data) {
  json record = json::object();
  record["dpv:hasDataSubject"] = {{"@type", "dpv:DataSubject"},
                                  {"dct:identifier", event.get("subject")},
                                  {"pgc:subjectKind", event.get("subject_kind")}};
  if (const auto& controller = *event.field("controller")) record["dpv:hasDataController"] = *controller;
  if (const auto& law = *event.field("jurisdiction")) {
    record["dpv:hasApplicableLaw"] = *law == "gdpr" ? json{{"@id", "eu-gdpr:GDPR"}} : json{{"@value", *law}};
  }
  if (const auto& basis = *event.field("lawful_basis")) {
    json node{{"@value", *basis}};
    for (const dpv::BasisName& each : dpv::bases) {
      if (each.basis == *basis) node = {{"@id", "eu-gdpr:" + std::string(each.article)}};
    }
    record["dpv:hasLegalBasis"] = std::move(node);
  }
  record["dpv:hasProcess"] = processing(event, vocabulary, with_data);
  if (const auto& recipients = *event.field("recipients")) {
    json list = json::array();
    for (std::size_t at = 0; at <= recipients->size();) {
      const std::size_t next = std::min(recipients->size(), recipients->find('|', at));
      list.push_back(recipients->substr(at, next - at));
      at = next + 1;
    }
    record["dpv:hasRecipient"] = std::move(list);
  }
  const auto& notice = *event.field("notice");
  const auto& version = *event.field("notice_version");
  if (notice || version) {
    json node{{"@type", "dpv:ConsentNotice"}};
    if (notice) node["dct:identifier"] = *notice;
    if (version) node["dct:hasVersion"] = *version;
    record["dpv:hasNotice"] = std::move(node);
  }
  return record;
}

}  // namespace

std::string dpv_document_begin() {
  json context = json::object();
  for (const auto& [name, iri] : dpv::prefixes) context[std::string(name)] = std::string(iri);
  return "{\"@context\": " + context.dump() + ",\n\"@graph\": [\n";
}

std::string dpv_document_end() {
  return "\n]}\n";
}

std::string write_dpv_record(const Event& given, const std::string& record_id,
                             const rules::Vocabulary& vocabulary) {
  Event event = given;
  const std::string type = event.get("event_type");
  const bool is_consent = type == "give" || type == "refuse" || type == "withdraw";
  json record{{"@id", "urn:uuid:" + record_id},
              {"@type", is_consent ? "dpv:ConsentRecord" : "dpv:RightExerciseRecord"},
              {"dct:identifier", record_id}};
  if (is_consent) {
    record["dct:conformsTo"] = "https://w3id.org/dpv/schema/dpv-27560#record";
  } else {
    record["dpv:hasRight"] = {{"@id", event.field("purpose")->has_value() ? "eu-gdpr:A21" : "eu-gdpr:A18"}};
    if (type == "lift") record["pgc:lifted"] = true;
  }
  record.update(about(event, vocabulary, is_consent));
  json status{{"@type", !is_consent        ? "dpv:RequestFulfilled"
                        : type == "give"   ? "dpv:ConsentGiven"
                        : type == "refuse" ? "dpv:ConsentRefused"
                                           : "dpv:ConsentWithdrawn"}};
  if (const auto& at = *event.field("occurred_at")) status["dpv:isIndicatedAtTime"] = iso_time(*at);
  if (is_consent) status["dpv:isIndicatedBy"] = "dpv:DataSubject";
  if (const auto& method = *event.field("method")) status["dpv:hasIndicationMethod"] = *method;
  if (const auto& from = *event.field("valid_from")) status["pgc:validFrom"] = iso_time(*from);
  if (type == "give") {
    status["dpv:hasDuration"] = json{{"@type", "dpv:EndlessDuration"}};
    if (const auto& until = *event.field("valid_until"))
      status["dpv:hasDuration"] = json{{"@type", "dpv:UntilTimeDuration"}, {"rdf:value", iso_time(*until)}};
  }
  record[is_consent ? "dpv:hasConsentStatus" : "dpv:hasStatus"] = std::move(status);
  if (const auto& actor = *event.field("actor")) record["dct:creator"] = *actor;
  if (const auto& evidence = *event.field("evidence")) record["dct:source"] = *evidence;
  return record.dump();
}

}  // namespace pgconsent::consent
