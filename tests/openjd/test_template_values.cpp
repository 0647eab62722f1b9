#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

std::string listed(std::size_t count) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i)
    out += (i == 0 ? "" : ", ") + std::to_string(i);
  return out + "]";
}

TEST(TemplateValues, JobParametersHaveTheFieldsOfTheirType) {
  const Case cases[] = {
      {"a string", parameter_with("{name: A, type: STRING, default: a, minLength: 1, maxLength: 3}"), ""},
      {"no type", parameter_with("{name: A}"), "'type' is missing"},
      {"a type in lower case", parameter_with("{name: A, type: int}"), "STRING, PATH, INT, FLOAT"},
      {"an extension's type", parameter_with("{name: A, type: BOOL}"), "STRING, PATH, INT, FLOAT"},
      {"no name", parameter_with("{type: INT}"), "'name' is missing"},
      {"a digit first", parameter_with("{name: 1A, type: INT}"), "no identifier"},
      {"a length of an INT", parameter_with("{name: A, type: INT, minLength: 1}"), "'minLength'"},
      {"a bound of a STRING", parameter_with("{name: A, type: STRING, minValue: 1}"), "'minValue'"},
      {"a path", parameter_with("{name: A, type: PATH, objectType: FILE, dataFlow: INOUT}"), ""},
      {"another object", parameter_with("{name: A, type: PATH, objectType: SOCKET}"), "DIRECTORY, FILE"},
      {"another flow", parameter_with("{name: A, type: PATH, dataFlow: BOTH}"), "NONE, IN, OUT, INOUT"},
      {"two of one name", parameter_with("{name: A, type: INT}\n- {name: A, type: INT}"), "defined twice"},
      {"an empty list", job_with("parameterDefinitions: []\n"), "0 elements"},
      {"1024 characters", parameter_with("{name: A, type: STRING, default: " + std::string(1024, 'x') + "}"),
       ""},
      {"1025 characters", parameter_with("{name: A, type: STRING, default: " + std::string(1025, 'x') + "}"),
       "1025 characters"},
  };
  for (const Case& c : cases)
    check(c);
  std::string fifty = "parameterDefinitions:\n";
  for (int i = 0; i < 50; ++i)
    fifty += "- {name: P" + std::to_string(i) + ", type: INT}\n";
  check({"50 parameters", job_with(fifty), ""});
  check({"51 parameters", job_with(fifty + "- {name: Q, type: INT}\n"), "51 elements"});
}

