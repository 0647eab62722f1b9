#include "openjd/document.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <sstream>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

/// Ends the parse from inside yaml-cpp's callbacks; caught in this file.
struct Stop {
  Diagnostic why;
};

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(mark.column) + 1};
}

[[noreturn]] void stop(Mark mark, std::string problem, std::string remedy) {
  throw Stop{{mark, {}, {}, std::move(problem), std::move(remedy)}};
}

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// What a plain scalar is. Source: YAML 1.2.2, 10.3.2 (core schema), base-10 numbers.
NodeKind plain_kind(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return NodeKind::kNull;
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return NodeKind::kBool;
  const std::size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const auto digits = text.find_first_not_of("0123456789", sign);
  if (digits == std::string::npos && text.size() > sign) return NodeKind::kInt;
  const std::string unsigned_text = to_lower(text.substr(sign));
  if (unsigned_text == ".inf" || unsigned_text == ".nan") return NodeKind::kFloat;
  const bool shape = text.find_first_not_of("0123456789.eE+-") == std::string::npos;
  const bool starts = unsigned_text.find_first_of("0123456789") <= 1 && unsigned_text[0] != 'e';
  double value = 0;
  const char* end = text.data() + text.size();
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  return shape && starts && std::from_chars(begin, end, value).ptr == end ? NodeKind::kFloat
                                                                          : NodeKind::kString;
}

NodeKind scalar_kind(const std::string& tag, const std::string& text, Mark mark) {
  if (tag == "?") return plain_kind(text);
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return NodeKind::kString;
  const NodeKind plain = plain_kind(text);
  if (tag == "tag:yaml.org,2002:int" && plain == NodeKind::kInt) return plain;
  if (tag == "tag:yaml.org,2002:bool" && plain == NodeKind::kBool) return plain;
  if (tag == "tag:yaml.org,2002:null" && plain == NodeKind::kNull) return plain;
  const bool number = plain == NodeKind::kFloat || plain == NodeKind::kInt;
  if (tag == "tag:yaml.org,2002:float" && number) return NodeKind::kFloat;
  stop(mark, "the tag " + in_quotes(tag) + " does not fit " + in_quotes(text), "leave the tag out");
}

/// Builds the tree from yaml-cpp's events, so that bounds hold while the text is read.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    take({NodeKind::kNull, mark_of(mark), "null", {}, {}}, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Mark at = mark_of(mark);
    const auto named = anchored_.find(anchor);
    if (named == anchored_.end()) {
      stop(at, "the alias names a value that it stands in", "write the value out where it is used");
    }
    if (expects_key()) stop(at, "a key is an alias", "use a plain word as key");
    Node copy = named->second;
    count_copy(copy, open_.size(), at);
    place(std::move(copy));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const Mark at = mark_of(mark);
    if (value.find('\0') != std::string::npos) {
      stop(at, "a text holds a NUL character", "take it out: no program can receive it");
    }
    take({scalar_kind(tag, value, at), at, value, {}, {}}, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(NodeKind::kSequence, mark_of(mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(NodeKind::kMap, mark_of(mark), anchor);
  }
  void OnMapEnd() override {
    refuse_repeated_keys(open_.back());
    close();
  }

  Node take_root() { return std::move(root_); }

 private:
  bool expects_key() const {
    return !open_.empty() && open_.back().kind == NodeKind::kMap &&
           open_.back().keys.size() == open_.back().items.size();
  }

  void open(NodeKind kind, Mark mark, YAML::anchor_t anchor) {
    if (expects_key()) stop(mark, "a key is a list or a map", "use a plain word as key");
    check_depth(open_.size(), mark);
    count(mark);
    open_.push_back({kind, mark, {}, {}, {}});
    open_anchors_.push_back(anchor);
  }

  void close() {
    Node done = std::move(open_.back());
    open_.pop_back();
    remember(done, open_anchors_.back());
    open_anchors_.pop_back();
    place(std::move(done));
  }

  void take(Node scalar, YAML::anchor_t anchor) {
    count(scalar.mark);
    if (!expects_key()) {
      remember(scalar, anchor);
      return place(std::move(scalar));
    }
    open_.back().keys.push_back({std::move(scalar.text), scalar.mark});
  }

  /// Keeps what an alias may name later; that is a copy, too.
  void remember(const Node& node, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    count_copy(node, open_.size(), node.mark);
    anchored_.emplace(anchor, node);
  }

  static void check_depth(std::size_t depth, Mark mark) {
    if (depth < limits::kDepth) return;
    stop(mark, "the template is nested more than " + std::to_string(limits::kDepth) + " deep",
         "no field of a job template needs that");
  }

  /// What an alias writes out obeys the bounds of a template that has it written out already.
  void count_copy(const Node& node, std::size_t depth, Mark at) {
    count(at);
    copied_bytes_ += node.text.size();
    for (const Node::Key& key : node.keys)
      copied_bytes_ += key.text.size();
    if (copied_bytes_ > limits::kTemplateBytes) {
      stop(at, "the aliases write out more than " + std::to_string(limits::kTemplateBytes) + " bytes",
           "move large data into input files");
    }
    const bool branch = node.kind == NodeKind::kMap || node.kind == NodeKind::kSequence;
    if (branch) check_depth(depth, at);
    for (const Node& item : node.items)
      count_copy(item, depth + 1, at);
  }

  void place(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().items.push_back(std::move(node));
    }
  }

  void count(Mark mark) {
    if (++nodes_ <= limits::kNodes) return;
    stop(mark, "the template has more than " + std::to_string(limits::kNodes) + " values",
         "use a range expression, or move data into an input file");
  }

  void refuse_repeated_keys(const Node& map) {
    std::vector<std::size_t> order(map.keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&map](std::size_t a, std::size_t b) { return map.keys[a].text < map.keys[b].text; });
    for (std::size_t i = 1; i < order.size(); ++i) {
      const Node::Key& key = map.keys[order[i]];
      const Node::Key& first = map.keys[order[i - 1]];
      if (key.text != first.text) continue;
      diagnostics_.add({key.mark,
                        {},
                        {},
                        "the key " + in_quotes(key.text) + " appears twice; it was first given in line " +
                            std::to_string(first.mark.line),
                        "keep one of them"});
    }
  }

  Diagnostics& diagnostics_;
  std::vector<Node> open_;
  std::vector<YAML::anchor_t> open_anchors_;  // in step with open_
  std::map<YAML::anchor_t, Node> anchored_;
  Node root_;
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
};

