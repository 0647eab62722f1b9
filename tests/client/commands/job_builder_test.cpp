#include "client/job_builder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "client/kernels_table.h"
#include "kernels/render/scene_format.h"
#include "openjd/task.h"
#include "protocol/digest.h"

namespace reeve::client {
namespace {

const char* const kTwoSteps = R"(
specificationVersion: jobtemplate-2023-09
name: "hash {{Param.Batch}}"
parameterDefinitions:
  - name: Batch
    type: STRING
    default: one
steps:
  - name: second
    dependencies: [{dependsOn: first}]
    script: {actions: {onRun: {command: "reeve:spin", args: ["--ms", "{{Task.Param.N}}"], timeout: 90}}}
    parameterSpace: {taskParameterDefinitions: [{name: N, type: INT, range: "1-40"}]}
  - name: first
    script: {actions: {onRun: {command: "reeve:sha256"}}}
    parameterSpace: {taskParameterDefinitions: [{name: I, type: INT, range: "1-1000000"}]}
    hostRequirements:
      amounts:
        - {name: amount.worker.vcpu, min: 2}
        - {name: amount.worker.memory, min: 2048}
        - {name: amount.worker.gpu.memory, min: 8192}
      attributes:
        - {name: "reeve:attr.tag", allOf: [fast]}
)";

Result<BuiltJob> build(const std::string& text, SubmitOptions options = {}) {
  return build_job(text, std::filesystem::path(testing::TempDir()), options);
}

std::string one_step(const std::string& step) {
  return "specificationVersion: jobtemplate-2023-09\nname: j\nsteps:\n  - name: only\n" + step;
}

TEST(JobBuilder, StepsStandInAnOrderInWhichTheyCanRun) {
  const auto job = build(kTwoSteps);
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->spec.name, "hash one");
  ASSERT_EQ(job->spec.steps.size(), 2U);
  EXPECT_EQ(job->spec.steps[0].name, "first");
  EXPECT_EQ(job->spec.steps[0].task_count, 1'000'000U);
  EXPECT_EQ(job->spec.steps[1].depends_on, std::vector<StepIndex>{0});
}

TEST(JobBuilder, HostRequirementsBecomeANeed) {
  const auto job = build(kTwoSteps);
  ASSERT_TRUE(job.ok());
  const TaskNeed& need = job->spec.steps[0].need;
  EXPECT_EQ(need.cpus, 2U);
  EXPECT_EQ(need.memory_mib, 2048U);
  EXPECT_EQ(need.vram_mib, 8192U);
  EXPECT_EQ(need.gpus, 1U);
  EXPECT_EQ(need.tags, std::vector<std::string>{"fast"});
  EXPECT_EQ(need.kernel, (KernelVersion{"sha256", 1}));
}

TEST(JobBuilder, WorkIsThatOfTheLargestTask) {
  const auto job = build(kTwoSteps);
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job->spec.steps[1].work_per_task, 40U);
}

TEST(JobBuilder, TimeLimitIsTheFlagThenTheTimeoutThenTheDefault) {
  EXPECT_EQ(build(kTwoSteps)->spec.steps[1].time_limit, seconds(90));
  EXPECT_EQ(build(kTwoSteps)->spec.steps[0].time_limit, kDefaultTimeLimit);
  SubmitOptions options;
  options.time_limit = seconds(5);
  EXPECT_EQ(build(kTwoSteps, options)->spec.steps[1].time_limit, seconds(5));
}

TEST(JobBuilder, FlagsReachTheSpec) {
  SubmitOptions options;
  options.name = "other";
  options.priority = -7;
  options.verify = *parse_verify("quorum:3");
  options.max_price = 5'000'000;
  options.tags = {"fast", "ssd"};
  options.after = {JobId(4)};
  const auto job = build(kTwoSteps, options);
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job->spec.name, "other");
  EXPECT_EQ(job->spec.priority, -7);
  EXPECT_EQ(job->spec.verify, (VerifyPolicy{VerifyMode::kQuorum, 3}));
  EXPECT_EQ(job->spec.max_price, 5'000'000);
  EXPECT_EQ(job->spec.steps[0].need.tags, (std::vector<std::string>{"fast", "ssd"}));
  EXPECT_EQ(job->spec.after, std::vector<JobId>{JobId(4)});
}

