#include <algorithm>

#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

std::vector<Variable> parse_variables(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  std::vector<Variable> variables;
  if (!check_kind(diagnostics, place, NodeKind::kMap)) return variables;
  if (place.size() == 0) report(diagnostics, place, "there are no variables", "add one, or drop the field");
  const TextRule value_rule{0, limits::kVariableValue, Controls::kAny};
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place value = place.at(i);
    const std::string& name = place.node().keys[i].text;
    const bool letters =
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
        std::string::npos;
    if (name.empty() || name.size() > limits::kVariableName || !letters ||
        (name[0] >= '0' && name[0] <= '9')) {
      report(diagnostics, value, in_quotes(name) + " is no name of an environment variable",
             "use 1 to 256 letters, digits and underscores, not starting with a digit");
    }
    auto text = read_format(diagnostics, value, value_rule, visible);
    variables.push_back({name, std::move(text).value_or(FormatString{})});
  }
  return variables;
}

void parse_environment_script(Diagnostics& diagnostics, const Place& place, Visible visible,
                              EnvironmentTemplate& environment) {
  const Object object(diagnostics, place, {"actions", "embeddedFiles"});
  if (const auto files = object.find("embeddedFiles")) {
    environment.files = parse_embedded_files(diagnostics, *files, visible);
  }
  const auto actions_place = object.require("actions");
  if (!actions_place) return;
  const Object actions(diagnostics, *actions_place, {"onEnter", "onExit"});
  const auto enter = actions.find("onEnter");
  const auto leave = actions.find("onExit");
  if (actions.is_map() && !enter && !leave) {
    report(diagnostics, *actions_place, "the environment has no action", "add onEnter or onExit");
  }
  if (enter) {
    environment.on_enter = parse_action(diagnostics, *enter, visible, limits::kNotifyDefaultSeconds);
  }
  if (leave) {
    environment.on_exit = parse_action(diagnostics, *leave, visible, limits::kNotifyDefaultSeconds);
    if (!environment.on_exit->timeout) environment.on_exit->action.timeout_s = limits::kOnExitTimeoutSeconds;
  }
}

}  // namespace

EnvironmentTemplate parse_environment(Diagnostics& diagnostics, const Place& place, const Visible& job) {
  EnvironmentTemplate environment;
  const Object object(diagnostics, place, {"name", "description", "script", "variables"});
  if (const auto name = object.require("name")) {
    environment.name = read_text(diagnostics, *name, name_rule(job.extensions.name())).value_or("");
  }
  if (const auto text = object.find("description")) {
    environment.description = read_text(diagnostics, *text, description_rule()).value_or("");
  }
  const auto script = object.find("script");
  const auto variables = object.find("variables");
  if (object.is_map() && !script && !variables) {
    report(diagnostics, place, "the environment does nothing", "add a script or variables");
  }
  std::vector<std::string> files;
  if (script) files = embedded_file_names(*script);
  Visible visible = job;
  visible.environment_files = &files;
  visible.on_host = true;
  if (script) parse_environment_script(diagnostics, *script, visible, environment);
  if (variables) environment.variables = parse_variables(diagnostics, *variables, visible);
  return environment;
}

std::vector<EnvironmentTemplate> parse_environments(Diagnostics& diagnostics, const Place& place,
                                                    const Visible& job, std::vector<std::string>& taken) {
  std::vector<EnvironmentTemplate> environments;
  if (!check_list(diagnostics, place, 1, limits::kEnvironments)) return environments;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    EnvironmentTemplate environment = parse_environment(diagnostics, item, job);
    const bool repeated =
        !environment.name.empty() && std::find(taken.begin(), taken.end(), environment.name) != taken.end();
    if (repeated) {
      report(diagnostics, item, in_quotes(environment.name) + " is the name of two environments",
             "rename one");
    }
    taken.push_back(environment.name);
    environments.push_back(std::move(environment));
  }
  return environments;
}

}  // namespace reeve::openjd
