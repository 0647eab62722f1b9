#include <gtest/gtest.h>

#include "openjd/task.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

constexpr const char* kRender = R"(
specificationVersion: jobtemplate-2023-09
name: Render {{Param.Title}}
parameterDefinitions:
- {name: Title, type: STRING, default: "shot 7", maxLength: 120}
- {name: Last, type: INT, minValue: 1, maxValue: 1000}
- {name: Scale, type: FLOAT, default: 0.50, allowedValues: ['0.5', 1]}
- {name: Scene, type: PATH, objectType: FILE, dataFlow: IN, default: scenes/a.glb}
- {name: Tool, type: STRING, default: blender}
steps:
- name: Encode
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: ffmpeg}}}
- name: Render
  hostRequirements:
    amounts: [{name: 'amount.{{Param.Tool}}', min: 1}]
    attributes: [{name: attr.tools, allOf: ['{{Param.Tool}}']}]
  parameterSpace:
    taskParameterDefinitions:
    - {name: Frame, type: INT, range: '1-{{Param.Last}}'}
    - {name: Eye, type: STRING, range: [left, '{{Param.Title}}']}
  script:
    actions:
      onRun:
        command: render
        args: ['{{Param.Scene}}', '{{Task.Param.Frame}}', '{{Param.Scale}}', '{{RawParam.Last}}']
        timeout: 60
)";

TEST(Instantiate, ParametersAreFoldedInAndTaskReferencesStay) {
  const Job job = job_of(kRender, {{"Last", "+012"}});
  EXPECT_EQ(job.name, "Render shot 7");
  ASSERT_EQ(job.steps.size(), 2U);
  const Step& render = job.steps[0];
  EXPECT_EQ(render.name, "Render");
  EXPECT_EQ(render.script.space.size(), 24U);
  EXPECT_EQ(render.requirements.amounts.at(0).name, "amount.blender");
  EXPECT_EQ(render.requirements.attributes.at(0).all_of.at(0), "blender");
  EXPECT_EQ(render.script.on_run.timeout_s, 60U);
  const ResolvedTask task = resolve_task(render.script, 23);
  EXPECT_EQ(task.parameters, (TaskValues{"12", "shot 7"}));
  EXPECT_EQ(task.line.args, (std::vector<std::string>{"scenes/a.glb", "12", "0.50", "12"}));
}

TEST(Instantiate, StepsStandAfterThoseTheyDependOn) {
  const Job job = job_of(kRender, {{"Last", "1"}});
  EXPECT_EQ(job.steps[1].name, "Encode");
  EXPECT_EQ(job.steps[1].depends_on, (std::vector<std::uint32_t>{0}));
}

TEST(Instantiate, RelativePathsStartWhereTheyWereWritten) {
  const SubmitFolders folders{"/templates", "/art/ann"};
  EXPECT_EQ(job_of(kRender, {{"Last", "1"}}, folders).parameters[3].raw_value, "/templates/scenes/a.glb");
  EXPECT_EQ(job_of(kRender, {{"Last", "1"}, {"Scene", "../b.glb"}}, folders).parameters[3].raw_value,
            "/art/b.glb");
  EXPECT_EQ(job_of(kRender, {{"Last", "1"}, {"Scene", "/c.glb"}}, folders).parameters[3].raw_value, "/c.glb");
}

TEST(Instantiate, AJoinedPathHasOneForm) {
  const auto joined = [](const std::string& path) {
    return job_of(parameter_with("{name: A, type: PATH, default: " + path + "}"), {}, {"/t", ""})
        .parameters[0]
        .raw_value;
  };
  EXPECT_EQ(joined("."), "/t");
  EXPECT_EQ(joined("a/.."), "/t");
  EXPECT_EQ(joined("./a/./../b/."), "/t/b");
  EXPECT_EQ(joined("b/"), "/t/b");
  EXPECT_EQ(joined("..name/name../..."), "/t/..name/name../...");
}

TEST(Instantiate, ADefaultPathStaysBesideItsTemplate) {
  for (const std::string path : {"/etc/passwd", "..", "../a", "a/../../b"}) {
    const std::string text = parameter_with("{name: A, type: PATH, default: " + path + "}");
    EXPECT_EQ(refusal_of(text).size(), 1U) << path;
  }
  EXPECT_EQ(job_of(parameter_with("{name: A, type: PATH, default: a/../b}")).parameters[0].raw_value,
            "a/../b");
}

TEST(Instantiate, AllowedPathsAreComparedAfterJoining) {
  const std::string text = parameter_with("{name: A, type: PATH, default: a, allowedValues: [a, b]}");
  EXPECT_EQ(job_of(text).parameters[0].raw_value, "a");
  EXPECT_EQ(refusal_of(text, {}, {"/templates", ""}).size(), 1U);
}

