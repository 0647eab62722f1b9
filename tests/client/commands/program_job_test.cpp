#include <gtest/gtest.h>

#include <fstream>

#include "client/command_job.h"
#include "client/ignore_file.h"
#include "client/program_inputs.h"
#include "openjd/task.h"
#include "openjd/template.h"
#include "protocol/bundle_files.h"

namespace reeve::client {
namespace {

/// A folder with files for jobs to take along.
class ProgramJob : public testing::Test {
 protected:
  ProgramJob() {
    std::string name = testing::TempDir() + "reeve_program_XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~ProgramJob() override { std::filesystem::remove_all(root_); }
  std::string write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
    return (root_ / path).string();
  }
  static openjd::StepScript script_of(const Result<BuiltJob>& job) {
    EXPECT_TRUE(job.ok()) << job.error().message;
    return *openjd::decode_step(job->spec.steps.at(0).script);
  }
  static std::vector<std::string> arguments_of(const Result<BuiltJob>& job, std::uint64_t task) {
    return openjd::resolve_task(script_of(job), task).line.args;
  }

  std::filesystem::path root_;
};

Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

CommandRequest command(const std::vector<std::string>& words) {
  CommandRequest request;
  request.words = words;
  return request;
}

TEST_F(ProgramJob, ACommandsWordsArriveAsTheyWereWritten) {
  const auto job =
      build_command_job(command({"printf", "%s", "{{Task.Param.X}} and { } \"$HOME\"\nnext"}), {});
  EXPECT_EQ(script_of(job).on_run.command.literals(), "/usr/bin/env");
  EXPECT_EQ(arguments_of(job, 0),
            (std::vector<std::string>{"printf", "%s", "{{Task.Param.X}} and { } \"$HOME\"\nnext"}));
  EXPECT_EQ(job->spec.name, "printf");
  EXPECT_EQ(job->spec.verify, kProgramVerify);
}

TEST_F(ProgramJob, AnArrayIsARangeAndTasksSeeTheirNumber) {
  CommandRequest request = command({"render"});
  request.array = "10-1000000:5";
  request.environment = {"THREADS=4"};
  const auto job = build_command_job(request, {});
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job->spec.steps[0].task_count, 199'999U);
  EXPECT_LT(job->spec.steps[0].script.size(), 300U) << "nothing is listed out";
  EXPECT_EQ(arguments_of(job, 1),
            (std::vector<std::string>{"THREADS=4", "REEVE_ARRAY_TASK_ID=15", "render"}));
}

TEST_F(ProgramJob, EachLineIsATaskAndTheLinesTravelOnce) {
  CommandRequest request = command({"echo"});
  request.each_line = write("list", "one\ntwo words\n\nfour");
  const auto job = build_command_job(request, {});
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->spec.steps[0].task_count, 4U);
  ASSERT_EQ(job->inputs.size(), 1U);
  EXPECT_EQ(std::get<Bytes>(job->inputs[0].content), to_bytes("one\ntwo words\n\nfour\n"));
  const auto script = script_of(job);
  ASSERT_EQ(script.inputs.size(), 1U);
  EXPECT_EQ(script.inputs[0].path, ".reeve/items");
  EXPECT_EQ(arguments_of(job, 2).front(), "REEVE_ARRAY_TASK_ID=2");
}

TEST_F(ProgramJob, ValuesOfAJsonArrayAreTasks) {
  CommandRequest request = command({"train"});
  request.from_json = write("sweep.json", R"([{"lr": 0.1}, "plain", 3, "two\nlines"])");
  const auto job = build_command_job(request, {});
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(std::get<Bytes>(job->inputs[0].content), to_bytes("{\"lr\":0.1}\nplain\n3\n\"two\\nlines\"\n"));
}

TEST_F(ProgramJob, InputsStandUnderTheirOwnNameOrWhereTheyAreAskedTo) {
  write("data/a.csv", "1");
  write("data/cache/b", "2");
  write("data/.reeveignore", "cache/\n");
  const std::string tool = write("tool", "#!/bin/sh\n");
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  CommandRequest request = command({"./bin/tool"});
  request.inputs = {(root_ / "data").string(), tool + ":bin/tool"};
  const auto job = build_command_job(request, {});
  const auto script = script_of(job);
  ASSERT_EQ(script.inputs.size(), 2U);
  EXPECT_EQ(script.inputs[0].path, "data");
  EXPECT_TRUE(script.inputs[0].folder);
  EXPECT_EQ(script.inputs[1].path, "bin/tool");
  EXPECT_TRUE(script.inputs[1].executable);
  const auto& packed = std::get<std::filesystem::path>(job->inputs[0].content);
  const auto bytes = unpack_bundle(packed, root_ / "unpacked");
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  EXPECT_TRUE(std::filesystem::exists(root_ / "unpacked/a.csv"));
  EXPECT_FALSE(std::filesystem::exists(root_ / "unpacked/cache"));
}

TEST_F(ProgramJob, PackedFoldersAreGoneWithTheJobThatNeededThem) {
  write("data/a", "1");
  CommandRequest request = command({"ls"});
  request.inputs = {(root_ / "data").string()};
  std::filesystem::path packed;
  {
    const auto job = build_command_job(request, {});
    packed = std::get<std::filesystem::path>(job->inputs.at(0).content);
    EXPECT_TRUE(std::filesystem::exists(packed));
  }
  EXPECT_FALSE(std::filesystem::exists(packed));
}

TEST_F(ProgramJob, OutputsAreRequiredUnlessMarked) {
  CommandRequest request = command({"make"});
  request.outputs = {"out/*.png", "log.txt?"};
  const auto script = script_of(build_command_job(request, {}));
  ASSERT_EQ(script.outputs.size(), 2U);
  EXPECT_EQ(script.outputs[0], (openjd::OutputPattern{openjd::FormatString::literal("out/*.png"), true}));
  EXPECT_EQ(script.outputs[1], (openjd::OutputPattern{openjd::FormatString::literal("log.txt"), false}));
}

TEST_F(ProgramJob, WhatIsAskedOfAHostBecomesANeed) {
  CommandRequest request = command({"make"});
  request.cpus = 4;
  request.memory_bytes = (2ULL << 30) + 1;
  request.vram_bytes = 8ULL << 30;
  const auto job = build_command_job(request, {});
  ASSERT_TRUE(job.ok());
  const TaskNeed& need = job->spec.steps[0].need;
  EXPECT_EQ(need.cpus, 4U);
  EXPECT_EQ(need.memory_mib, 2049U);
  EXPECT_EQ(need.vram_mib, 8192U);
  EXPECT_EQ(need.gpus, 1U);
}

TEST_F(ProgramJob, WrongOptionsAreRefusedByName) {
  const auto refused = [](auto change) {
    CommandRequest request = command({"true"});
    change(request);
    const auto job = build_command_job(request, {});
    EXPECT_FALSE(job.ok());
    return job.ok() ? std::string() : job.error().message;
  };
  const auto says = [](const std::string& message, const char* part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(refused([](auto& r) { r.words.clear(); }), "no command");
  says(refused([](auto& r) { r.array = "1-"; }), "--array '1-'");
  says(refused([](auto& r) { r.array = "1-2", r.each_line = "x"; }), "exclude one another");
  says(refused([](auto& r) { r.environment = {"A"}; }), "--env 'A'");
  says(refused([](auto& r) { r.inputs = {"/nonexistent-reeve"}; }), "/nonexistent-reeve");
  says(refused([](auto& r) { r.outputs = {"../up"}; }), "--output-file ../up");
  says(refused([&](auto& r) { r.inputs = {write("f", "1") + ":/etc/passwd"}; }), "absolute");
  says(refused([&](auto& r) { r.from_json = write("bad.json", "{"); }), "no JSON array");
  says(refused([&](auto& r) { r.each_line = write("empty", ""); }), "no items");
}

TEST_F(ProgramJob, PathsOfATemplateAreThoseThatTheHostWillShow) {
  write("scenes/a.txt", "1");
  write("tool.py", "print()");
  const auto job = build_job(
      R"(
specificationVersion: jobtemplate-2023-09
name: j
parameterDefinitions:
  - {name: Scenes, type: PATH, objectType: DIRECTORY, dataFlow: IN, default: scenes}
  - {name: Tool, type: PATH, objectType: FILE, dataFlow: IN, default: tool.py}
  - {name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT, default: frames}
  - {name: Log, type: PATH, objectType: FILE, dataFlow: OUT, default: log.txt}
  - {name: Host, type: PATH, default: bin}
steps:
  - name: run
    script:
      actions:
        onRun: {command: python3, args: ["{{Param.Tool}}", "{{Param.Scenes}}", "{{Param.Out}}", "{{Param.Log}}"]}
)",
      root_, {});
  EXPECT_EQ(arguments_of(job, 0),
            (std::vector<std::string>{"/session/inputs/Tool/tool.py", "/session/inputs/Scenes",
                                      "/session/outputs/Out", "/session/outputs/Log/log.txt"}));
  const auto script = script_of(job);
  ASSERT_EQ(script.outputs.size(), 2U);
  EXPECT_EQ(script.outputs[0].pattern.literals(), "outputs/Out/**");
  EXPECT_EQ(script.outputs[1].pattern.literals(), "outputs/Log/log.txt");
  EXPECT_EQ(job->inputs.size(), 2U);
  EXPECT_EQ(job->spec.steps[0].inputs.size(), 2U);
}

TEST_F(ProgramJob, APathThatStaysOnItsHostIsWholeAndMapped) {
  const std::string text = R"(
specificationVersion: jobtemplate-2023-09
name: j
parameterDefinitions:
  - {name: Near, type: PATH, default: a/../b}
  - {name: Far, type: PATH}
steps:
  - name: run
    script: {actions: {onRun: {command: c, args: ["{{Param.Near}}", "{{Param.Far}}", "{{RawParam.Far}}"]}}}
)";
  SubmitOptions options;
  options.parameters = {{"Far", "x"}};
  const std::string here = std::filesystem::current_path().string();
  options.path_rules = {{openjd::PathFormat::kPosix, here, "/mnt"}};
  EXPECT_EQ(arguments_of(build_job(text, root_, options), 0),
            (std::vector<std::string>{(root_ / "b").string(), "/mnt/x", here + "/x"}));
}

