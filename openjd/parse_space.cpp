#include <algorithm>

#include "openjd/expand_space.h"
#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

/// Knows no value: for what has no reference.
class NoSymbols : public Symbols {
 public:
  std::optional<std::string_view> value(const Reference& /*reference*/) const override {
    return std::nullopt;
  }
};

/// An element of a range: a number as it stands, or a format string.
std::optional<FormatString> parse_element(Diagnostics& diagnostics, const Place& place, ParameterType type,
                                          const Visible& visible) {
  const NodeKind kind = place.node().kind;
  const bool plain_int = kind == NodeKind::kInt;
  const bool plain_float = plain_int || kind == NodeKind::kFloat;
  const bool number =
      (type == ParameterType::kInt && plain_int) || (type == ParameterType::kFloat && plain_float);
  if (number) return FormatString::literal(place.node().text);
  return read_format(diagnostics, place, {1, limits::kStringValue, Controls::kAny}, visible);
}

void parse_range(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                 TaskParameterTemplate& parameter) {
  if (place.node().kind == NodeKind::kString && parameter.type == ParameterType::kInt) {
    auto text = read_format(diagnostics, place, {1, SIZE_MAX, Controls::kLineBreaksAndTab}, visible);
    if (text) parameter.range = SubmitString{*std::move(text), place.node().mark};
    return;
  }
  std::vector<SubmitString> list;
  if (!check_list(diagnostics, place, 1, limits::kRangeList)) return;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    auto element = parse_element(diagnostics, item, parameter.type, visible);
    if (element) list.push_back({*std::move(element), item.node().mark});
  }
  parameter.range = std::move(list);
}

TaskParameterTemplate parse_task_parameter(Diagnostics& diagnostics, const Place& place,
                                           const Visible& visible) {
  TaskParameterTemplate parameter;
  parameter.mark = place.node().mark;
  const Object object(diagnostics, place, {"name", "type", "range"});
  if (const auto name = object.require("name")) {
    parameter.name = read_identifier(diagnostics, *name).value_or("");
  }
  const auto type = object.require("type");
  const auto word = type ? read_word(diagnostics, *type, {"STRING", "PATH", "INT", "FLOAT"}) : std::nullopt;
  const auto range = object.require("range");
  if (!word) return parameter;
  parameter.type = static_cast<ParameterType>(*word);
  if (range) parse_range(diagnostics, *range, visible, parameter);
  return parameter;
}

void parse_combination(Diagnostics& diagnostics, const Place& place, const std::vector<std::string>& names,
                       ParameterSpaceTemplate& space) {
  const auto text = read_text(diagnostics, place, {1, limits::kCombination, Controls::kNone});
  if (!text) return;
  Result<Combination> combination = Combination::parse(*text, names);
  if (!combination) {
    report(diagnostics, place, combination.error());
    return;
  }
  space.combination = *std::move(combination);
  space.combination_mark = place.node().mark;
}

}  // namespace

std::vector<std::string> task_parameter_names(const Place& space) {
  std::vector<std::string> names;
  for (std::size_t i = 0; space.node().kind == NodeKind::kMap && i < space.size(); ++i) {
    if (space.node().keys[i].text != "taskParameterDefinitions") continue;
    for (const Node& parameter : space.node().items[i].items) {
      names.emplace_back();
      for (std::size_t k = 0; k < parameter.keys.size(); ++k) {
        if (parameter.keys[k].text == "name") names.back() = parameter.items[k].text;
      }
    }
  }
  return names;
}

ParameterSpaceTemplate parse_parameter_space(Diagnostics& diagnostics, const Place& place,
                                             const Visible& visible) {
  ParameterSpaceTemplate space;
  space.combination_mark = place.node().mark;
  const Object object(diagnostics, place, {"taskParameterDefinitions", "combination"});
  const auto definitions = object.require("taskParameterDefinitions");
  if (!definitions || !check_list(diagnostics, *definitions, 1, limits::kTaskParameters)) return space;
  const std::size_t errors_before = diagnostics.size();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < definitions->size(); ++i) {
    const Place item = definitions->at(i);
    TaskParameterTemplate parameter = parse_task_parameter(diagnostics, item, visible);
    if (!parameter.name.empty() && std::find(names.begin(), names.end(), parameter.name) != names.end()) {
      report(diagnostics, item, "the parameter " + in_quotes(parameter.name) + " is defined twice",
             "rename one");
    }
    names.push_back(parameter.name);
    space.parameters.push_back(std::move(parameter));
  }
  space.combination = Combination::product_of_all(names.size());
  if (diagnostics.size() != errors_before) return space;
  if (const auto text = object.find("combination")) parse_combination(diagnostics, *text, names, space);
  if (diagnostics.size() != errors_before) return space;
  if (is_constant(space)) (void)expand_space(diagnostics, space, NoSymbols{}, place.path());
  return space;
}

}  // namespace reeve::openjd