TEST(Instantiate, AGivenPathKeepsItsRulesBeforeItIsJoined) {
  const std::string text = parameter_with("{name: A, type: PATH, allowedValues: [a, b], maxLength: 3}");
  EXPECT_EQ(job_of(text, {{"A", "b"}}, {"", "/art"}).parameters[0].raw_value, "/art/b");
  EXPECT_EQ(refusal_of(text, {{"A", "c"}}, {"", "/art"}).size(), 1U);
}

TEST(Instantiate, HostsSeeAPathWhereTheyHaveItAndItsRawValueStays) {
  const std::string text =
      "specificationVersion: jobtemplate-2023-09\nname: j\n"
      "parameterDefinitions: [{name: A, type: PATH}, {name: B, type: PATH}, {name: C, type: STRING}]\n"
      "steps: [{name: s, script: {actions: {onRun: {command: c, args: ['{{Param.A}}', '{{RawParam.A}}', "
      "'{{Param.B}}', '{{RawParam.B}}', '{{Param.C}}']}}}}]\n";
  const SubmitFolders folders{
      "", "/show/shot", {{PathFormat::kPosix, "/show", "/mnt"}}, {{"B", "/session/inputs/B"}}};
  const Job job = job_of(text, {{"A", "a.exr"}, {"B", "b"}, {"C", "/show/c"}}, folders);
  EXPECT_EQ(resolve_task(job.steps[0].script, 0).line.args,
            (std::vector<std::string>{"/mnt/shot/a.exr", "/show/shot/a.exr", "/session/inputs/B",
                                      "/show/shot/b", "/show/c"}));
  EXPECT_EQ(job.steps[0].script.path_rules, folders.path_rules) << "task parameters are mapped on the host";
}

TEST(Instantiate, EveryWrongValueIsNamed) {
  const auto errors = refusal_of(kRender, {{"Last", "1001"}, {"Scale", "2"}, {"Lsat", "3"}});
  ASSERT_EQ(errors.size(), 3U) << all_errors(errors);
  EXPECT_EQ(errors[0].field, "Lsat");
  EXPECT_NE(errors[1].problem.find("above the maximum"), std::string::npos);
  EXPECT_NE(errors[2].problem.find("not among the allowed"), std::string::npos);
}

TEST(Instantiate, AParameterWithoutDefaultNeedsAValue) {
  const auto errors = refusal_of(kRender);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].remedy, "give one with -p Last=VALUE");
}

TEST(Instantiate, WhatValuesBreakIsToldWithItsPlace) {
  struct Broken {
    ParameterValues values;
    std::string field;
  };
  const Broken cases[] = {
      {{{"Last", "1"}, {"Title", std::string(120, 'x') + "yy"}}, "Title"},
      {{{"Last", "1"}, {"Title", std::string(110, 'x')}, {"Tool", "a b"}},
       "steps[1].hostRequirements.amounts[0].name"},
      {{{"Last", "1"}, {"Title", "two\nlines"}}, "name"},
      {{{"Last", "x"}}, "Last"},
      {{{"Last", "1"}, {"Title", std::string("a\0b", 3)}}, "Title"},
      {{{"Last", "1"}, {"Tool", "worker.fan"}}, "steps[1].hostRequirements.amounts[0].name"},
  };
  for (const Broken& c : cases) {
    const auto errors = refusal_of(kRender, c.values);
    ASSERT_FALSE(errors.empty());
    EXPECT_EQ(errors[0].field, c.field) << all_errors(errors);
  }
}

TEST(Instantiate, EnvironmentsOfTheJobComeBeforeThoseOfTheStep) {
  const std::string text =
      step_with("stepEnvironments: [{name: Inner, variables: {N: '{{Param.Count}}'}}]\n") +
      "jobEnvironments: [{name: Outer, script: {actions: {onEnter: {command: a}, onExit: {command: b, "
      "cancelation: {mode: NOTIFY_THEN_TERMINATE}}}}}]\n";
  const Job job = job_of(text);
  const auto& environments = job.steps[0].script.environments;
  ASSERT_EQ(environments.size(), 2U);
  EXPECT_EQ(environments[0].name, "Outer");
  EXPECT_EQ(environments[0].on_exit->timeout_s, 300U);
  EXPECT_EQ(environments[0].on_exit->cancelation.notify_period_s, 30U);
  EXPECT_EQ(environments[1].variables.at(0).value.literals(), "3");
}

TEST(Instantiate, CapabilitiesThatBecomeEqualAreRefused) {
  const std::string text = step_with(
      "hostRequirements: {amounts: [{name: amount.x3, min: 1}, {name: 'amount.X{{Param.Count}}', min: "
      "1}]}\n");
  const auto errors = refusal_of(text);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].problem.find("required twice"), std::string::npos);
}

}  // namespace
}  // namespace reeve::openjd::testing
