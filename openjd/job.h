#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "openjd/model.h"
#include "openjd/path_mapping.h"
#include "openjd/requirements.h"
#include "openjd/step_script.h"

namespace reeve::openjd {

/// One step of a job: everything that depends on the job's parameters is settled.
struct Step {
  std::string name;
  std::string description;
  std::vector<std::uint32_t> depends_on;  // positions of earlier steps; ascending, none twice
  HostRequirements requirements;
  StepScript script;
};

struct BoundParameter {
  std::string name;
  ParameterType type = ParameterType::kString;
  ObjectType object_type = ObjectType::kDirectory;
  DataFlow data_flow = DataFlow::kNone;
  std::string raw_value;  // as given; of a path that stood relative, joined with its folder
};

/// A template whose parameters have values. Its steps stand in an order in which they can run.
struct Job {
  std::string name;
  std::string description;
  std::vector<BoundParameter> parameters;
  std::vector<Step> steps;
};

/// Values of job parameters by name, as text ("-p Frames=1-10").
using ParameterValues = std::map<std::string, std::string>;

/// How paths of the machine that submits are meant.
struct SubmitFolders {
  std::string template_folder;  // where relative defaults start; empty: they stay relative
  std::string working_folder;   // where relative values that were given start
  std::vector<PathMappingRule> path_rules{};
  ParameterValues hosted{};  // what Param.NAME is on every host, of those whose files go along with the job
};

/// Makes the job of a template: binds and checks the parameters, resolves names and requirements, expands
/// nothing. Param.* and RawParam.* are folded into every command, argument, file and variable; of a PATH,
/// RawParam.* is the joined path and Param.* what hosts have in its place.
///
/// Errors: a value for no parameter, a parameter without a value, values that break a rule, and what only
/// shows once values are known (lengths, ranges, requirements).
Checked<Job> instantiate(const JobTemplate& job_template, const ParameterValues& values,
                         const SubmitFolders& folders = {});

}  // namespace reeve::openjd
