#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openjd/parameter_space.h"
#include "openjd/path_mapping.h"
#include "openjd/script.h"
#include "openjd/step_script.h"

namespace reeve::openjd {

/// Where every host shows a session's working directory to its programs: the same path everywhere, so that
/// paths of inputs are settled at submission and copies of a task see the same.
inline constexpr std::string_view kSessionFolder = "/session";
/// In the sandboxes of a gang: starts commands on its members (agent/gang/launch).
inline constexpr std::string_view kGangLauncher = "/.reeve-launch";

/// What only the host knows of a session.
struct HostValues {
  std::string working_directory;
  std::span<const PathMappingRule> path_rules;
  std::string path_mapping_rules_file;
  std::vector<std::string> file_paths;  // of the embedded files of the script in hand, by position
};

/// A command that can be started.
struct CommandLine {
  std::string command;
  std::vector<std::string> args;
  bool operator==(const CommandLine&) const = default;
};

struct ResolvedTask {
  CommandLine line;
  TaskValues parameters;  // in the order of the step's parameter space
};

/// The values of references on a host. Holds on to what it is given.
///   task_values  null where no task runs: in an environment
///   mapped       task_values with paths as the host has them (mapped_values); null: they are the same
class HostSymbols : public Symbols {
 public:
  HostSymbols(const HostValues& host, const TaskValues* task_values, const TaskValues* mapped = nullptr)
      : host_(host), task_values_(task_values), mapped_(mapped ? mapped : task_values) {}
  std::optional<std::string_view> value(const Reference& reference) const override;

 private:
  const HostValues& host_;
  const TaskValues* task_values_;
  const TaskValues* mapped_;
};

/// The values with the step's path mapping rules applied to those of type PATH: what Task.Param.* shows.
TaskValues mapped_values(const StepScript& script, const TaskValues& values);

/// The command line of task `index` < script.space.size(), and its parameters' values.
///
/// Where script.is_constant(), every task has the same line: resolve one, and take the parameters, if they
/// are wanted at all, from script.space.at(index).
ResolvedTask resolve_task(const StepScript& script, std::uint64_t index, const HostValues& host = {});

/// As above, into a task whose memory is used again: no allocation once its strings have grown.
void resolve_task_into(const StepScript& script, std::uint64_t index, const HostValues& host,
                       ResolvedTask& out);

/// Resolves an action of a step or of an environment.
CommandLine resolve_action(const Action& action, const Symbols& symbols);

/// "Frame=12 Camera=left": how people see a task.
std::string describe_task(const ParameterSpace& space, std::uint64_t index);

}  // namespace reeve::openjd
