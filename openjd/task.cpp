#include "openjd/task.h"

#include "protocol/check.h"

namespace reeve::openjd {
namespace {

void resolve_into(const Action& action, const Symbols& symbols, CommandLine& out) {
  action.command.resolve_into(symbols, out.command);
  out.args.resize(action.args.size());
  for (std::size_t i = 0; i < action.args.size(); ++i)
    action.args[i].resolve_into(symbols, out.args[i]);
}

}  // namespace

std::optional<std::string_view> HostSymbols::value(const Reference& reference) const {
  switch (reference.scope) {
    case Scope::kParam:
    case Scope::kRawParam: return std::nullopt;  // folded in at submission
    case Scope::kTaskParam:
    case Scope::kTaskRawParam:
      if (task_values_ == nullptr || reference.slot >= task_values_->size()) return std::nullopt;
      return (*task_values_)[reference.slot];
    case Scope::kTaskFile:
    case Scope::kEnvFile:
      if (reference.slot >= host_.file_paths.size()) return std::nullopt;
      return host_.file_paths[reference.slot];
    case Scope::kWorkingDirectory: return host_.working_directory;
    case Scope::kHasPathMappingRules: return host_.has_path_mapping_rules ? "true" : "false";
    case Scope::kPathMappingRulesFile: return host_.path_mapping_rules_file;
  }
  return std::nullopt;
}

ResolvedTask resolve_task(const StepScript& script, std::uint64_t index, const HostValues& host) {
  ResolvedTask task;
  resolve_task_into(script, index, host, task);
  return task;
}

void resolve_task_into(const StepScript& script, std::uint64_t index, const HostValues& host,
                       ResolvedTask& out) {
  script.space.at(index, out.parameters);
  resolve_into(script.on_run, HostSymbols(host, &out.parameters), out.line);
}

CommandLine resolve_action(const Action& action, const Symbols& symbols) {
  CommandLine line;
  resolve_into(action, symbols, line);
  return line;
}

std::string describe_task(const ParameterSpace& space, std::uint64_t index) {
  const TaskValues values = space.at(index);
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out += (i == 0 ? "" : " ") + space.name(i) + "=" + values[i];
  return out;
}

}  // namespace reeve::openjd