TEST_F(ProgramJob, WhatAnEnvironmentTemplateAddsIsEnteredFirst) {
  const std::string text =
      "specificationVersion: jobtemplate-2023-09\nname: j\njobEnvironments: [{name: Inner, variables: {A: "
      "b}}]\nsteps: [{name: s, script: {actions: {onRun: {command: c, args: [x]}}}}]\n";
  const auto document = openjd::parse_environment_template(
      "specificationVersion: environment-2023-09\nenvironment: {name: Outer, variables: {A: a}}\n");
  SubmitOptions options;
  options.environments = {*document.value};
  const auto script = script_of(build_job(text, root_, options));
  ASSERT_EQ(script.environments.size(), 2U);
  EXPECT_EQ(script.environments[0].name, "Outer");
  EXPECT_EQ(script.environments[1].name, "Inner");
}

TEST_F(ProgramJob, CapabilitiesOfAnAuthorsOwnNamingDoNotStopARunHere) {
  const std::string text = R"(
specificationVersion: jobtemplate-2023-09
name: j
steps:
  - name: run
    hostRequirements:
      amounts: [{name: amount.licences, min: 1}, {name: amount.worker.vcpu, min: 1, max: 2}]
      attributes: [{name: attr.farm, anyOf: [north]}]
    script: {actions: {onRun: {command: c, args: [x]}}}
)";
  SubmitOptions options;
  EXPECT_FALSE(build_job(text, root_, options).ok());
  options.here = true;
  const auto job = build_job(text, root_, options);
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->spec.steps[0].need.cpus, 1U);
  EXPECT_EQ(job->notes.size(), 2U);
}

TEST(IgnoreFile, NamesFitAnywhereAndPathsFromTheFolderOn) {
  const auto ignore = IgnoreFile::parse("# comment\n*.tmp\n.git/\n/build\nassets/*.psd\n\n");
  ASSERT_TRUE(ignore.ok());
  for (const char* path :
       {"a.tmp", "x/y/a.tmp", ".git/HEAD", "sub/.git/config", "assets/a.psd", ".reeveignore"})
    EXPECT_TRUE(ignore->ignores(path)) << path;
  for (const char* path : {"a.tmpx", "assets/deep/a.psd", "git/HEAD", "tmp"})
    EXPECT_FALSE(ignore->ignores(path)) << path;
  EXPECT_FALSE(IgnoreFile::parse("!keep.tmp").ok());
}

TEST(OutputName, FoldersOfOutputParametersAreNotRepeated) {
  EXPECT_EQ(output_name("outputs/Frames/a/1.png"), "a/1.png");
  EXPECT_EQ(output_name("out/1.png"), "out/1.png");
  EXPECT_EQ(output_name("outputs"), "outputs");
  EXPECT_EQ(output_name("outputs/loose"), "outputs/loose");
}

}  // namespace
}  // namespace reeve::client
