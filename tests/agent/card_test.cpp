#include "agent/worker/card.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <fstream>

#include "agent/shell/process_runner.h"
#include "kernels/verify/test_scene.h"
#include "openjd/step_script.h"
#include "protocol/digest.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {
namespace {

constexpr const char* kFirst = "GPU-00000000-0000-0000-0000-000000000001";
constexpr const char* kSecond = "GPU-00000000-0000-0000-0000-000000000002";

/// Tiles of a scene, and a stand-in for the plug-in (stand_in_plugin.cpp) that can be told what goes wrong.
class CardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("REEVE_CUDA_PLUGIN", kPlugin.c_str(), 1);
    go_wrong("");
    scene_ = kernels::encode_scene(kernels::make_garden_scene({4, 2}));
    std::ofstream(path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(scene_.data()), static_cast<std::streamsize>(scene_.size()));
  }
  void TearDown() override {
    unsetenv("REEVE_CUDA_PLUGIN");
    unsetenv("REEVE_STAND_IN");
  }

  static void go_wrong(const char* how) { setenv("REEVE_STAND_IN", how, 1); }
  static std::uint32_t counted(const char* name) {
    void* library = dlopen(kPlugin.c_str(), RTLD_NOW | RTLD_LOCAL);
    return reinterpret_cast<std::uint32_t (*)()>(dlsym(library, name))();
  }
  std::string path() const { return (folder_.path() / "scene").string(); }

  Bytes script(const std::string& frame) const {
    openjd::StepScript script;
    script.on_run.command = openjd::FormatString::literal("reeve:render.path");
    for (const std::string& arg : std::vector<std::string>{"--scene",     "sha256:" + to_hex(sha256(scene_)),
                                                           "--width",     "32",
                                                           "--height",    "16",
                                                           "--samples",   "2",
                                                           "--max-depth", "3",
                                                           "--seed",      "5",
                                                           "--frame",     frame,
                                                           "--tiles-x",   "1",
                                                           "--tiles-y",   "1",
                                                           "--tile",      "0"})
      script.on_run.args.push_back(openjd::FormatString::literal(arg));
    return openjd::encode_step(script).value();
  }
  StepDocument document(const std::string& frame = "1") const {
    StepDocument step;
    step.step = {JobId(1), 0};
    step.kernel = {"render.path", 1};
    step.leaf_bytes = kernels::kRenderLeafBytes;
    step.max_result_bytes = 1 << 20;
    step.script = script(frame);
    step.inputs.emplace_back(sha256(scene_), path());
    return step;
  }
  Result<void> run(WorkerContext& context, Bytes& tile, const std::string& frame = "1") {
    auto kernel = bind_step(document(frame), context);
    if (!kernel) return kernel.error();
    auto ran = kernel.value()->run(0, tile);
    if (!ran) reason_ = kernel.value()->reason_of(ran.error());
    return ran;
  }
  Bytes by_processors(const std::string& frame = "1") {
    WorkerContext context(1);
    Bytes tile;
    EXPECT_TRUE(run(context, tile, frame).ok());
    return tile;
  }
  static WorkerShare with_cards(std::vector<SlotGpu> gpus) {
    WorkerShare share;
    share.gpus = std::move(gpus);
    return share;
  }

  inline static const std::string kPlugin = std::string(REEVE_BIN_DIR) + "/libreeve_stand_in.so";
  TemporaryFolder folder_;
  Bytes scene_;
  msg::FailureReason reason_ = msg::FailureReason::kRefused;
};

TEST_F(CardTest, TilesOfASlotWithACardComeFromIt) {
  WorkerContext context(1, with_cards({{kSecond, 1}}));
  const std::uint32_t tiles = counted("stand_in_tiles");
  Bytes tile;
  ASSERT_TRUE(run(context, tile).ok());
  EXPECT_EQ(counted("stand_in_tiles"), tiles + 1);
  EXPECT_EQ(tile, by_processors());
  EXPECT_EQ(context.card()->uuid(), kSecond);
}

TEST_F(CardTest, FrameIsCopiedOnceForAllItsTiles) {
  WorkerContext context(1, with_cards({{kFirst, 0}}));
  const std::uint32_t frames = counted("stand_in_frames");
  Bytes tile;
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(run(context, tile).ok());
  EXPECT_EQ(counted("stand_in_frames"), frames + 1);
  Bytes other;
  ASSERT_TRUE(run(context, other, "2").ok());
  EXPECT_EQ(counted("stand_in_frames"), frames + 2);
  EXPECT_EQ(other, by_processors("2"));
}

TEST_F(CardTest, SlotWithoutCardsOpensNoPlugin) {
  setenv("REEVE_CUDA_PLUGIN", "/nowhere/libreeve_cuda.so", 1);
  std::string note;
  EXPECT_EQ(Card::open({}, note), nullptr);
  EXPECT_EQ(note, "");
}

