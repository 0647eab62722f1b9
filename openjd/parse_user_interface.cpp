#include <algorithm>
#include <array>
#include <limits>

#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

/// Whether a control goes with allowedValues.
enum class Choice { kForbidden, kRequired, kEither };

struct Control {
  std::string_view name;
  Choice allowed_values;
};

constexpr std::array<Control, 9> kControls = {{
    {"LINE_EDIT", Choice::kForbidden},
    {"MULTILINE_EDIT", Choice::kForbidden},
    {"DROPDOWN_LIST", Choice::kRequired},
    {"CHECK_BOX", Choice::kRequired},
    {"HIDDEN", Choice::kEither},
    {"CHOOSE_INPUT_FILE", Choice::kForbidden},
    {"CHOOSE_OUTPUT_FILE", Choice::kForbidden},
    {"CHOOSE_DIRECTORY", Choice::kForbidden},
    {"SPIN_BOX", Choice::kForbidden},
}};

std::string default_control(const JobParameter& parameter) {
  if (!parameter.allowed_values.empty()) return "DROPDOWN_LIST";
  if (parameter.type == ParameterType::kString) return "LINE_EDIT";
  if (parameter.type != ParameterType::kPath) return "SPIN_BOX";
  if (parameter.object_type == ObjectType::kDirectory) return "CHOOSE_DIRECTORY";
  return parameter.data_flow == DataFlow::kOut ? "CHOOSE_OUTPUT_FILE" : "CHOOSE_INPUT_FILE";
}

std::optional<std::size_t> read_control_word(Diagnostics& diagnostics, const Place& place,
                                             ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return read_word(diagnostics, place,
                       {"LINE_EDIT", "MULTILINE_EDIT", "DROPDOWN_LIST", "CHECK_BOX", "HIDDEN"});
    case ParameterType::kPath:
      return read_word(
          diagnostics, place,
          {"CHOOSE_INPUT_FILE", "CHOOSE_OUTPUT_FILE", "CHOOSE_DIRECTORY", "DROPDOWN_LIST", "HIDDEN"});
    case ParameterType::kInt:
    case ParameterType::kChunkInt:
    case ParameterType::kFloat: break;
  }
  return read_word(diagnostics, place, {"SPIN_BOX", "DROPDOWN_LIST", "HIDDEN"});
}

/// A check box stands for two values that mean yes and no.
bool is_yes_no(const std::vector<std::string>& values) {
  if (values.size() != 2) return false;
  std::array<std::string, 2> pair = {to_lower(values[0]), to_lower(values[1])};
  std::sort(pair.begin(), pair.end());
  using Pair = std::array<std::string, 2>;
  return pair == Pair{"false", "true"} || pair == Pair{"no", "yes"} || pair == Pair{"off", "on"} ||
         pair == Pair{"0", "1"};
}

void check_control(Diagnostics& diagnostics, const Place& place, const JobParameter& parameter) {
  if (!read_control_word(diagnostics, place, parameter.type)) return;
  const auto* control = std::find_if(kControls.begin(), kControls.end(),
                                     [&](const Control& c) { return c.name == place.node().text; });
  const bool has_choice = !parameter.allowed_values.empty();
  if (control->allowed_values == Choice::kRequired && !has_choice) {
    report(diagnostics, place, "this control needs allowedValues", "add allowedValues, or drop the control");
  } else if (control->allowed_values == Choice::kForbidden && has_choice) {
    report(diagnostics, place, "this control does not go with allowedValues", "use DROPDOWN_LIST");
  } else if (control->name == "CHECK_BOX" && !is_yes_no(parameter.allowed_values)) {
    report(diagnostics, place, "a check box needs two allowed values that mean yes and no",
           "allow true and false, yes and no, on and off, or 1 and 0");
  }
  const bool files = control->name == "CHOOSE_INPUT_FILE" || control->name == "CHOOSE_OUTPUT_FILE";
  const bool folders = control->name == "CHOOSE_DIRECTORY";
  const bool chooses_files = parameter.object_type == ObjectType::kFile;
  if (parameter.object_type_given && ((files && !chooses_files) || (folders && chooses_files))) {
    report(diagnostics, place, "this control chooses another type of object than objectType says",
           "change one of the two, or drop it");
  }
}

