// The fields of a JSON object of the log's own: checkpoints, seals, log lines. Private to proxy/audit.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace pgconsent::audit {

class JsonFields {
 public:
  explicit JsonFields(std::string_view text) : json_(nlohmann::json::parse(text, nullptr, false)) {}
  bool is_object() const { return json_.is_object(); }
  bool has(const char* name) const { return json_.contains(name); }

  // False, and nothing changed, where the field is missing or of another type. REQUIRES: is_object().
  bool take(const char* name, std::string& out) const {
    const auto it = json_.find(name);
    if (it == json_.end() || !it->is_string()) return false;
    out = it->get<std::string>();
    return true;
  }
  bool take(const char* name, std::uint64_t& out) const {
    const auto it = json_.find(name);
    if (it == json_.end() || !it->is_number_unsigned()) return false;
    out = it->get<std::uint64_t>();
    return true;
  }

 private:
  nlohmann::json json_;
};

}  // namespace pgconsent::audit
