#include "proxy/consent/formats/dsr_request.h"

#include <algorithm>
#include <regex>

#include "proxy/consent/formats/event.h"
#include "proxy/consent/formats/json_elements.h"

namespace pgconsent::consent {

namespace {

using nlohmann::json;

constexpr std::string_view fields[] = {"regulation",           "subject_request_id", "subject_request_type",
                                       "subject_identities",   "submitted_time",     "api_version",
                                       "status_callback_urls", "extensions"};
constexpr std::string_view identity_types[] = {
    "controller_customer_id", "android_advertising_id", "android_id",         "email",
    "fire_advertising_id",    "ios_advertising_id",     "ios_vendor_id",      "microsoft_advertising_id",
    "microsoft_publisher_id", "roku_publisher_id",      "roku_advertising_id"};
constexpr std::string_view formats[] = {"raw", "sha1", "md5", "sha256"};

template <std::size_t N>
bool is_one_of(const std::string_view (&known)[N], std::string_view value) {
  return std::find(std::begin(known), std::end(known), value) != std::end(known);
}

// The problem, or empty. `out` stays empty where the property is missing.
std::string text_of(const json& object, const char* name, bool required, std::string& out) {
  const auto found = object.find(name);
  if (found == object.end()) return required ? "`" + std::string(name) + "` is missing" : "";
  if (!found->is_string() || found->get_ref<const std::string&>().empty())
    return "`" + std::string(name) + "` is not a text";
  out = found->get<std::string>();
  return value_problem(name, out);
}

std::string read_identity(const json& object, DsrRequest& out) {
  if (!object.is_object()) return "an identity is not an object";
  DsrRequest::Identity identity;
  std::string problem = text_of(object, "identity_type", true, identity.type);
  if (problem.empty()) problem = text_of(object, "identity_value", true, identity.value);
  if (problem.empty()) problem = text_of(object, "identity_format", true, identity.format);
  if (!problem.empty()) return problem;
  if (object.size() != 3)
    return "an identity has more than `identity_type`, `identity_value` and `identity_format`";
  if (!is_one_of(identity_types, identity.type)) return "unknown `identity_type`";
  if (!is_one_of(formats, identity.format)) return "`identity_format` is none of raw, sha1, md5, sha256";
  out.identities.push_back(std::move(identity));
  return {};
}

std::string read_identities(const json& object, DsrRequest& out) {
  const auto found = object.find("subject_identities");
  if (found == object.end() || !found->is_array() || found->empty())
    return "`subject_identities` is not a list of at least one identity";
  if (found->size() > 100) return "more than 100 identities";
  for (const json& each : *found) {
    if (std::string problem = read_identity(each, out); !problem.empty()) return problem;
  }
  return {};
}

std::string read_urls_and_extensions(const json& object) {
  if (const auto urls = object.find("status_callback_urls"); urls != object.end()) {
    if (!urls->is_array() ||
        !std::all_of(urls->begin(), urls->end(), [](const json& url) { return url.is_string(); }))
      return "`status_callback_urls` is not a list of texts";
  }
  const auto extensions = object.find("extensions");
  return extensions == object.end() || extensions->is_object() ? "" : "`extensions` is not an object";
}

std::string read(const json& object, DsrRequest& out) {
  if (!object.is_object()) return "not a JSON object";
  for (const auto& [name, value] : object.items()) {
    if (!is_one_of(fields, name)) return "unknown property `" + name.substr(0, 40) + "`";
  }
  std::string type;
  std::string problem = text_of(object, "subject_request_id", true, out.id);
  if (problem.empty()) problem = text_of(object, "subject_request_type", true, type);
  if (problem.empty()) problem = text_of(object, "submitted_time", true, out.submitted);
  if (problem.empty()) problem = text_of(object, "api_version", false, out.api_version);
  if (problem.empty()) problem = text_of(object, "regulation", false, out.regulation);
  if (problem.empty()) problem = read_urls_and_extensions(object);
  if (!problem.empty()) return problem;
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  if (!std::regex_match(out.id, uuid)) return "`subject_request_id` is not a UUID of version 4 in lower case";
  if (type == "access")
    out.type = DsrRequest::Type::access;
  else if (type == "portability")
    out.type = DsrRequest::Type::portability;
  else if (type == "erasure")
    out.type = DsrRequest::Type::erasure;
  else
    return "`subject_request_type` is none of access, portability, erasure";
  if (out.submitted.size() < 20 || !value_problem("occurred_at", out.submitted).empty())
    return "`submitted_time` is not a time like 2026-01-31T12:00:00Z";
  static const std::regex version("[0-2](\\.[0-9]{1,4}){0,2}");
  if (!out.api_version.empty() && !std::regex_match(out.api_version, version))
    return "`api_version` is none that is known: 1.0, 2.0";
  if (!out.regulation.empty() && out.regulation != "gdpr" && out.regulation != "ccpa")
    return "`regulation` is neither gdpr nor ccpa";
  return read_identities(object, out);
}

}  // namespace

std::string parse_dsr_request(std::string_view text, DsrRequest& out) {
  json object;
  if (std::string problem = parse_strict(text, object); !problem.empty()) return problem;
  DsrRequest request;
  std::string problem = read(object, request);
  if (problem.empty()) out = std::move(request);
  return problem;
}

std::string write_dsr_status(const DsrRequest& request, const DsrStatus& status) {
  using ordered = nlohmann::ordered_json;
  ordered out{{"controller_id", status.controller},
              {"subject_request_id", request.id},
              {"request_status", status.completed ? "completed" : "pending"},
              {"received_time", status.received},
              {"expected_completion_time", status.expected}};
  if (!request.api_version.empty()) out["api_version"] = request.api_version;
  ordered about = ordered::object();
  if (request.type == DsrRequest::Type::erasure) {
    about["consent_withdrawn"] = status.withdrawn;
    about["restricted"] = status.restricted;
    ordered& rows = about["rows_left"] = ordered::array();
    for (const auto& [table, count] : status.rows) rows.push_back({{"table", table}, {"rows", count}});
    about["note"] =
        status.completed
            ? "No row of the protected tables names this person any more. What was consented to, "
              "and when it ended, "
              "stays on record as evidence (Art. 17(3)(e) GDPR)."
        : !status.restricted
            ? "No consent of this person is on record, and no restriction could be recorded. Erasing "
              "the rows is the job of the application that keeps them; run the request again "
              "afterwards to have it confirmed."
            : "All consent is withdrawn and processing is restricted (Art. 18 GDPR): the proxy "
              "shows nothing of this "
              "person but for purposes that go on under restriction. Erasing the rows is the job "
              "of the application "
              "that keeps them; run the request again afterwards to have it confirmed.";
  } else {
    out["results_count"] = status.rows.size();
    about["results_file"] = status.results;
  }
  out["extensions"] = {{"pgconsent", std::move(about)}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace pgconsent::consent