void check_pattern(Diagnostics& diagnostics, const Place& place) {
  const TextRule rule{1, limits::kFileFilterPattern, Controls::kNone};
  const auto pattern = read_text(diagnostics, place, rule);
  if (!pattern || *pattern == "*" || *pattern == "*.*") return;
  const bool extension = pattern->starts_with("*.") && pattern->size() > 2 &&
                         pattern->find_first_of("\\/*?[]#%&{}<>$!'\":@`|=", 2) == std::string::npos;
  if (!extension) report(diagnostics, place, "this is no file pattern", "write *, *.* or *.png");
}

void check_label(Diagnostics& diagnostics, const Object& object, std::string_view key, std::string* out) {
  const auto place = object.find(key);
  if (!place) return;
  const auto text = read_text(diagnostics, *place, name_rule());
  if (out != nullptr) *out = text.value_or("");
}

void check_filter(Diagnostics& diagnostics, const Place& place) {
  const Object object(diagnostics, place, {"label", "patterns"});
  if (object.require("label")) check_label(diagnostics, object, "label", nullptr);
  const auto patterns = object.require("patterns");
  if (!patterns || !check_list(diagnostics, *patterns, 1, limits::kFileFilterPatterns)) return;
  for (std::size_t i = 0; i < patterns->size(); ++i)
    check_pattern(diagnostics, patterns->at(i));
}

void check_filters(Diagnostics& diagnostics, const Object& object, const std::string& control) {
  const auto filters = object.find("fileFilters");
  const auto preset = object.find("fileFilterDefault");
  const bool chooses_file = control == "CHOOSE_INPUT_FILE" || control == "CHOOSE_OUTPUT_FILE";
  if (!chooses_file && (filters || preset)) {
    report(diagnostics, filters ? *filters : *preset, "file filters need a control that chooses a file",
           "use CHOOSE_INPUT_FILE or CHOOSE_OUTPUT_FILE, or drop the filters");
  }
  if (preset) check_filter(diagnostics, *preset);
  if (!filters || !check_list(diagnostics, *filters, 1, limits::kFileFilters)) return;
  for (std::size_t i = 0; i < filters->size(); ++i)
    check_filter(diagnostics, filters->at(i));
}

void check_number_fields(Diagnostics& diagnostics, const Object& object, const JobParameter& parameter) {
  const auto delta = object.find("singleStepDelta");
  const auto decimals = object.find("decimals");
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (decimals) (void)read_int(diagnostics, *decimals, 0, kMax);
  if (delta && parameter.type == ParameterType::kInt) {
    (void)read_int(diagnostics, *delta, 1, kMax);
  } else if (delta) {
    const auto value = read_float(diagnostics, *delta);
    if (value && *value <= 0) report(diagnostics, *delta, "the step is not positive", "use more than 0");
  }
  if (parameter.user_interface.control == "SPIN_BOX") return;
  for (const auto& place : {delta, decimals}) {
    if (place) report(diagnostics, *place, "this belongs to a SPIN_BOX", "drop it, or use that control");
  }
}

Object open_user_interface(Diagnostics& diagnostics, const Place& place, ParameterType type) {
  switch (type) {
    case ParameterType::kPath:
      return {diagnostics, place, {"control", "label", "groupLabel", "fileFilters", "fileFilterDefault"}};
    case ParameterType::kInt:
    case ParameterType::kChunkInt:
      return {diagnostics, place, {"control", "label", "groupLabel", "singleStepDelta"}};
    case ParameterType::kFloat:
      return {diagnostics, place, {"control", "label", "groupLabel", "singleStepDelta", "decimals"}};
    case ParameterType::kString: break;
  }
  return {diagnostics, place, {"control", "label", "groupLabel"}};
}

}  // namespace

void parse_user_interface(Diagnostics& diagnostics, const Place& place, JobParameter& parameter) {
  const Object object = open_user_interface(diagnostics, place, parameter.type);
  UserInterface& ui = parameter.user_interface;
  ui.control = default_control(parameter);
  if (const auto control = object.find("control")) {
    check_control(diagnostics, *control, parameter);
    ui.control = control->node().text;
  }
  check_label(diagnostics, object, "label", &ui.label);
  check_label(diagnostics, object, "groupLabel", &ui.group_label);
  if (parameter.type == ParameterType::kPath) check_filters(diagnostics, object, ui.control);
  if (parameter.type == ParameterType::kInt || parameter.type == ParameterType::kFloat) {
    check_number_fields(diagnostics, object, parameter);
  }
}

}  // namespace reeve::openjd