TEST_F(CardTest, WithoutPluginDriverOrCardTilesComeFromProcessorsAndTheNoteSaysWhy) {
  std::string note;
  setenv("REEVE_CUDA_PLUGIN", "/nowhere/libreeve_cuda.so", 1);
  EXPECT_EQ(Card::open({{kFirst, 0}}, note), nullptr);
  EXPECT_NE(note.find("/nowhere/libreeve_cuda.so"), std::string::npos) << note;
  WorkerContext context(1, with_cards({{kFirst, 0}}));
  Bytes tile;
  ASSERT_TRUE(run(context, tile).ok());
  EXPECT_EQ(tile, by_processors());

  setenv("REEVE_CUDA_PLUGIN", kPlugin.c_str(), 1);
  go_wrong("old");
  EXPECT_EQ(Card::open({{kFirst, 0}}, note), nullptr);
  EXPECT_NE(note.find("another version"), std::string::npos) << note;
  go_wrong("no-driver");
  EXPECT_EQ(Card::open({{kFirst, 0}}, note), nullptr);
  EXPECT_NE(note.find("no driver"), std::string::npos) << note;
  go_wrong("");
  EXPECT_EQ(Card::open({{"GPU-00000000-0000-0000-0000-000000000009", 0}}, note), nullptr);
  EXPECT_NE(note.find("CUDA_VISIBLE_DEVICES"), std::string::npos) << note;
}

TEST_F(CardTest, FrameThatDoesNotFitFailsTheTaskForMemoryAndTheCardStays) {
  WorkerContext context(1, with_cards({{kFirst, 0}}));
  Bytes tile;
  go_wrong("small");
  const auto ran = run(context, tile);
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(reason_, msg::FailureReason::kOutOfMemory);
  EXPECT_NE(ran.error().message.find("Stand-in 0"), std::string::npos) << ran.error().message;
  EXPECT_EQ(context.card()->lost(), "");
  go_wrong("");
  ASSERT_TRUE(run(context, tile).ok());
  EXPECT_EQ(tile, by_processors());
}

TEST_F(CardTest, CancelledTileEndsEarly) {
  Progress progress{};
  WorkerContext context(1, with_cards({{kFirst, 0}}), &progress);
  context.batch = 7;
  progress.cancelled.store(7);
  const std::uint32_t tiles = counted("stand_in_tiles");
  Bytes tile;
  EXPECT_FALSE(run(context, tile).ok());
  EXPECT_EQ(counted("stand_in_tiles"), tiles);
  EXPECT_EQ(context.card()->lost(), "");
}

TEST_F(CardTest, LostCardFailsTheTaskAndIsNotUsedAgain) {
  WorkerContext context(1, with_cards({{kFirst, 0}}));
  Bytes tile;
  go_wrong("lost");
  EXPECT_FALSE(run(context, tile).ok());
  EXPECT_EQ(reason_, msg::FailureReason::kCrashed);
  EXPECT_NE(context.card()->lost().find("ECC"), std::string::npos) << context.card()->lost();
  go_wrong("");
  EXPECT_FALSE(run(context, tile).ok());
}

/// Two slots with a card each, of which the first one's is lost with its first tile.
TEST_F(CardTest, LostCardTakesItsSlotOutOfServiceAndNotTheAgent) {
  go_wrong("lost");
  RunnerOptions options;
  options.slots = 2;
  options.worker_path = std::string(REEVE_BIN_DIR) + "/reeve-worker";
  options.input_path = [this](const Digest&) { return path(); };
  options.scratch = (folder_.path() / "scratch").string();
  std::filesystem::create_directories(options.scratch);
  options.gpus = {std::string(kFirst) + "=0", std::string(kSecond) + "=1"};
  auto started = ProcessRunner::start(options);
  ASSERT_TRUE(started.ok()) << started.error().message;
  auto render = std::make_shared<StepWork>();
  render->step = {JobId(1), 0};
  render->kernel = {"render.path", 1};
  render->leaf_bytes = kernels::kRenderLeafBytes;
  render->max_result_bytes = 1 << 20;
  render->script = script("1");
  render->inputs = {sha256(scene_)};
  auto hash = std::make_shared<StepWork>(*render);
  openjd::StepScript sha256_script;
  sha256_script.on_run.command = openjd::FormatString::literal("reeve:sha256");
  hash->kernel = {"sha256", 1};
  hash->leaf_bytes = 0;
  hash->script = openjd::encode_step(sha256_script).value();

  Runner& runner = *started.value();
  std::uint32_t up = 0, outputs = 0;
  std::optional<TaskFailed> failed;
  std::optional<SlotDown> down;
  const auto turn = [&] {
    pollfd item{runner.fd(), POLLIN, 0};
    poll(&item, 1, 100);
    for (RunnerEvent& event : runner.pump()) {
      if (std::holds_alternative<SlotUp>(event)) ++up;
      if (std::holds_alternative<TaskOutput>(event)) ++outputs;
      if (const auto* f = std::get_if<TaskFailed>(&event)) failed = *f;
      if (const auto* d = std::get_if<SlotDown>(&event)) down = *d;
    }
  };
  for (int i = 0; i < 300 && up < 2; ++i)
    turn();
  ASSERT_EQ(up, 2u);
  runner.run({0, 1, {{AttemptId(5), render, {0, 1}}}});
  for (int i = 0; i < 300 && !down; ++i)
    turn();
  ASSERT_TRUE(failed && down);
  EXPECT_EQ(failed->reason, msg::FailureReason::kCrashed);
  EXPECT_NE(failed->message.find("GPU was lost"), std::string::npos) << failed->message;
  EXPECT_EQ(down->slot, 0u);
  EXPECT_NE(down->why.find("ECC"), std::string::npos) << down->why;
  for (std::uint32_t batch = 2; batch < 12; ++batch) {
    runner.run({1, batch, {{AttemptId(6), hash, {0, 1}}}});
    for (int i = 0; i < 300 && outputs + 1 < batch; ++i)
      turn();
  }
  EXPECT_EQ(outputs, 10u);
  EXPECT_EQ(up, 2u) << "the slot came back";
}

}  // namespace
}  // namespace reeve::agent::worker
