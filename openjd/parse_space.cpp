#include <algorithm>

#include "openjd/expand_space.h"
#include "openjd/limits.h"
#include "openjd/parse.h"
#include "openjd/submit_number.h"

namespace reeve::openjd {
namespace {

/// Knows no value: for what has no reference.
class NoSymbols : public Symbols {
 public:
  std::optional<std::string_view> value(const Reference& /*reference*/) const override {
    return std::nullopt;
  }
};

bool is_integer(ParameterType type) {
  return type == ParameterType::kInt || type == ParameterType::kChunkInt;
}

/// An element of a range: a number as it stands, or a format string.
std::optional<FormatString> parse_element(Diagnostics& diagnostics, const Place& place, ParameterType type,
                                          const Visible& visible) {
  const NodeKind kind = place.node().kind;
  const bool plain_int = kind == NodeKind::kInt;
  const bool plain_float = plain_int || kind == NodeKind::kFloat;
  const bool number = (is_integer(type) && plain_int) || (type == ParameterType::kFloat && plain_float);
  if (number) return FormatString::literal(place.node().text);
  // The schema asks for one character; the public conformance suite lets a STRING, and nothing else, be
  // empty.
  const std::size_t least = type == ParameterType::kString ? 0 : 1;
  return read_format(diagnostics, place, {least, limits::kStringValue, Controls::kAny}, visible);
}

void parse_range(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                 TaskParameterTemplate& parameter) {
  if (place.node().kind == NodeKind::kString && is_integer(parameter.type)) {
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

ChunksTemplate parse_chunks(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  ChunksTemplate chunks;
  const Object object(diagnostics, place, {"defaultTaskCount", "targetRuntimeSeconds", "rangeConstraint"});
  if (const auto count = object.require("defaultTaskCount")) {
    auto text = read_submit_int(diagnostics, *count, chunk_rule(), Quoted::kAllowed, visible);
    chunks.task_count = std::move(text).value_or(SubmitString{});
  }
  if (const auto runtime = object.find("targetRuntimeSeconds")) {
    chunks.target_runtime =
        read_submit_int(diagnostics, *runtime, chunk_runtime_rule(), Quoted::kAllowed, visible);
  }
  if (const auto constraint = object.require("rangeConstraint")) {
    const auto word = read_word(diagnostics, *constraint, {"CONTIGUOUS", "NONCONTIGUOUS"});
    chunks.constraint = static_cast<RangeConstraint>(word.value_or(0));
  }
  return chunks;
}

/// The type of a task parameter; CHUNK[INT] where the template asks for chunks.
std::optional<ParameterType> read_task_type(Diagnostics& diagnostics, const Place& place,
                                            const Visible& visible) {
  const bool chunked = visible.extensions.task_chunking;
  if (place.node().kind == NodeKind::kString && place.node().text == "CHUNK[INT]") {
    if (!check_extension(diagnostics, place, chunked, "TASK_CHUNKING")) return std::nullopt;
    return ParameterType::kChunkInt;
  }
  const auto word = read_word(diagnostics, place, {"STRING", "PATH", "INT", "FLOAT"});
  return word ? std::optional(static_cast<ParameterType>(*word)) : std::nullopt;
}

TaskParameterTemplate parse_task_parameter(Diagnostics& diagnostics, const Place& place,
                                           const Visible& visible) {
  TaskParameterTemplate parameter;
  parameter.mark = place.node().mark;
  const Object object(diagnostics, place, {"name", "type", "range", "chunks"});
  if (const auto name = object.require("name")) {
    parameter.name = read_identifier(diagnostics, *name, visible.extensions.name()).value_or("");
  }
  const auto type = object.require("type");
  const auto known = type ? read_task_type(diagnostics, *type, visible) : std::nullopt;
  const auto range = object.require("range");
  if (!known) return parameter;
  parameter.type = *known;
  if (range) parse_range(diagnostics, *range, visible, parameter);
  const bool chunked = parameter.type == ParameterType::kChunkInt;
  const auto chunks = chunked ? object.require("chunks") : object.find("chunks");
  if (chunks && chunked) parameter.chunks = parse_chunks(diagnostics, *chunks, visible);
  if (chunks && !chunked) {
    report(diagnostics, *chunks, "only a CHUNK[INT] has chunks", "drop it, or change the type");
  }
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
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    if (space.parameters[i].type != ParameterType::kChunkInt || !space.combination.is_in_tuple(i)) continue;
    report(diagnostics, place, in_quotes(names[i]) + " comes in chunks and stands in a tuple",
           "combine it by '*' alone");
  }
}

void refuse_second_chunked(Diagnostics& diagnostics, const Place& definitions,
                           const ParameterSpaceTemplate& space) {
  std::size_t chunked = 0;
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    if (space.parameters[i].type != ParameterType::kChunkInt || ++chunked == 1) continue;
    report(diagnostics, definitions.at(i), "the step has a CHUNK[INT] already", "make this one an INT");
  }
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
  refuse_second_chunked(diagnostics, *definitions, space);
  space.combination = Combination::product_of_all(names.size());
  if (diagnostics.size() != errors_before) return space;
  if (const auto text = object.find("combination")) parse_combination(diagnostics, *text, names, space);
  if (diagnostics.size() != errors_before) return space;
  if (is_constant(space)) (void)expand_space(diagnostics, space, NoSymbols{}, place.path());
  return space;
}

}  // namespace reeve::openjd