TEST(JobBuilder, OtherCommandsAreProgramsThatTwoOwnersRun) {
  const std::string text =
      one_step("    script: {actions: {onRun: {command: blender, args: [-b], timeout: 60}}}\n");
  const auto job = build(text);
  ASSERT_TRUE(job.ok()) << job.error().message;
  const StepSpec& step = job->spec.steps[0];
  EXPECT_TRUE(is_program(step.need.kernel));
  EXPECT_EQ(step.leaf_bytes, 0U);
  EXPECT_EQ(step.work_per_task, 60'000U) << "paid for the time that it may take";
  EXPECT_EQ(job->spec.verify, (VerifyPolicy{VerifyMode::kQuorum, 2}));
  SubmitOptions options;
  options.verify = VerifyPolicy{VerifyMode::kNone, 1};
  EXPECT_EQ(build(text, options)->spec.verify.mode, VerifyMode::kNone) << "what was asked for counts";
}

TEST(JobBuilder, ComparesResultsOfProgramsAloneAndOnlyWhereThereAreTwo) {
  SubmitOptions options;
  options.compare = *parse_compare("tensor:rtol=1e-5");
  const std::string program = one_step("    script: {actions: {onRun: {command: blender}}}\n");
  auto job = build(program, options);
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->spec.steps[0].compare, "tensor:rtol=1e-5");
  options.verify = VerifyPolicy{VerifyMode::kNone, 1};
  EXPECT_NE(build(program, options).error().message.find("--verify none"), std::string::npos);
  options.verify.reset();
  EXPECT_NE(build(kTwoSteps, options).error().message.find("no step runs a program"), std::string::npos);
}

TEST(JobBuilder, AComparisonIsReadBeforeAnythingIsSent) {
  EXPECT_EQ(*parse_compare("exact"), "");
  EXPECT_EQ(*parse_compare("image:psnr=40,ssim=0.98"), "image:psnr=40,ssim=0.98");
  for (const char* text : {"pixel", "image", "image:psnr=x", "tensor:tol=1", "command:"}) {
    const auto read = parse_compare(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_NE(read.error().message.find(text), std::string::npos);
    EXPECT_FALSE(read.error().hint.empty());
  }
}

TEST(JobBuilder, KernelsThatThereAreNotAreRefusedWithStepCommandAndRemedy) {
  const auto job =
      build(one_step("    script: {actions: {onRun: {command: 'reeve:blender', args: [-b]}}}\n"));
  ASSERT_FALSE(job.ok());
  EXPECT_NE(job.error().message.find("step 'only'"), std::string::npos);
  EXPECT_NE(job.error().message.find("reeve:blender"), std::string::npos);
  EXPECT_FALSE(job.error().hint.empty());
}

TEST(JobBuilder, RequirementsThatNobodyChecksAreRefused) {
  const auto job =
      build(one_step("    script: {actions: {onRun: {command: 'reeve:sha256'}}}\n"
                     "    hostRequirements: {amounts: [{name: amount.worker.disk.scratch, min: 5}]}\n"));
  ASSERT_FALSE(job.ok());
  EXPECT_NE(job.error().message.find("amount.worker.disk.scratch"), std::string::npos);
}

TEST(JobBuilder, BrokenTemplatesNameTheField) {
  const auto job =
      build(one_step("    colour: red\n    script: {actions: {onRun: {command: 'reeve:sha256'}}}\n"));
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::kInvalid);
  EXPECT_NE(job.error().message.find("colour"), std::string::npos) << job.error().message;
}

