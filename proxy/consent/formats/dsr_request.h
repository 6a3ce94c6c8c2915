// Data subjects' requests as OpenDSR (once OpenGDPR) has them, and the status that answers one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::consent {

struct DsrRequest {
  enum class Type { access, portability, erasure };
  struct Identity {
    std::string type, value, format;  // email, joe@example.com, raw
  };
  std::string id;  // a UUID, version 4
  Type type = Type::access;
  std::string submitted, api_version, regulation;  // api_version and regulation may be empty
  std::vector<Identity> identities;                // at least one
};
// The problem, or empty. No message holds an identity.
std::string parse_dsr_request(std::string_view text, DsrRequest& out);

struct DsrStatus {
  std::string controller, received, expected;  // times in ISO 8601
  bool completed = false;
  // Of an erasure.
  std::vector<std::string> withdrawn;  // purposes whose consent ended by this request
  bool restricted = false;
  std::vector<std::pair<std::string, long>> rows;  // table and what it still holds
  // Of access and portability: where the answer lies.
  std::string results;
};
std::string write_dsr_status(const DsrRequest& request, const DsrStatus& status);

}  // namespace pgconsent::consent
