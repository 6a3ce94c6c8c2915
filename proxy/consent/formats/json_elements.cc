#include "proxy/consent/formats/json_elements.h"

#include <cstring>
#include <set>
#include <vector>

#include "proxy/consent/formats/event_reader.h"

namespace pgconsent::consent {

namespace {

constexpr int deepest = 32;
constexpr int end_of_file = std::char_traits<char>::eof();

}  // namespace

std::string parse_strict(std::string_view text, nlohmann::json& out) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;
  std::string problem;
  const auto watch = [&](int, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end && !keys.empty()) keys.pop_back();
    if (event == Event::key && !keys.empty() && !keys.back().insert(parsed.get<std::string>()).second &&
        problem.empty())
      problem = "field `" + parsed.get<std::string>().substr(0, 40) + "` twice";
    return true;
  };
  // The depth is bounded before the tree is built: what is built is also taken apart again.
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      quoted = text[i] != '"';
      if (text[i] == '\\') ++i;
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > deepest) return "nested too deeply";
    } else if (text[i] == '}' || text[i] == ']') {
      --depth;
    }
  }
  out = nlohmann::json::parse(text.begin(), text.end(), watch, false);
  return out.is_discarded() ? "not JSON" : problem;
}

int JsonElements::peek() {
  return in_.rdbuf()->sgetc();
}

int JsonElements::take() {
  const int c = in_.rdbuf()->sbumpc();
  if (c == '\n') ++line_;
  return c;
}

void JsonElements::keep(std::string& out) {
  const int c = take();
  if (out.size() < longest_record) {
    out.push_back(static_cast<char>(c));
  } else {
    too_long_ = true;
  }
}

void JsonElements::skip_blanks() {
  while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') take();
}

bool JsonElements::accept(char c) {
  skip_blanks();
  if (peek() != c) return false;
  take();
  return true;
}

// With its quotes.
bool JsonElements::read_string(std::string& out) {
  if (peek() != '"') return false;
  keep(out);
  while (peek() != end_of_file) {
    const int c = peek();
    keep(out);
    if (c == '"') return true;
    if (c == '\\' && peek() != end_of_file) keep(out);
  }
  return false;
}

bool JsonElements::read_container(std::string& out) {
  std::string open;
  do {
    const int c = peek();
    if (c == end_of_file) return false;
    if (c == '"') {
      if (!read_string(out)) return false;
      continue;
    }
    if (c == '{' || c == '[') open.push_back(c == '{' ? '}' : ']');
    if (c == '}' || c == ']') {
      if (open.back() != c) return false;
      open.pop_back();
    }
    keep(out);
  } while (!open.empty());
  return true;
}

bool JsonElements::read_value(std::string& out) {
  skip_blanks();
  if (peek() == '"') return read_string(out);
  if (peek() == '{' || peek() == '[') return read_container(out);
  while (peek() != end_of_file && std::strchr(" \t\r\n,:]}[{\"", peek()) == nullptr) keep(out);
  return !out.empty();
}

std::optional<JsonElements::Element> JsonElements::next() {
  for (;;) {
    skip_blanks();
    const std::int64_t line = line_;
    switch (inside_) {
      case Inside::nothing:
        return std::nullopt;
      case Inside::document:
        for (int byte : {0xEF, 0xBB, 0xBF}) {
          if (line == 1 && peek() == byte) take();
        }
        if (peek() == end_of_file) return std::nullopt;
        context_.clear();
        if (peek() == '{') {
          auto element = object(line);
          if (inside_ != Inside::graph) return element;
        } else if (accept('[')) {
          inside_ = Inside::array;
          first_ = true;
        } else {
          return broken(line, "neither a JSON object nor an array");
        }
        break;
      case Inside::array:
      case Inside::graph:
        if (accept(']')) {
          if (inside_ == Inside::graph && !end_of_graph())
            return broken(line, "the object is not closed after `@graph`");
          inside_ = Inside::document;
          break;
        }
        if (!first_ && !accept(',')) return broken(line, "a comma is missing");
        first_ = false;
        return element();
    }
  }
}

JsonElements::Element JsonElements::element() {
  skip_blanks();
  Element element;
  element.line = line_;
  too_long_ = false;
  if (!read_value(element.text)) return broken(element.line, "not balanced JSON");
  if (too_long_) element.problem = "longer than 1 MB";
  return element;
}

// An object of its own, unless it has a graph: then its records come next.
JsonElements::Element JsonElements::object(std::int64_t line) {
  Element element;
  element.line = line;
  too_long_ = false;
  keep(element.text);
  for (bool first = true; !accept('}'); first = false) {
    std::string key, value;
    if (!first && !accept(',')) return broken(line, "a comma is missing");
    skip_blanks();
    if (!read_string(key) || !accept(':')) return broken(line, "not balanced JSON");
    skip_blanks();
    if (key == "\"@graph\"" && peek() == '[') {
      if (context_.empty()) return broken(line, "`@context` does not stand before `@graph`");
      take();
      inside_ = Inside::graph;
      first_ = true;
      return element;
    }
    if (!read_value(value)) return broken(line, "not balanced JSON");
    if (key == "\"@context\"") context_ = value;
    too_long_ = too_long_ || element.text.size() + key.size() + value.size() > longest_record;
    if (!too_long_) element.text.append(first ? "" : ",").append(key).append(":").append(value);
  }
  element.text.push_back('}');
  context_.clear();  // it is in the element
  if (too_long_) element.problem = "longer than 1 MB";
  return element;
}

bool JsonElements::end_of_graph() {
  while (!accept('}')) {
    std::string key, value;
    if (!accept(',')) return false;
    skip_blanks();
    if (!read_string(key) || !accept(':') || !read_value(value) || key == "\"@context\"") return false;
  }
  return true;
}

JsonElements::Element JsonElements::broken(std::int64_t line, std::string problem) {
  inside_ = Inside::nothing;
  return {line, {}, std::move(problem) + ": nothing that follows was read"};
}

}  // namespace pgconsent::consent
