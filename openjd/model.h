#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "openjd/combination.h"
#include "openjd/diagnostic.h"
#include "openjd/extensions.h"
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
  bool object_type_given = false;                   // not by default
  bool data_flow_given = false;
  UserInterface user_interface;
  Mark mark;
};

/// How the values of a CHUNK[INT] are joined into tasks.
///   target_runtime  seconds that a chunk should take; checked, and left to schedulers that resize chunks
struct ChunksTemplate {
  SubmitString task_count;
  std::optional<SubmitString> target_runtime;
  RangeConstraint constraint = RangeConstraint::kContiguous;
};

struct TaskParameterTemplate {
  std::string name;
  ParameterType type = ParameterType::kString;
  std::variant<SubmitString, std::vector<SubmitString>> range;  // an expression (of integers), or a list
  std::optional<ChunksTemplate> chunks;                         // of a CHUNK[INT]
  Mark mark;
};

struct ParameterSpaceTemplate {
  std::vector<TaskParameterTemplate> parameters;
  Combination combination;
  Mark combination_mark;
};

struct AmountTemplate {
  SubmitString name;
  std::optional<SubmitString> min;
  std::optional<SubmitString> max;
};

struct AttributeTemplate {
  SubmitString name;
  std::vector<SubmitString> any_of;
  std::vector<SubmitString> all_of;
};

/// An action whose times and way of cancelation may wait for the job's parameters.
///   action  with everything else; its times are the defaults
///   mode    of the cancelation, where it waits too
struct ActionTemplate {
  Action action;
  std::optional<SubmitString> mode;
  std::optional<SubmitString> timeout;
  std::optional<SubmitString> notify_period;
};

struct EnvironmentTemplate {
  std::string name;
  std::string description;
  std::vector<Variable> variables;
  std::optional<ActionTemplate> on_enter;
  std::optional<ActionTemplate> on_exit;
  std::vector<EmbeddedFile> files;
};

struct StepTemplate {
  std::string name;
  std::string description;
  std::vector<std::string> dependencies;  // names of steps; no cycle
  std::vector<EnvironmentTemplate> environments;
  std::vector<AmountTemplate> amounts;
  std::vector<AttributeTemplate> attributes;
  std::optional<ParameterSpaceTemplate> space;
  ActionTemplate on_run;
  std::vector<EmbeddedFile> files;
  Mark mark;
};

struct JobTemplate {
  Extensions extensions;
  SubmitString name;
  std::string description;
  std::vector<JobParameter> parameters;
  std::vector<EnvironmentTemplate> environments;
  std::vector<StepTemplate> steps;
};

/// An environment that is entered around jobs that know nothing of it: "environment-2023-09".
struct EnvironmentDocument {
  Extensions extensions;
  std::vector<JobParameter> parameters;
  EnvironmentTemplate environment;
};

}  // namespace reeve::openjd