const char* const kOneFrame = R"(
specificationVersion: jobtemplate-2023-09
name: j
parameterDefinitions: [{name: Scene, type: PATH, objectType: FILE, dataFlow: IN}]
steps:
  - name: frames
    script:
      actions:
        onRun: {command: "reeve:render.path", args: ["--scene", "{{Param.Scene}}", "--width", "8", "--height", "8", "--samples", "1", "--frame", "1", "--max-depth", "2", "--seed", "0", "--tiles-x", "1", "--tiles-y", "1", "--tile", "0"]}
)";

/// A triangle before a camera, as a render task reads it.
Bytes smallest_scene() {
  kernels::Scene scene;
  scene.cameras.emplace_back();
  scene.materials.emplace_back();
  kernels::Mesh mesh;
  mesh.positions = {{0, 0, -5}, {1, 0, -5}, {0, 1, -5}};
  mesh.indices = {0, 1, 2};
  scene.meshes.push_back(mesh);
  scene.instances.push_back({0, {kernels::kIdentityTransform}});
  std::string broken;
  EXPECT_TRUE(kernels::check_scene(scene, broken)) << broken;
  return kernels::encode_scene(scene);
}

std::string write_input(const Bytes& bytes) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "reeve_input.blob";
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return file.string();
}

TEST(JobBuilder, ARenderOfWhatIsNoSceneIsRefusedBeforeItCosts) {
  SubmitOptions options;
  options.parameters["Scene"] = write_input({'n', 'o', 't', 'e', 's'});
  const auto job = build(kOneFrame, options);
  std::filesystem::remove(options.parameters["Scene"]);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::kInvalid);
  EXPECT_NE(job.error().message.find("reeve_input.blob is no scene"), std::string::npos)
      << job.error().message;
  EXPECT_NE(job.error().hint.find(".glb"), std::string::npos);
}

TEST(JobBuilder, InputFilesAreReplacedByTheirDigest) {
  const Bytes scene = smallest_scene();
  SubmitOptions options;
  options.parameters["Scene"] = write_input(scene);
  const auto job = build(kOneFrame, options);
  std::filesystem::remove(options.parameters["Scene"]);
  ASSERT_TRUE(job.ok()) << job.error().message;
  const Digest digest = sha256(scene);
  ASSERT_EQ(job->inputs.size(), 1U);
  EXPECT_EQ(job->inputs[0].digest, digest);
  EXPECT_EQ(job->inputs[0].size_bytes, scene.size());
  EXPECT_EQ(job->spec.steps[0].inputs, std::vector<Digest>{digest});
  const auto script = openjd::decode_step(job->spec.steps[0].script);
  ASSERT_TRUE(script.ok());
  EXPECT_EQ(openjd::resolve_task(*script, 0).line.args[1], blob_reference(digest));
}

TEST(JobBuilder, MissingInputsNameTheirParameter) {
  SubmitOptions options;
  options.parameters["Scene"] = "nowhere.blob";
  const auto job = build(
      "specificationVersion: jobtemplate-2023-09\nname: j\n"
      "parameterDefinitions: [{name: Scene, type: PATH, objectType: FILE, dataFlow: IN}]\n"
      "steps: [{name: s, script: {actions: {onRun: {command: 'reeve:sha256'}}}}]\n",
      options);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::kNotFound);
  EXPECT_NE(job.error().message.find("parameter Scene"), std::string::npos);
}

TEST(Verify, IsAdaptiveNoneOrAQuorumWithinTheBound) {
  EXPECT_EQ(*parse_verify("adaptive"), (VerifyPolicy{VerifyMode::kAdaptive, 2}));
  EXPECT_EQ(parse_verify("none")->mode, VerifyMode::kNone);
  EXPECT_EQ(parse_verify("quorum:2")->quorum, 2U);
  for (const char* text : {"quorum:1", "quorum:6", "quorum", "audit", ""})
    EXPECT_FALSE(parse_verify(text).ok()) << text;
}

}  // namespace
}  // namespace reeve::client
