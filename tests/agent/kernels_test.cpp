#include <gtest/gtest.h>

#include <fstream>

#include "agent/worker/task_kernel.h"
#include "kernels/render/request.h"
#include "kernels/render/scene_format.h"
#include "openjd/step_script.h"
#include "protocol/digest.h"
#include "protocol/leaves.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {
namespace {

StepDocument document(const std::string& kernel, const std::vector<std::string>& args) {
  openjd::StepScript script;
  script.on_run.command = openjd::FormatString::literal("reeve:" + kernel);
  for (const std::string& arg : args)
    script.on_run.args.push_back(openjd::FormatString::literal(arg));
  StepDocument step;
  step.step = {JobId(0x0102), 0};
  step.kernel = {kernel, 1};
  step.max_result_bytes = 1 << 20;
  step.script = openjd::encode_step(script).value();
  return step;
}

std::vector<std::string> render_args(const Digest& scene) {
  return {"--scene",     "sha256:" + to_hex(scene),
          "--width",     "40",
          "--height",    "24",
          "--samples",   "1",
          "--max-depth", "2",
          "--seed",      "5",
          "--frame",     "1",
          "--tiles-x",   "2",
          "--tiles-y",   "1",
          "--tile",      "1"};
}

/// One triangle before the camera, written to a file as an agent's cache would hold it.
StepDocument render_document(const TemporaryFolder& folder) {
  kernels::Scene scene;
  scene.cameras.emplace_back();
  scene.materials.emplace_back();
  kernels::Mesh mesh;
  mesh.positions = {{-1, -1, -3}, {1, -1, -3}, {0, 1, -3}};
  mesh.indices = {0, 1, 2};
  scene.meshes.push_back(mesh);
  scene.instances.push_back({0, {kernels::kIdentityTransform}});
  const Bytes blob = kernels::encode_scene(scene);
  const auto path = folder.path() / "scene";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
  const Digest digest = sha256(blob);
  StepDocument step = document("render.path", render_args(digest));
  step.leaf_bytes = kernels::kRenderLeafBytes;
  step.inputs.emplace_back(digest, path.string());
  return step;
}

TEST(Kernels, Sha256IsOfJobAndTaskLittleEndian) {
  WorkerContext context(1);
  auto kernel = bind_step(document("sha256", {}), context);
  ASSERT_TRUE(kernel.ok());
  Bytes out;
  ASSERT_TRUE(kernel.value()->run(3, out));
  const Bytes message{2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0};
  const Digest expected = sha256(message);
  EXPECT_EQ(out, Bytes(expected.bytes.begin(), expected.bytes.end()));
}

TEST(Kernels, UnknownOnesAreRefusedByName) {
  WorkerContext context(1);
  const auto unknown = bind_step(document("mine-coins", {}), context);
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("mine-coins"), std::string::npos);
}

TEST(Kernels, OtherContractIsRefused) {
  WorkerContext context(1);
  StepDocument step = document("sha256", {});
  step.kernel.contract = 2;
  EXPECT_FALSE(bind_step(step, context).ok());
}

TEST(Kernels, CommandOtherThanTheStepsKernelIsRefused) {
  WorkerContext context(1);
  StepDocument step = document("spin", {"--ms", "1"});
  step.kernel.name = "sha256";
  EXPECT_FALSE(bind_step(step, context).ok());
}

TEST(Kernels, ArgumentErrorNamesTheArgument) {
  WorkerContext context(1);
  auto kernel = bind_step(document("spin", {"--ms", "soon"}), context);
  ASSERT_TRUE(kernel.ok());
  Bytes out;
  const auto ran = kernel.value()->run(0, out);
  ASSERT_FALSE(ran.ok());
  EXPECT_NE(ran.error().message.find("--ms"), std::string::npos);
  EXPECT_NE(ran.error().message.find("soon"), std::string::npos);
}

TEST(Kernels, TaskBeyondTheSpaceIsRefused) {
  WorkerContext context(1);
  auto kernel = bind_step(document("spin", {"--ms", "0"}), context);
  ASSERT_TRUE(kernel.ok());
  Bytes out;
  EXPECT_FALSE(kernel.value()->run(1, out).ok());
}

TEST(Kernels, RenderedTileHasWholeLeavesAndEachRecomputesToItsHash) {
  const TemporaryFolder folder;
  WorkerContext context(2);
  const StepDocument step = render_document(folder);
  auto kernel = bind_step(step, context);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  Bytes tile;
  const auto ran = kernel.value()->run(0, tile);
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  // 40 columns in two tiles: 24 (rounded up to whole leaves) and the 16 that are left.
  ASSERT_EQ(tile.size(), 2u * 3u * kernels::kRenderLeafBytes);
  const std::vector<Digest> all = result_leaves(tile, kernels::kRenderLeafBytes);
  const auto again = kernel.value()->leaves(0, {5, 0, 6});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value(), (std::vector<Digest>{all[5], all[0], Digest{}}));
}

TEST(Kernels, SceneThatIsNoInputOfTheStepIsRefused) {
  const TemporaryFolder folder;
  WorkerContext context(1);
  StepDocument step = render_document(folder);
  step.inputs.clear();
  auto kernel = bind_step(step, context);
  ASSERT_TRUE(kernel.ok());
  Bytes out;
  EXPECT_FALSE(kernel.value()->run(0, out).ok());
}

}  // namespace
}  // namespace reeve::agent::worker