TEST(TemplateValues, DefaultsAndAllowedValuesKeepTheBounds) {
  const Case cases[] = {
      {"a plain integer", parameter_with("{name: A, type: INT, default: 3}"), ""},
      {"a quoted integer", parameter_with("{name: A, type: INT, default: '3'}"), ""},
      {"a boolean as INT", parameter_with("{name: A, type: INT, default: true}"), "no integer"},
      {"a fraction as INT", parameter_with("{name: A, type: INT, default: 3.0}"), "no integer"},
      {"2^63 - 1", parameter_with("{name: A, type: INT, default: 9223372036854775807}"), ""},
      {"2^63", parameter_with("{name: A, type: INT, default: 9223372036854775808}"), "no integer"},
      {"below the minimum", parameter_with("{name: A, type: INT, minValue: 3, default: 2}"),
       "below the minimum"},
      {"crossed bounds", parameter_with("{name: A, type: INT, minValue: 3, maxValue: 2}"),
       "below the minimum"},
      {"among the allowed", parameter_with("{name: A, type: INT, allowedValues: [1, '02'], default: 2}"), ""},
      {"not among the allowed", parameter_with("{name: A, type: INT, allowedValues: [1, 2], default: 3}"),
       "not among the allowed"},
      {"an allowed value above the maximum",
       parameter_with("{name: A, type: INT, maxValue: 5, allowedValues: [1, 6]}"), "above the maximum"},
      {"no allowed value", parameter_with("{name: A, type: INT, allowedValues: []}"), "0 elements"},
      {"null allowed values", parameter_with("{name: A, type: INT, allowedValues: null}"), "a list"},
      {"a null among them", parameter_with("{name: A, type: INT, allowedValues: [1, null]}"), "no integer"},
      {"a float", parameter_with("{name: A, type: FLOAT, default: 1e-3, minValue: '0', maxValue: 1}"), ""},
      {"infinity", parameter_with("{name: A, type: FLOAT, default: .inf}"), "no finite number"},
      {"no number", parameter_with("{name: A, type: FLOAT, default: .nan}"), "no finite number"},
      {"infinity in words", parameter_with("{name: A, type: FLOAT, default: 'inf'}"), "no finite number"},
      {"beyond a double", parameter_with("{name: A, type: FLOAT, default: 1e309}"), "no finite number"},
      {"a boolean as FLOAT", parameter_with("{name: A, type: FLOAT, default: false}"), "no finite number"},
      {"a number as STRING", parameter_with("{name: A, type: STRING, default: 3}"), "put it in quotes"},
      {"a yes as STRING", parameter_with("{name: A, type: STRING, default: yes}"), ""},
      {"too short", parameter_with("{name: A, type: STRING, minLength: 2, default: a}"), "at least 2"},
      {"too long", parameter_with("{name: A, type: PATH, maxLength: 2, default: abc}"), "at most 2"},
      {"a negative length", parameter_with("{name: A, type: STRING, maxLength: -1}"), "out of bounds"},
      {"crossed lengths", parameter_with("{name: A, type: STRING, minLength: 3, maxLength: 2}"),
       "below the minimum"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateValues, ControlsGoWithWhatTheyShow) {
  const auto ui = [](std::string_view fields, std::string_view controls) {
    return parameter_with("{name: A, " + std::string(fields) + ", userInterface: {" + std::string(controls) +
                          "}}");
  };
  const Case cases[] = {
      {"hidden", ui("type: STRING", "control: HIDDEN, label: L, groupLabel: G"), ""},
      {"an empty label", ui("type: STRING", "label: ''"), "empty"},
      {"a line break in a label", ui("type: STRING", "label: \"a\\nb\""), "control character"},
      {"65 characters", ui("type: STRING", "groupLabel: " + std::string(65, 'x')), "65 characters"},
      {"a choice of nothing", ui("type: STRING", "control: DROPDOWN_LIST"), "needs allowedValues"},
      {"a line of a choice", ui("type: STRING, allowedValues: [a]", "control: LINE_EDIT"),
       "does not go with"},
      {"lines of a choice", ui("type: STRING, allowedValues: [a]", "control: MULTILINE_EDIT"),
       "does not go with"},
      {"a check box", ui("type: STRING, allowedValues: [No, 'YES']", "control: CHECK_BOX"), ""},
      {"a check box of words", ui("type: STRING, allowedValues: [big, small]", "control: CHECK_BOX"),
       "mean yes and no"},
      {"a check box of a number", ui("type: INT, allowedValues: [0, 1]", "control: CHECK_BOX"), "SPIN_BOX"},
      {"a spin box", ui("type: INT", "control: SPIN_BOX, singleStepDelta: 2"), ""},
      {"a step of 0", ui("type: INT", "singleStepDelta: 0"), "out of bounds"},
      {"a fraction of an INT", ui("type: INT", "singleStepDelta: 0.5"), "an integer"},
      {"a step of a list", ui("type: INT, allowedValues: [1]", "singleStepDelta: 1"),
       "belongs to a SPIN_BOX"},
      {"decimals", ui("type: FLOAT", "decimals: 2, singleStepDelta: 0.25"), ""},
      {"decimals that nobody sees", ui("type: FLOAT", "control: HIDDEN, decimals: 2"),
       "belongs to a SPIN_BOX"},
      {"decimals of an INT", ui("type: INT", "decimals: 2"), "'decimals'"},
      {"filters",
       ui("type: PATH, objectType: FILE", "fileFilters: [{label: All, patterns: ['*', '*.*', '*.exr']}]"),
       ""},
      {"filters of a folder", ui("type: PATH", "fileFilters: [{label: All, patterns: ['*']}]"),
       "chooses a file"},
      {"a bad pattern", ui("type: PATH, objectType: FILE", "fileFilterDefault: {label: A, patterns: ['a*']}"),
       "no file pattern"},
      {"no pattern", ui("type: PATH, objectType: FILE", "fileFilters: [{label: A, patterns: []}]"),
       "0 elements"},
      {"no label", ui("type: PATH, objectType: FILE", "fileFilters: [{patterns: ['*']}]"),
       "'label' is missing"},
      {"a folder of a choice", ui("type: PATH, allowedValues: [a]", "control: CHOOSE_DIRECTORY"),
       "does not go with"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateValues, RangesFitTheTypeOfTheirParameter) {
  const Case cases[] = {
      {"an expression", range_with("INT", "'1-10:2,20'"), ""},
      {"a list", range_with("INT", "[1, '2', '{{Param.Count}}']"), ""},
      {"an expression with a parameter", range_with("INT", "'1-{{Param.Count}}'"), ""},
      {"1024 values", range_with("INT", listed(1024)), ""},
      {"1025 values", range_with("INT", listed(1025)), "1025 elements"},
      {"no value", range_with("INT", "[]"), "0 elements"},
      {"a word as INT", range_with("INT", "[one]"), "no integer"},
      {"a fraction as INT", range_with("INT", "[1.5]"), "put it in quotes"},
      {"a number that is no expression", range_with("INT", "5"), "a list"},
      {"overlapping parts", range_with("INT", "'1-10:4,10-15'"), "overlap"},
      {"a FLOAT", range_with("FLOAT", "[1, 1.5, '2e3']"), ""},
      {"an expression of a FLOAT", range_with("FLOAT", "'1-10'"), "a list"},
      {"a word as FLOAT", range_with("FLOAT", "[nan]"), "no finite number"},
      {"strings", range_with("STRING", "[a, '{{Param.Count}}']"), ""},
      {"a number as STRING", range_with("STRING", "[1]"), "put it in quotes"},
      {"an empty string", range_with("STRING", "['']"), ""},
      {"an empty path", range_with("PATH", "['']"), "empty"},
      {"1025 characters", range_with("PATH", "[" + std::string(1025, 'x') + "]"), "1025 characters"},
      {"a chunk", range_with("'CHUNK[INT]'", "1-3"), "TASK_CHUNKING"},
  };
  for (const Case& c : cases)
    check(c);
}

TEST(TemplateValues, CombinationsUseEachParameterOnce) {
  const auto space = [](std::string_view combination) {
    return step_with(
        "parameterSpace:\n"
        "  taskParameterDefinitions:\n"
        "  - {name: A, type: INT, range: 1-3}\n"
        "  - {name: B, type: INT, range: 11-13}\n"
        "  - {name: C, type: INT, range: 1-2}\n"
        "  combination: '" +
        std::string(combination) + "'\n");
  };
  const Case cases[] = {
      {"a tuple and a product", space("(A, B) * C"), ""},
      {"needless parentheses", space("((A)) * B * (C)"), ""},
      {"empty", space(""), "empty"},
      {"an unknown name", space("A * B * D"), "'D' is no task parameter"},
      {"a name left out", space("A * B"), "'C' is not used"},
      {"a name twice", space("A * B * C * A"), "'A' is used twice"},
      {"unequal members", space("(A, C) * B"), "3 and 2 values"},
      {"no operator", space("A B C"), "wrong"},
      {"an open end", space("A * B * "), "wrong at the end"},
      {"an open parenthesis", space("(A, B * C"), "wrong"},
      {"a foreign character", space("A @ B * C"), "wrong"},
      {"1281 characters", space("A * B * C" + std::string(1272, ' ')), "1281 characters"},
  };
  for (const Case& c : cases)
    check(c);
  std::string definitions = "parameterSpace:\n  taskParameterDefinitions:\n";
  for (int i = 0; i < 16; ++i)
    definitions += "  - {name: P" + std::to_string(i) + ", type: INT, range: [1]}\n";
  check({"16 parameters", step_with(definitions), ""});
  check({"17 parameters", step_with(definitions + "  - {name: Q, type: INT, range: [1]}\n"), "17 elements"});
  check({"one name twice",
         step_with("parameterSpace: {taskParameterDefinitions: [{name: A, type: INT, range: 1-2}, {name: A, "
                   "type: INT, range: 1-2}]}\n"),
         "defined twice"});
}

}  // namespace
}  // namespace reeve::openjd::testing
