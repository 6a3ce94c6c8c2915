#include "proxy/consent/formats/dpv_context.h"

#include "proxy/consent/formats/dpv_names.h"

namespace pgconsent::consent {

using nlohmann::json;

Context::Context() {
  for (const auto& [name, iri] : dpv::prefixes) terms_.emplace(name, iri);
}

std::string Context::add(const json& context) {
  if (context.is_string())
    return "the context `" + context.get<std::string>().substr(0, 80) +
           "` is not fetched: write it out in the file";
  if (context.is_null()) return {};
  if (context.is_array()) {
    for (const json& each : context) {
      if (std::string problem = add(each); !problem.empty()) return problem;
    }
    return {};
  }
  if (!context.is_object()) return "`@context` is not an object";
  for (const auto& [name, value] : context.items()) {
    if (name == "@import" || name == "@propagate") return "`" + name + "` in a context is not supported";
    const json& id = value.is_object() && value.contains("@id") ? value["@id"] : value;
    if (name == "@vocab" && id.is_string()) vocab_ = id.get<std::string>();
    if (name.starts_with('@')) continue;
    if (id.is_string()) {
      terms_.insert_or_assign(name, id.get<std::string>());
    } else if (id.is_null()) {
      terms_.erase(name);
    }
  }
  return {};
}

std::string Context::expand(std::string_view name) const {
  return expand(name, 0);
}

std::string Context::expand(std::string_view name, int depth) const {
  constexpr int deepest = 8;  // terms may be made of terms
  if (name.starts_with('@') || depth > deepest) return std::string(name);
  if (auto term = terms_.find(name); term != terms_.end()) return expand(term->second, depth + 1);
  const std::size_t colon = name.find(':');
  if (colon == name.npos) return vocab_.empty() ? std::string() : expand(vocab_, depth + 1).append(name);
  const std::string_view rest = name.substr(colon + 1);
  const auto prefix = terms_.find(name.substr(0, colon));
  if (rest.starts_with("//") || prefix == terms_.end()) return std::string(name);
  return expand(prefix->second, depth + 1).append(rest);
}

std::vector<const json*> Node::values(std::string_view iri) const {
  std::vector<const json*> found;
  if (!object_->is_object()) return found;
  for (const auto& [key, value] : object_->items()) {
    if (context_->expand(key) != iri) continue;
    if (value.is_array()) {
      for (const json& each : value) found.push_back(&each);
    } else if (!value.is_null()) {
      found.push_back(&value);
    }
  }
  return found;
}

std::vector<std::string> Node::types() const {
  std::vector<std::string> types;
  for (const json* type : values("@type")) {
    if (type->is_string()) types.push_back(context_->expand(type->get<std::string>()));
  }
  return types;
}

std::optional<std::string> literal(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  if (value.is_object() && value.contains("@value")) return literal(value["@value"]);
  return std::nullopt;
}

std::string reference(const json& value, const Node& node) {
  if (value.is_string()) return node.expand(value.get<std::string>());
  if (value.is_object() && value.contains("@id") && value["@id"].is_string())
    return node.expand(value["@id"].get<std::string>());
  return {};
}

}  // namespace pgconsent::consent
