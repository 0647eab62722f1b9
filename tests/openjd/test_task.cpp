#include <gtest/gtest.h>

#include "openjd/task.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

TEST(Task, EachIndexHasItsOwnCommandLine) {
  const Job job = job_of(script_with(
      "actions: {onRun: {command: 'draw{{Param.Count}}', args: [-f, '{{Task.Param.Frame}}']}}\n"));
  const StepScript& script = job.steps.at(0).script;
  ASSERT_EQ(script.space.size(), 4U);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const ResolvedTask task = resolve_task(script, i);
    EXPECT_EQ(task.line.command, "draw3");
    EXPECT_EQ(task.line.args, (std::vector<std::string>{"-f", std::to_string(i + 1)}));
  }
}

TEST(Task, ReusedMemoryHoldsTheNewTask) {
  const Job job = job_of(script_with("actions: {onRun: {command: a, args: ['{{Task.Param.Frame}}']}}\n"));
  ResolvedTask task{{"left over", {"from", "another", "step"}}, {"x", "y"}};
  resolve_task_into(job.steps.at(0).script, 2, {}, task);
  EXPECT_EQ(task.line, (CommandLine{"a", {"3"}}));
  EXPECT_EQ(task.parameters, (TaskValues{"3"}));
}

TEST(Task, TheHostSaysWhereTheSessionIs) {
  const Job job = job_of(script_with(
      "actions: {onRun: {command: '{{Task.File.B}}', args: ['{{Session.WorkingDirectory}}', "
      "'{{Session.HasPathMappingRules}}', '{{Session.PathMappingRulesFile}}', '{{Task.File.A}}']}}\n"
      "embeddedFiles: [{name: A, type: TEXT, data: a}, {name: B, type: TEXT, data: b}]\n"));
  const std::vector<PathMappingRule> rules(1);
  const HostValues host{"/s", rules, "/s/rules.json", {"/s/a", "/s/b"}};
  EXPECT_EQ(resolve_task(job.steps.at(0).script, 0, host).line,
            (CommandLine{"/s/b", {"/s", "true", "/s/rules.json", "/s/a"}}));
}

TEST(Task, AnEnvironmentResolvesItsOwnFiles) {
  const Job job = job_of(job_with(
      "jobEnvironments: [{name: E, variables: {A: 'x{{Env.File.F}}'}, script: {actions: {onEnter: {command: "
      "'{{Env.File.F}}'}}, embeddedFiles: [{name: F, type: TEXT, data: y}]}}]\n"));
  const Environment& environment = job.steps.at(0).script.environments.at(0);
  const HostValues host{"/s", {}, "", {"/s/f"}};
  const HostSymbols symbols(host, nullptr);
  EXPECT_EQ(resolve_action(*environment.on_enter, symbols), (CommandLine{"/s/f", {}}));
  EXPECT_EQ(environment.variables.at(0).value.resolve(symbols), "x/s/f");
}

TEST(Task, PathsOfTasksAreThoseOfTheHost) {
  Job job = job_of(range_with("PATH", "[/show/a, /other/b]"));
  StepScript& script = job.steps.at(0).script;
  script.path_rules = {{PathFormat::kPosix, "/show", "/mnt"}};
  const auto shown = [&](std::uint64_t task, Scope scope) {
    const TaskValues values = script.space.at(task);
    const TaskValues mapped = mapped_values(script, values);
    const HostValues host{"/s", script.path_rules, "", {}};
    return std::string(*HostSymbols(host, &values, &mapped).value({scope, 0, "P"}));
  };
  EXPECT_EQ(shown(0, Scope::kTaskParam), "/mnt/a");
  EXPECT_EQ(shown(0, Scope::kTaskRawParam), "/show/a");
  EXPECT_EQ(shown(1, Scope::kTaskParam), "/other/b");
  script.space = job_of(range_with("STRING", "[/show/a]")).steps.at(0).script.space;
  EXPECT_EQ(shown(0, Scope::kTaskParam), "/show/a") << "texts of other types stay";
}

TEST(Task, PeopleSeeNamesAndValues) {
  const Job job = job_of(range_with("STRING", "[left, right]"));
  EXPECT_EQ(describe_task(job.steps.at(0).script.space, 1), "P=right");
}

}  // namespace
}  // namespace reeve::openjd::testing
