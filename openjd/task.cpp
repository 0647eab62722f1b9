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

std::optional<std::string_view> value_at(const TaskValues* values, std::size_t slot) {
  if (values == nullptr || slot >= values->size()) return std::nullopt;
  return (*values)[slot];
}

}  // namespace

std::optional<std::string_view> HostSymbols::value(const Reference& reference) const {
  switch (reference.scope) {
    case Scope::kParam:
    case Scope::kRawParam: return std::nullopt;  // folded in at submission
    case Scope::kTaskParam: return value_at(mapped_, reference.slot);
    case Scope::kTaskRawParam: return value_at(task_values_, reference.slot);
    case Scope::kTaskFile:
    case Scope::kEnvFile:
      if (reference.slot >= host_.file_paths.size()) return std::nullopt;
      return host_.file_paths[reference.slot];
    case Scope::kWorkingDirectory: return host_.working_directory;
    case Scope::kHasPathMappingRules: return host_.path_rules.empty() ? "false" : "true";
    case Scope::kPathMappingRulesFile: return host_.path_mapping_rules_file;
  }
  return std::nullopt;
}

TaskValues mapped_values(const StepScript& script, const TaskValues& values) {
  TaskValues mapped = values;
  for (std::size_t i = 0; i < mapped.size() && !script.path_rules.empty(); ++i) {
    if (script.space.type(i) != ParameterType::kPath) continue;
    if (auto path = map_path(script.path_rules, mapped[i])) mapped[i] = *std::move(path);
  }
  return mapped;
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
