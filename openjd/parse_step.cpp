#include <algorithm>
#include <map>
#include <set>

#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

std::vector<std::string> parse_dependencies(Diagnostics& diagnostics, const Place& place,
                                            const Extensions& extensions) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  if (!check_list(diagnostics, place, 1, limits::kSteps)) return names;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    const Object object(diagnostics, item, {"dependsOn"});
    const auto name = object.require("dependsOn");
    const TextRule rule = name_rule(extensions.name());
    names.push_back(name ? read_text(diagnostics, *name, rule).value_or("") : "");
    if (!names.back().empty() && !seen.insert(names.back()).second)
      report(diagnostics, item, "it depends on " + in_quotes(names.back()) + " twice", "drop one");
  }
  return names;
}

}  // namespace

StepTemplate parse_step(Diagnostics& diagnostics, const Place& place, const Visible& job,
                        const std::vector<std::string>& job_environments) {
  StepTemplate step;
  step.mark = place.node().mark;
  const Object object(diagnostics, place,
                      {"name", "description", "dependencies", "stepEnvironments", "hostRequirements",
                       "parameterSpace", "script", "bash", "cmd", "node", "powershell", "python"});
  if (const auto name = object.require("name")) {
    step.name = read_text(diagnostics, *name, name_rule(job.extensions.name())).value_or("");
  }
  if (const auto description = object.find("description")) {
    step.description = read_text(diagnostics, *description, description_rule()).value_or("");
  }
  if (const auto dependencies = object.find("dependencies")) {
    step.dependencies = parse_dependencies(diagnostics, *dependencies, job.extensions);
  }
  if (const auto environments = object.find("stepEnvironments")) {
    std::vector<std::string> taken = job_environments;
    step.environments = parse_environments(diagnostics, *environments, job, taken);
  }
  Visible visible = job;
  if (const auto requirements = object.find("hostRequirements")) {
    parse_host_requirements(diagnostics, *requirements, visible, step);
  }
  std::vector<std::string> task_parameters;
  if (const auto space = object.find("parameterSpace")) {
    task_parameters = task_parameter_names(*space);
    step.space = parse_parameter_space(diagnostics, *space, visible);
  }
  visible.task_parameters = &task_parameters;
  parse_step_script(diagnostics, place, object, visible, step);
  return step;
}

void check_dependencies(Diagnostics& diagnostics, const Place& steps_place,
                        const std::vector<StepTemplate>& steps) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!index.emplace(steps[i].name, i).second && !steps[i].name.empty()) {
      report(diagnostics, steps_place.at(i), in_quotes(steps[i].name) + " is the name of two steps",
             "rename one");
    }
  }
  // Steps whose dependencies are done are taken away until none is left; what stays waits for itself.
  std::vector<std::vector<std::size_t>> waiting(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const std::string& name : steps[i].dependencies) {
      const auto found = index.find(name);
      if (name.empty()) continue;  // reported where it was read
      if (found == index.end()) {
        report(diagnostics, steps_place.at(i), "it depends on " + in_quotes(name) + ", which is no step",
               "name a step of this job");
      } else {
        waiting[i].push_back(found->second);
      }
    }
  }
  std::vector<bool> done(steps.size(), false);
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (done[i]) continue;
      done[i] = std::all_of(waiting[i].begin(), waiting[i].end(), [&](std::size_t w) { return done[w]; });
      progress = progress || done[i];
    }
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (done[i]) continue;
    report(diagnostics, steps_place.at(i),
           in_quotes(steps[i].name) + " waits for itself, through its dependencies",
           "take one dependency of the circle away");
  }
}

}  // namespace reeve::openjd
