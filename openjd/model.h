#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "openjd/combination.h"
#include "openjd/diagnostic.h"
#include "openjd/format_string.h"
#include "openjd/parameter_space.h"
#include "openjd/script.h"

/// A job template as written: valid by itself, its job parameters still open.
/// Names follow the specification, "jobtemplate-2023-09".
namespace reeve::openjd {

/// A format string that is resolved at submission, and where it stands.
struct SubmitString {
  FormatString text;
  Mark mark;
};

enum class ObjectType { kDirectory, kFile };
enum class DataFlow { kNone, kIn, kOut, kInOut };

/// Hints for a form; nothing that is enforced.
struct UserInterface {
  std::string control;  // with the specification's default where none is given
  std::string label;
  std::string group_label;
};

/// A value that a submission gives. Bounds hold for the type that they name; values are texts as written.
struct JobParameter {
  std::string name;
  ParameterType type = ParameterType::kString;
  std::string description;
  std::optional<std::string> default_value;
  std::vector<std::string> allowed_values;  // empty: any
  std::optional<std::int64_t> min_length;   // STRING, PATH: characters
  std::optional<std::int64_t> max_length;
  std::optional<std::int64_t> min_int;  // INT
  std::optional<std::int64_t> max_int;
  std::optional<double> min_float;  // FLOAT
  std::optional<double> max_float;
  ObjectType object_type = ObjectType::kDirectory;  // PATH
  DataFlow data_flow = DataFlow::kNone;             // PATH
  UserInterface user_interface;
  Mark mark;
};

struct TaskParameterTemplate {
  std::string name;
  ParameterType type = ParameterType::kString;
  std::variant<SubmitString, std::vector<SubmitString>> range;  // an expression (INT alone), or a list
  Mark mark;
};

struct ParameterSpaceTemplate {
  std::vector<TaskParameterTemplate> parameters;
  Combination combination;
  Mark combination_mark;
};

struct AmountTemplate {
  SubmitString name;
  std::optional<double> min;
  std::optional<double> max;
};

struct AttributeTemplate {
  SubmitString name;
  std::vector<SubmitString> any_of;
  std::vector<SubmitString> all_of;
};

struct StepTemplate {
  std::string name;
  std::string description;
  std::vector<std::string> dependencies;  // names of steps; no cycle
  std::vector<Environment> environments;
  std::vector<AmountTemplate> amounts;
  std::vector<AttributeTemplate> attributes;
  std::optional<ParameterSpaceTemplate> space;
  Action on_run;
  std::vector<EmbeddedFile> files;
  Mark mark;
};

struct JobTemplate {
  SubmitString name;
  std::string description;
  std::vector<JobParameter> parameters;
  std::vector<Environment> environments;
  std::vector<StepTemplate> steps;
};

}  // namespace reeve::openjd
