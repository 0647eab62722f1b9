#include <algorithm>
#include <limits>

#include "openjd/limits.h"
#include "openjd/parameter_value.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

constexpr std::int64_t kMaxInt = std::numeric_limits<std::int64_t>::max();

bool is_number(ParameterType type) {
  return type == ParameterType::kInt || type == ParameterType::kFloat;
}

/// A default or allowed value, as text.
std::optional<std::string> read_value(Diagnostics& diagnostics, const Place& place, ParameterType type) {
  if (type == ParameterType::kInt) {
    const auto value = read_int_or_text(diagnostics, place);
    return value ? std::optional(std::to_string(*value)) : std::nullopt;
  }
  if (type == ParameterType::kFloat) {
    return read_float_or_text(diagnostics, place) ? std::optional(place.node().text) : std::nullopt;
  }
  return read_text(diagnostics, place, {0, limits::kStringValue, Controls::kAny});
}

Object open_parameter(Diagnostics& diagnostics, const Place& place, ParameterType type) {
  if (is_number(type)) {
    return {
        diagnostics,
        place,
        {"name", "type", "description", "default", "allowedValues", "minValue", "maxValue", "userInterface"}};
  }
  if (type == ParameterType::kPath) {
    return {diagnostics,
            place,
            {"name", "type", "description", "default", "allowedValues", "minLength", "maxLength",
             "objectType", "dataFlow", "userInterface"}};
  }
  return {
      diagnostics,
      place,
      {"name", "type", "description", "default", "allowedValues", "minLength", "maxLength", "userInterface"}};
}

/// The type of a parameter, read before the other fields because it decides which there are.
std::optional<ParameterType> read_type(Diagnostics& diagnostics, const Place& place) {
  if (!check_kind(diagnostics, place, NodeKind::kMap)) return std::nullopt;
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place.node().keys[i].text != "type") continue;
    const auto word = read_word(diagnostics, place.at(i), {"STRING", "PATH", "INT", "FLOAT"});
    if (!word) return std::nullopt;
    return static_cast<ParameterType>(*word);
  }
  report(diagnostics, place, "the field 'type' is missing", "add STRING, PATH, INT or FLOAT");
  return std::nullopt;
}

void read_lengths(Diagnostics& diagnostics, const Object& object, JobParameter& parameter) {
  if (const auto min = object.find("minLength")) {
    parameter.min_length = read_int(diagnostics, *min, 0, kMaxInt);
  }
  const auto max = object.find("maxLength");
  if (!max) return;
  parameter.max_length = read_int(diagnostics, *max, 1, kMaxInt);
  if (parameter.min_length && parameter.max_length && *parameter.min_length > *parameter.max_length) {
    report(diagnostics, *max, "the maximum is below the minimum", "swap minLength and maxLength");
  }
}

void read_bounds(Diagnostics& diagnostics, const Object& object, JobParameter& parameter) {
  const auto min = object.find("minValue");
  const auto max = object.find("maxValue");
  bool crossed = false;
  if (parameter.type == ParameterType::kInt) {
    if (min) parameter.min_int = read_int_or_text(diagnostics, *min);
    if (max) parameter.max_int = read_int_or_text(diagnostics, *max);
    crossed = parameter.min_int && parameter.max_int && *parameter.min_int > *parameter.max_int;
  } else {
    if (min) parameter.min_float = read_float_or_text(diagnostics, *min);
    if (max) parameter.max_float = read_float_or_text(diagnostics, *max);
    crossed = parameter.min_float && parameter.max_float && *parameter.min_float > *parameter.max_float;
  }
  if (crossed) report(diagnostics, *max, "the maximum is below the minimum", "swap minValue and maxValue");
}

void read_allowed(Diagnostics& diagnostics, const Place& place, JobParameter& parameter) {
  if (!check_list(diagnostics, place, 1, SIZE_MAX)) return;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    auto value = read_value(diagnostics, item, parameter.type);
    if (!value) continue;
    const Result<std::string> checked = check_value(parameter, *value);
    if (!checked) report(diagnostics, item, checked.error());
    values.push_back(*std::move(value));
  }
  parameter.allowed_values = std::move(values);
}

void read_path_fields(Diagnostics& diagnostics, const Object& object, JobParameter& parameter) {
  if (const auto type = object.find("objectType")) {
    const auto word = read_word(diagnostics, *type, {"DIRECTORY", "FILE"});
    parameter.object_type = static_cast<ObjectType>(word.value_or(0));
    parameter.object_type_given = true;
  }
  if (const auto flow = object.find("dataFlow")) {
    const auto word = read_word(diagnostics, *flow, {"NONE", "IN", "OUT", "INOUT"});
    parameter.data_flow = static_cast<DataFlow>(word.value_or(0));
    parameter.data_flow_given = true;
  }
}

void read_default(Diagnostics& diagnostics, const Place& place, JobParameter& parameter) {
  parameter.default_value = read_value(diagnostics, place, parameter.type);
  if (!parameter.default_value) return;
  const Result<std::string> checked = check_value(parameter, *parameter.default_value);
  if (!checked) report(diagnostics, place, checked.error());
}

JobParameter parse_job_parameter(Diagnostics& diagnostics, const Place& place, const Extensions& extensions) {
  JobParameter parameter;
  parameter.mark = place.node().mark;
  const auto type = read_type(diagnostics, place);
  if (!type) return parameter;
  parameter.type = *type;
  const Object object = open_parameter(diagnostics, place, *type);
  if (const auto name = object.require("name")) {
    parameter.name = read_identifier(diagnostics, *name, extensions.name()).value_or("");
  }
  if (const auto description = object.find("description")) {
    parameter.description = read_text(diagnostics, *description, description_rule()).value_or("");
  }
  if (is_number(*type)) {
    read_bounds(diagnostics, object, parameter);
  } else {
    read_lengths(diagnostics, object, parameter);
  }
  if (*type == ParameterType::kPath) read_path_fields(diagnostics, object, parameter);
  if (const auto allowed = object.find("allowedValues")) read_allowed(diagnostics, *allowed, parameter);
  if (const auto given = object.find("default")) read_default(diagnostics, *given, parameter);
  if (const auto ui = object.find("userInterface")) parse_user_interface(diagnostics, *ui, parameter);
  return parameter;
}

}  // namespace

std::vector<JobParameter> parse_job_parameters(Diagnostics& diagnostics, const Place& place,
                                               const Extensions& extensions, std::size_t max_count) {
  std::vector<JobParameter> parameters;
  if (!check_list(diagnostics, place, 1, max_count)) return parameters;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    JobParameter parameter = parse_job_parameter(diagnostics, item, extensions);
    const bool repeated = std::any_of(parameters.begin(), parameters.end(), [&](const JobParameter& p) {
      return !p.name.empty() && p.name == parameter.name;
    });
    if (repeated) {
      report(diagnostics, item, "the parameter " + in_quotes(parameter.name) + " is defined twice",
             "rename one");
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

}  // namespace reeve::openjd
