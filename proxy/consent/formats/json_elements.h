// The records of a JSON-LD file one by one, however long it is: objects on their own or in a row (JSON
// lines), the elements of an array, or those of an object's `@graph`. Private to this folder.
#pragma once

#include <cstdint>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace pgconsent::consent {

// Without duplicate keys, at most 32 levels deep. The problem, or empty.
std::string parse_strict(std::string_view text, nlohmann::json& out);

class JsonElements {
 public:
  explicit JsonElements(std::istream& in) : in_(in) {}

  struct Element {
    std::int64_t line = 0;
    std::string text;     // one JSON value
    std::string problem;  // not empty: it can't be read; after one that is not balanced nothing can
  };
  std::optional<Element> next();
  // The text of `@context` of the document that the last element came from; empty: none.
  const std::string& context() const { return context_; }

 private:
  enum class Inside { document, array, graph, nothing };

  int peek();
  int take();
  void keep(std::string& out);
  void skip_blanks();
  bool accept(char c);
  bool read_string(std::string& out);
  bool read_container(std::string& out);
  bool read_value(std::string& out);
  Element element();
  Element object(std::int64_t line);
  bool end_of_graph();
  Element broken(std::int64_t line, std::string problem);

  std::istream& in_;
  std::int64_t line_ = 1;
  Inside inside_ = Inside::document;
  bool first_ = true;      // of the array or graph
  bool too_long_ = false;  // the last value
  std::string context_;
};

}  // namespace pgconsent::consent