void append_utf8(std::string& out, std::uint32_t code_point) {
  out += static_cast<char>(0xF0U | (code_point >> 18));
  out += static_cast<char>(0x80U | ((code_point >> 12) & 0x3FU));
  out += static_cast<char>(0x80U | ((code_point >> 6) & 0x3FU));
  out += static_cast<char>(0x80U | (code_point & 0x3FU));
}

/// The 16 bits of a "\uXXXX" that starts `text`; 0 where there is none.
std::uint32_t escaped_unit(std::string_view text) {
  std::uint32_t unit = 0;
  if (text.size() < 6 || text.substr(0, 2) != "\\u") return 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  return error == std::errc{} && end == text.data() + 6 ? unit : 0;
}

/// JSON writes characters above U+FFFF as two escapes, which YAML does not know: they become the character.
std::string join_surrogates(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') in_string = !in_string;
    if (json[i] != '\\' || !in_string) {
      out += json[i];
      continue;
    }
    const std::uint32_t high = escaped_unit(json.substr(i));
    const std::uint32_t low = json.size() > i + 6 ? escaped_unit(json.substr(i + 6)) : 0;
    if (high >= 0xD800 && high < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
      append_utf8(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
      i += 11;
      continue;
    }
    out += json[i];
    if (i + 1 < json.size()) out += json[++i];
  }
  return out;
}

Checked<Node> refused(Diagnostic why) {
  return {std::nullopt, {std::move(why)}};
}

}  // namespace

Checked<Node> parse_document(std::string_view text) {
  if (text.size() > limits::kTemplateBytes) {
    return refused({{},
                    {},
                    {},
                    "the template is " + std::to_string(text.size()) + " bytes long; at most " +
                        std::to_string(limits::kTemplateBytes) + " are read",
                    "move large data into input files"});
  }
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return refused({{}, {}, {}, "the template is not UTF-8 text", "save it as UTF-8"});
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && text[first] == '{';
  Diagnostics diagnostics;
  Builder builder(diagnostics);
  try {
    std::istringstream stream(json ? join_surrogates(text) : std::string(text));
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      return refused({{}, {}, {}, "the template is empty", "see the guide for a first template"});
    }
    Diagnostics ignored;
    Builder second(ignored);
    if (parser.HandleNextDocument(second)) {
      diagnostics.add({{}, {}, {}, "the file holds more than one document", "keep one job template a file"});
    }
  } catch (const Stop& stopped) {
    diagnostics.add(stopped.why);
  } catch (const YAML::Exception& error) {
    diagnostics.add({mark_of(error.mark), {}, {}, "this is neither YAML nor JSON: " + error.msg, ""});
  }
  if (!diagnostics.empty()) return {std::nullopt, diagnostics.take()};
  return {builder.take_root(), {}};
}

const char* kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull: return "null";
    case NodeKind::kBool: return "a boolean";
    case NodeKind::kInt: return "an integer";
    case NodeKind::kFloat: return "a number";
    case NodeKind::kString: return "a string";
    case NodeKind::kSequence: return "a list";
    case NodeKind::kMap: return "a map";
  }
  return "a value";
}

}  // namespace reeve::openjd
