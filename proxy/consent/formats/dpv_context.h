// A JSON-LD context, as far as files of consent need one: prefixes, terms, `@vocab`. No context is fetched.
// Private to this folder.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pgconsent::consent {

class Context {
 public:
  Context();  // the usual prefixes, for what has no context
  // Adds a `@context`. The problem, or empty.
  std::string add(const nlohmann::json& context);
  // The IRI or keyword of a key, a type or an `@id`; empty: it has none.
  std::string expand(std::string_view name) const;

 private:
  std::string expand(std::string_view name, int depth) const;
  std::map<std::string, std::string, std::less<>> terms_;
  std::string vocab_;
};

// A node of the graph, its keys expanded. References what it was made from.
class Node {
 public:
  Node(const nlohmann::json& object, const Context& context) : object_(&object), context_(&context) {}
  // All values of a property, in order; `@id` and `@type` are properties, too.
  std::vector<const nlohmann::json*> values(std::string_view iri) const;
  std::vector<std::string> types() const;
  Node child(const nlohmann::json& object) const { return {object, *context_}; }
  std::string expand(std::string_view name) const { return context_->expand(name); }

 private:
  const nlohmann::json* object_;
  const Context* context_;
};

// The text of a literal; nothing when it is none.
std::optional<std::string> literal(const nlohmann::json& value);
// The IRI of a reference: {"@id": …}, or a text as people write them. Empty: none.
std::string reference(const nlohmann::json& value, const Node& node);

}  // namespace pgconsent::consent
