#include "rules/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <set>
#include <sstream>

#include "rules/utf8.h"

namespace pgconsent::rules {

namespace {

struct TooDeep {
  Place at;
};

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

// The event interface rather than YAML::Node: it tells aliases, tags and plain scalars apart and bounds the
// depth.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Reporter& report) : report_(report) {}

  YamlNode root;
  bool usable = true;  // false: something that would make what follows meaningless

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add({YamlNode::Kind::null, {}, {}, {}, place_of(mark)}, true);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "YAML aliases are not supported", "write the value out");
    add({YamlNode::Kind::scalar, {}, {}, {}, place_of(mark)}, false);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    // Escapes ("\0") can bring in what the check of the file's bytes has kept out.
    if (!is_valid_utf8(value)) refuse(mark, "text holds a NUL or is not valid UTF-8", "");
    add({YamlNode::Kind::scalar, value, {}, {}, place_of(mark)}, tag == "?");
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    bool key_is_next = true;  // maps: the next node is a key
    std::set<std::string> seen;
  };

  void refuse(const YAML::Mark& mark, std::string message, std::string hint) {
    usable = false;
    report_.error(place_of(mark), std::move(message), std::move(hint));
  }
  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      refuse(mark, "YAML anchors are not supported", "write the value out where it is used");
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(mark, "YAML tags are not supported", "remove " + in_backticks(tag));
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (stack_.size() >= max_yaml_depth) throw TooDeep{place_of(mark)};
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    stack_.push_back({{kind, {}, {}, {}, place_of(mark)}, true, {}});
  }
  void close() {
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node), false);
  }

  void add(YamlNode node, bool plain) {
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == YamlNode::Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else if (frame.key_is_next) {
      add_key(frame, std::move(node), plain);
    } else {
      // A block value that starts on the next line has its own place; an absent one has its key's.
      if (node.kind == YamlNode::Kind::null) node.at = frame.node.keys.back().at;
      frame.node.items.push_back(std::move(node));
      frame.key_is_next = true;
    }
  }

  void add_key(Frame& frame, YamlNode node, bool plain) {
    frame.key_is_next = false;
    if (node.kind != YamlNode::Kind::scalar) {
      usable = false;
      report_.error(node.at, "a key must be a name",
                    node.kind == YamlNode::Kind::null ? "put `null` in quotes if it is meant as a name" : "");
    } else if (plain && node.text == "<<") {
      usable = false;
      report_.error(node.at, "YAML merge keys are not supported", "write the values out");
    } else if (!frame.seen.insert(node.text).second) {
      report_.error(node.at, "duplicate key " + in_backticks(node.text));
    }
    frame.node.keys.push_back({std::move(node.text), node.at});
  }

  Reporter& report_;
  std::vector<Frame> stack_;
};

class NothingMore final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { throw TooDeep{place_of(mark)}; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

// yaml-cpp's own message for the commonest mistake points elsewhere.
std::string tab_hint(std::string_view text) {
  for (std::size_t line = 1, start = 0; start < text.size(); ++line) {
    const std::size_t indent = text.find_first_not_of(' ', start);
    if (indent != std::string_view::npos && text[indent] == '\t') {
      return "line " + std::to_string(line) + " is indented with a tab: use spaces";
    }
    const std::size_t end = text.find('\n', start);
    if (end == std::string_view::npos) break;
    start = end + 1;
  }
  return {};
}

void parse_documents(std::istream& in, TreeBuilder& builder, Reporter& report) {
  YAML::Parser parser(in);
  if (!parser.HandleNextDocument(builder)) {
    builder.usable = false;
    report.error({}, "the file is empty");
    return;
  }
  try {
    NothingMore rest;
    parser.HandleNextDocument(rest);
  } catch (const TooDeep& second) {
    builder.usable = false;
    report.error(second.at, "a second YAML document", "one file holds one document: remove the `---`");
  }
}

}  // namespace

std::optional<YamlNode> parse_yaml(std::string_view text, Reporter& report) {
  if (text.size() > max_yaml_bytes) {
    report.error({}, "the file is larger than 8 MiB", "use wildcards: \"tenant_*.users\"");
    return std::nullopt;
  }
  if (!is_valid_utf8(text)) {
    report.error({}, "the file is not valid UTF-8 text");
    return std::nullopt;
  }
  TreeBuilder builder(report);
  try {
    std::istringstream in{std::string(text)};
    parse_documents(in, builder, report);
  } catch (const TooDeep& e) {
    report.error(e.at, "nested too deeply");
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    report.error(place_of(e.mark), "not valid YAML: " + e.msg, tab_hint(text));
    return std::nullopt;
  } catch (const std::exception& e) {  // yaml-cpp lets some of the standard library's through
    report.error({}, std::string("not valid YAML: ") + e.what());
    return std::nullopt;
  }
  if (!builder.usable) return std::nullopt;
  return std::move(builder.root);
}

}  // namespace pgconsent::rules
