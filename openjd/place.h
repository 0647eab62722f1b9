#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "openjd/diagnostic.h"
#include "openjd/document.h"
#include "openjd/limits.h"
#include "openjd/text.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// A node and the way to it. Holds pointers to its parents: use it below them on the stack.
class Place {
 public:
  explicit Place(const Node& root) : node_(&root) {}

  const Node& node() const { return *node_; }
  std::size_t size() const { return node_->items.size(); }
  /// The i-th element of a list, or the i-th value of a map.
  Place at(std::size_t i) const { return Place(*this, i); }
  /// "steps[0].script".
  std::string path() const;

 private:
  Place(const Place& parent, std::size_t i) : node_(&parent.node_->items[i]), parent_(&parent), index_(i) {}

  const Node* node_;
  const Place* parent_ = nullptr;
  std::size_t index_ = 0;
};

/// Says that the value at `place` breaks a rule.
void report(Diagnostics& diagnostics, const Place& place, std::string problem, std::string remedy);
/// As above, with the error of a parser.
void report(Diagnostics& diagnostics, const Place& place, const Error& error);

/// The fields of one map: refuses what is no map, and every key that is not `known`.
class Object {
 public:
  Object(Diagnostics& diagnostics, const Place& place, std::initializer_list<std::string_view> known);

  bool is_map() const { return place_.node().kind == NodeKind::kMap; }
  std::optional<Place> find(std::string_view key) const;
  /// As find(), and reports a missing field.
  std::optional<Place> require(std::string_view key) const;

 private:
  Diagnostics& diagnostics_;
  const Place& place_;
};

/// What a text may be; lengths in characters.
struct TextRule {
  std::size_t min = 0;
  std::size_t max = SIZE_MAX;
  Controls controls = Controls::kAny;
};

/// The rule of descriptions. Source: 2023-09, 7.2.
TextRule description_rule();
/// The rule of labels, and of names that may be `max` characters long. Source: 2023-09, 2.6, 3.1 and 4.1.
TextRule name_rule(std::size_t max = limits::kName);

bool check_kind(Diagnostics& diagnostics, const Place& place, NodeKind kind);
/// A list with `min` to `max` elements.
bool check_list(Diagnostics& diagnostics, const Place& place, std::size_t min, std::size_t max);
bool check_text(Diagnostics& diagnostics, const Place& place, std::string_view text, const TextRule& rule);

/// Each reads one value, or reports why it cannot be read.
std::optional<std::string> read_text(Diagnostics& diagnostics, const Place& place, const TextRule& rule);
std::optional<std::string> read_identifier(Diagnostics& diagnostics, const Place& place, std::size_t max);
std::optional<bool> read_bool(Diagnostics& diagnostics, const Place& place);
/// A plain integer from `min` to `max`; quoted ones are refused.
std::optional<std::int64_t> read_int(Diagnostics& diagnostics, const Place& place, std::int64_t min,
                                     std::int64_t max);
/// An integer, plain or quoted.
std::optional<std::int64_t> read_int_or_text(Diagnostics& diagnostics, const Place& place);
/// A finite number, plain or quoted.
std::optional<double> read_float_or_text(Diagnostics& diagnostics, const Place& place);
/// A plain finite number.
std::optional<double> read_float(Diagnostics& diagnostics, const Place& place);
/// The index of the word that stands there.
std::optional<std::size_t> read_word(Diagnostics& diagnostics, const Place& place,
                                     std::initializer_list<std::string_view> words);

}  // namespace reeve::openjd
