#include "openjd/place.h"

#include <algorithm>

#include "openjd/limits.h"

namespace reeve::openjd {
namespace {

std::string joined(std::initializer_list<std::string_view> words) {
  std::string out;
  for (std::string_view word : words)
    out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

/// What an error repeats of a node; empty for lists and maps.
std::string shown(const Node& node) {
  if (node.kind == NodeKind::kSequence || node.kind == NodeKind::kMap) return {};
  return in_quotes(node.text);
}

}  // namespace

std::string Place::path() const {
  if (parent_ == nullptr) return {};
  std::string out = parent_->path();
  if (parent_->node_->kind == NodeKind::kSequence) return out + "[" + std::to_string(index_) + "]";
  if (!out.empty()) out += ".";
  return out + parent_->node_->keys[index_].text;
}

void report(Diagnostics& diagnostics, const Place& place, std::string problem, std::string remedy) {
  diagnostics.add(
      {place.node().mark, place.path(), shown(place.node()), std::move(problem), std::move(remedy)});
}

void report(Diagnostics& diagnostics, const Place& place, const Error& error) {
  report(diagnostics, place, error.message, error.hint);
}

Object::Object(Diagnostics& diagnostics, const Place& place, std::initializer_list<std::string_view> known)
    : diagnostics_(diagnostics), place_(place) {
  if (!check_kind(diagnostics, place, NodeKind::kMap)) return;
  for (const Node::Key& key : place.node().keys) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    diagnostics.add({key.mark,
                     place.path(),
                     {},
                     "there is no field " + in_quotes(key.text) + " here",
                     "the fields are " + joined(known)});
  }
}

std::optional<Place> Object::find(std::string_view key) const {
  if (!is_map()) return std::nullopt;
  const auto& keys = place_.node().keys;
  const auto found = std::find_if(keys.begin(), keys.end(), [key](const auto& k) { return k.text == key; });
  if (found == keys.end()) return std::nullopt;
  return place_.at(static_cast<std::size_t>(found - keys.begin()));
}

std::optional<Place> Object::require(std::string_view key) const {
  std::optional<Place> found = find(key);
  if (!found && is_map()) {
    report(diagnostics_, place_, "the field '" + std::string(key) + "' is missing", "add it");
  }
  return found;
}

TextRule description_rule() {
  return {1, limits::kDescription, Controls::kLineBreaksAndTab};
}

TextRule name_rule(std::size_t max) {
  return {1, max, Controls::kNone};
}

bool check_kind(Diagnostics& diagnostics, const Place& place, NodeKind kind) {
  if (place.node().kind == kind) return true;
  const bool unquoted = kind == NodeKind::kString && place.node().kind != NodeKind::kMap &&
                        place.node().kind != NodeKind::kSequence;
  report(diagnostics, place,
         std::string("this is ") + kind_name(place.node().kind) + " and must be " + kind_name(kind),
         unquoted ? "put it in quotes" : std::string("write ") + kind_name(kind));
  return false;
}

bool check_list(Diagnostics& diagnostics, const Place& place, std::size_t min, std::size_t max) {
  if (!check_kind(diagnostics, place, NodeKind::kSequence)) return false;
  if (place.size() >= min && place.size() <= max) return true;
  const bool few = place.size() < min;
  report(diagnostics, place, "the list has " + std::to_string(place.size()) + " elements",
         few ? "give at least " + std::to_string(min) + ", or leave the field out"
             : "give at most " + std::to_string(max));
  return false;
}

bool check_text(Diagnostics& diagnostics, const Place& place, std::string_view text, const TextRule& rule) {
  const std::size_t length = count_characters(text);
  if (length < rule.min) {
    report(diagnostics, place, "the text is empty", "give at least one character");
    return false;
  }
  if (length > rule.max) {
    report(diagnostics, place, "the text is " + std::to_string(length) + " characters long",
           "use at most " + std::to_string(rule.max));
    return false;
  }
  if (has_forbidden_control(text, rule.controls)) {
    report(diagnostics, place, "the text holds a control character", "take it out");
    return false;
  }
  return true;
}

std::optional<std::string> read_text(Diagnostics& diagnostics, const Place& place, const TextRule& rule) {
  if (!check_kind(diagnostics, place, NodeKind::kString)) return std::nullopt;
  if (!check_text(diagnostics, place, place.node().text, rule)) return std::nullopt;
  return place.node().text;
}

std::optional<std::string> read_identifier(Diagnostics& diagnostics, const Place& place, std::size_t max) {
  if (!check_kind(diagnostics, place, NodeKind::kString)) return std::nullopt;
  if (is_identifier(place.node().text, max)) return place.node().text;
  report(diagnostics, place, "this is no identifier",
         "use 1 to " + std::to_string(max) + " letters, digits and underscores, not starting with a digit");
  return std::nullopt;
}

std::optional<bool> read_bool(Diagnostics& diagnostics, const Place& place) {
  if (!check_kind(diagnostics, place, NodeKind::kBool)) return std::nullopt;
  return to_lower(place.node().text) == "true";
}

std::optional<std::int64_t> read_int(Diagnostics& diagnostics, const Place& place, std::int64_t min,
                                     std::int64_t max) {
  if (!check_kind(diagnostics, place, NodeKind::kInt)) return std::nullopt;
  const auto value = parse_int(place.node().text);
  if (value && *value >= min && *value <= max) return value;
  report(diagnostics, place, "the number is out of bounds",
         "use " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

std::optional<std::int64_t> read_int_or_text(Diagnostics& diagnostics, const Place& place) {
  const bool kind_fits = place.node().kind == NodeKind::kInt || place.node().kind == NodeKind::kString;
  const auto value = kind_fits ? parse_int(place.node().text) : std::nullopt;
  if (!value) report(diagnostics, place, "this is no integer of 64 bits", "write a whole number such as 42");
  return value;
}

std::optional<double> read_float_or_text(Diagnostics& diagnostics, const Place& place) {
  const NodeKind kind = place.node().kind;
  const bool kind_fits = kind == NodeKind::kInt || kind == NodeKind::kFloat || kind == NodeKind::kString;
  const auto value = kind_fits ? parse_float(place.node().text) : std::nullopt;
  if (!value) report(diagnostics, place, "this is no finite number", "write a number such as 1.5");
  return value;
}

std::optional<double> read_float(Diagnostics& diagnostics, const Place& place) {
  if (place.node().kind != NodeKind::kString) return read_float_or_text(diagnostics, place);
  report(diagnostics, place, "this is a string and must be a number", "drop the quotes");
  return std::nullopt;
}

std::optional<std::size_t> read_word(Diagnostics& diagnostics, const Place& place,
                                     std::initializer_list<std::string_view> words) {
  if (!check_kind(diagnostics, place, NodeKind::kString)) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), place.node().text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  report(diagnostics, place, "this is none of the words that are known here", "use one of " + joined(words));
  return std::nullopt;
}

}  // namespace reeve::openjd
