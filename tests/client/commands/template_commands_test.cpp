#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/client/commands/run_reeve.h"

/// `reeve check` and `reeve summary`, as people run them.
namespace reeve::client {
namespace {

/// A file with this text, in a folder of its own.
std::string file_with(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "reeve_templates_" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

const char* const kRender = R"(specificationVersion: jobtemplate-2023-09
extensions: [TASK_CHUNKING, FEATURE_BUNDLE_1]
name: Render {{Param.Shot}}
parameterDefinitions:
- {name: Shot, type: STRING, default: sh010}
- {name: Cores, type: INT, default: 4}
- {name: Scene, type: PATH, objectType: FILE, dataFlow: IN, default: a.blend}
- {name: Frames, type: PATH, dataFlow: OUT, default: frames}
jobEnvironments: [{name: Blender, variables: {A: b}}]
steps:
- name: Video
  dependencies: [{dependsOn: Render}]
  bash: {script: ffmpeg}
- name: Render
  hostRequirements:
    amounts: [{name: amount.worker.vcpu, min: '{{Param.Cores}}'}]
    attributes: [{name: attr.worker.os.family, anyOf: [linux, macos]}]
  parameterSpace:
    taskParameterDefinitions:
    - {name: Frame, type: 'CHUNK[INT]', range: 1-250, chunks: {defaultTaskCount: 10, rangeConstraint: CONTIGUOUS}}
    - {name: Eye, type: STRING, range: [left, right]}
  bash: {script: 'blender {{Param.Scene}}', timeout: 90}
)";

const char* const kWrong = R"(specificationVersion: jobtemplate-2023-09
name: x
steps:
- name: A
  colour: red
  script: {actions: {onRun: {command: echo, timeout: 0}}}
)";

TEST(Check, SaysEveryErrorWithFileLineColumnFieldAndRemedy) {
  const std::string wrong = file_with("wrong.yaml", kWrong);
  const Ran ran = reeve({"check", wrong.c_str()});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_NE(ran.out.find(wrong + ":5:3: steps[0]: there is no field 'colour' here\n    the fields are name"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find(wrong + ":6:54: steps[0].script.actions.onRun.timeout is '0': the number is out of "
                                 "bounds\n    use 1 to "),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("2 errors"), std::string::npos) << ran.out;
}

TEST(Check, ReadsEveryFileWhateverIsWrongWithTheOthers) {
  const std::string wrong = file_with("wrong.yaml", kWrong);
  const std::string right = file_with("right.yaml", kRender);
  const std::string environment =
      file_with("environment.yaml",
                "specificationVersion: environment-2023-09\nenvironment: {name: Maya, variables: {A: b}}\n");
  const Ran all = reeve({"check", wrong.c_str(), "/nowhere/x.yaml", right.c_str(), environment.c_str()});
  EXPECT_EQ(all.code, kExitUsage);
  EXPECT_NE(all.out.find("cannot read the template /nowhere/x.yaml"), std::string::npos) << all.out;
  EXPECT_NE(all.out.find(right + ": valid, a job template of 2 steps"), std::string::npos) << all.out;
  EXPECT_NE(all.out.find(environment + ": valid, an environment template (Maya)"), std::string::npos)
      << all.out;
  EXPECT_EQ(reeve({"check", right.c_str(), environment.c_str()}).code, kExitOk);
  EXPECT_EQ(reeve({"check", "/nowhere/x.yaml"}).code, kExitNotFound);
  EXPECT_EQ(reeve({"check", ::testing::TempDir().c_str()}).code, kExitNotFound) << "a folder is no template";
  EXPECT_EQ(reeve({"check"}).code, kExitUsage);
}

TEST(Check, JsonHasEachErrorInItsParts) {
  const std::string wrong = file_with("wrong.yaml", kWrong);
  const std::string right = file_with("right.yaml", kRender);
  const Ran ran = reeve({"check", wrong.c_str(), right.c_str(), "--output", "json"});
  EXPECT_EQ(ran.code, kExitUsage);
  const Json json = Json::parse(ran.out);
  EXPECT_EQ(json.at("version"), 1);
  EXPECT_EQ(json.at("valid"), false);
  ASSERT_EQ(json.at("files").size(), 2U);
  const Json& error = json.at("files").at(0).at("errors").at(1);
  EXPECT_EQ(error.at("line"), 6);
  EXPECT_EQ(error.at("column"), 54);
  EXPECT_EQ(error.at("field"), "steps[0].script.actions.onRun.timeout");
  EXPECT_EQ(error.at("value"), "'0'");
  EXPECT_EQ(error.at("problem"), "the number is out of bounds");
  EXPECT_FALSE(error.at("remedy").get<std::string>().empty());
  EXPECT_EQ(json.at("files").at(1).at("valid"), true);
  EXPECT_EQ(json.at("files").at(1).at("kind"), "job");
  EXPECT_EQ(reeve({"check", wrong.c_str(), right.c_str(), "--output", "quiet"}).out, wrong + "\n");
}

TEST(Check, WhatATemplateHoldsNeverSteersTheTerminal) {
  const std::string odd = file_with("odd.yaml", "\"a\\x1b[2J\": 1\n");
  EXPECT_EQ(reeve({"check", odd.c_str()}).out.find('\x1b'), std::string::npos);
}

TEST(Check, AFileTooLongToReadIsRefusedBySize) {
  const std::string longest = file_with("long.yaml", std::string(2U << 20, '#'));
  const Ran ran = reeve({"check", longest.c_str()});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_NE(ran.out.find("bytes"), std::string::npos) << ran.out;
}

TEST(Summary, ShowsStepsInTheOrderInWhichTheyRun) {
  const std::string file = file_with("render.yaml", kRender);
  const Ran ran = reeve({"summary", file.c_str(), "-p", "Cores=8", "-p", "Shot=sh020"});
  EXPECT_EQ(ran.code, kExitOk) << ran.out << ran.err;
  for (const char* line :
       {"Job Render sh020: 2 steps, 51 tasks", "Step Render: 50 tasks", "Step Video: 1 task",
        "Frame CHUNK[INT] (25), Eye STRING (2)", "Frame=1-10 Eye=left", "Frame=241-250 Eye=right",
        "amount.worker.vcpu >= 8", "attr.worker.os.family any of linux, macos", "90 s", "Blender"}) {
    EXPECT_NE(ran.out.find(line), std::string::npos) << line << "\n" << ran.out;
  }
  EXPECT_LT(ran.out.find("Step Render"), ran.out.find("Step Video")) << "what it waits for comes first";
}

TEST(Summary, JsonNamesInputsOutputsAndTheFirstAndLastTask) {
  const std::string file = file_with("render.yaml", kRender);
  const Ran ran = reeve({"summary", file.c_str(), "--output", "json"});
  const Json json = Json::parse(ran.out);
  EXPECT_EQ(json.at("job"), "Render sh010");
  EXPECT_EQ(json.at("tasks"), 51);
  ASSERT_EQ(json.at("inputs").size(), 1U);
  EXPECT_EQ(json.at("inputs").at(0).at("name"), "Scene");
  EXPECT_EQ(json.at("inputs").at(0).at("object"), "FILE");
  const std::filesystem::path scene = json.at("inputs").at(0).at("value").get<std::string>();
  EXPECT_EQ(scene.filename(), "a.blend");
  EXPECT_TRUE(scene.is_absolute());
  EXPECT_EQ(json.at("outputs").at(0).at("name"), "Frames");
  const Json& step = json.at("steps").at(0);
  EXPECT_EQ(step.at("first_task"), (Json{{"Frame", "1-10"}, {"Eye", "left"}}));
  EXPECT_EQ(step.at("last_task"), (Json{{"Frame", "241-250"}, {"Eye", "right"}}));
  EXPECT_EQ(step.at("requirements").at("amounts").at(0).at("min"), 4.0);
  EXPECT_EQ(step.at("timeout_s"), 90);
  EXPECT_EQ(json.at("steps").at(1).at("depends_on"), (Json{"Render"}));
  EXPECT_TRUE(json.at("steps").at(1).at("timeout_s").is_null());
}

TEST(Summary, AnEnvironmentIsEnteredAroundTheJobAndBoundsItsParameters) {
  const std::string file = file_with("render.yaml", kRender);
  const std::string environment =
      file_with("farm.yaml",
                "specificationVersion: environment-2023-09\nparameterDefinitions: [{name: Cores, type: INT, "
                "maxValue: 6}]\n"
                "environment: {name: Farm, variables: {CORES: '{{Param.Cores}}'}}\n");
  const Ran ran = reeve({"summary", file.c_str(), "--environment", environment.c_str()});
  EXPECT_EQ(ran.code, kExitOk) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("Farm, Blender"), std::string::npos) << ran.out;
  const Ran refused = reeve({"summary", file.c_str(), "--environment", environment.c_str(), "-p", "Cores=8"});
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_NE(refused.out.find("above the maximum"), std::string::npos) << refused.out;
}

TEST(Summary, WrongParametersAndTemplatesAreUsageErrors) {
  const std::string file = file_with("render.yaml", kRender);
  const std::string wrong = file_with("wrong.yaml", kWrong);
  const Ran both = reeve({"summary", file.c_str(), "-p", "Cores=x", "-p", "Lens=1"});
  EXPECT_EQ(both.code, kExitUsage);
  EXPECT_NE(both.out.find("Cores: 'x' is no integer"), std::string::npos) << both.out;
  EXPECT_NE(both.out.find("no such parameter"), std::string::npos) << both.out;
  EXPECT_EQ(reeve({"summary", wrong.c_str()}).code, kExitUsage);
  EXPECT_EQ(reeve({"summary", file.c_str(), "-p", "Cores"}).code, kExitUsage);
  EXPECT_EQ(reeve({"summary", file.c_str(), "-p", "Cores=1", "-p", "Cores=2"}).code, kExitUsage);
  EXPECT_EQ(reeve({"summary", "/nowhere/x.yaml"}).code, kExitNotFound);
}

}  // namespace
}  // namespace reeve::client
