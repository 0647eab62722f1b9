#include "client/kernels_table.h"

#include <gtest/gtest.h>

#include "protocol/digest.h"

namespace reeve::client {
namespace {

using Args = std::vector<std::string>;

const std::string kScene = "sha256:" + std::string(64, 'a');

Args render_args(std::initializer_list<std::pair<const char*, const char*>> changed = {}) {
  std::map<std::string, std::string> values{
      {"scene", kScene},  {"width", "640"}, {"height", "360"}, {"samples", "16"}, {"frame", "7"},
      {"max-depth", "8"}, {"seed", "1"},    {"tiles-x", "1"},  {"tiles-y", "1"},  {"tile", "0"}};
  for (const auto& [name, value] : changed)
    values[name] = value;
  Args args;
  for (const auto& [name, value] : values) {
    args.push_back("--" + name);
    args.push_back(value);
  }
  return args;
}

TEST(Kernels, RenderTasksHaveLeavesOf768BytesAndWorkOfTheirSamples) {
  const auto facts = task_facts("reeve:render.path", render_args());
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  EXPECT_EQ(facts->kernel, (KernelVersion{"render.path", 1}));
  EXPECT_EQ(facts->leaf_bytes, 768U);
  EXPECT_EQ(facts->work, 640U * 360 * 16);
  EXPECT_EQ(facts->max_result_bytes, 80U * 45 * 768);
  ASSERT_EQ(facts->inputs.size(), 1U);
}

TEST(Kernels, TilesAreMultiplesOfALeafAndCutAtTheEdge) {
  const auto grid = TileGrid::make(100, 50, 3, 2);
  ASSERT_TRUE(grid.ok());
  EXPECT_EQ(grid->count(), 6U);
  const PixelRect last = grid->rect(5);
  EXPECT_EQ(last.x, 80U);  // 100 / 3 is 34, rounded up to 40
  EXPECT_EQ(last.width, 20U);
  EXPECT_EQ(last.y, 32U);
  EXPECT_EQ(last.height, 18U);
}

TEST(Kernels, TilesThatWouldHoldNoPixelAreRefused) {
  const auto grid = TileGrid::make(40, 8, 4, 1);
  ASSERT_FALSE(grid.ok());
  EXPECT_NE(grid.error().hint.find("such as 3"), std::string::npos) << grid.error().hint;
  EXPECT_FALSE(TileGrid::make(0, 8, 1, 1).ok());
  EXPECT_FALSE(TileGrid::make(8, 8, 0, 1).ok());
}

TEST(Kernels, TilesOfMoreThanALeafTableAreRefusedWithTheRemedy) {
  const auto facts = task_facts("reeve:render.path", render_args({{"width", "4096"}, {"height", "2304"}}));
  ASSERT_FALSE(facts.ok());
  EXPECT_NE(facts.error().hint.find("more tiles"), std::string::npos);
  EXPECT_TRUE(
      task_facts("reeve:render.path",
                 render_args({{"width", "4096"}, {"height", "2304"}, {"tiles-x", "2"}, {"tiles-y", "2"}}))
          .ok());
}

TEST(Kernels, Sha256TakesNoArgumentsAndGives32Bytes) {
  const auto facts = task_facts("reeve:sha256", {});
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->leaf_bytes, 0U);
  EXPECT_EQ(facts->max_result_bytes, 32U);
  EXPECT_FALSE(task_facts("reeve:sha256", Args{"--n", "3"}).ok());
}

TEST(Kernels, OtherCommandsAreRefusedWithTheKernelsThatExist) {
  const auto facts = task_facts("blender", {});
  ASSERT_FALSE(facts.ok());
  EXPECT_NE(facts.error().message.find("'blender'"), std::string::npos);
  EXPECT_NE(facts.error().hint.find("reeve:sha256"), std::string::npos);
}

TEST(Kernels, ArgumentsAreCheckedByName) {
  EXPECT_FALSE(task_facts("reeve:render.path", render_args({{"samples", "0"}})).ok());
  EXPECT_FALSE(task_facts("reeve:render.path", render_args({{"samples", "many"}})).ok());
  EXPECT_FALSE(task_facts("reeve:render.path", render_args({{"scene", "scene.glb"}})).ok());
  EXPECT_FALSE(task_facts("reeve:render.path", render_args({{"tile", "1"}})).ok());
  EXPECT_FALSE(task_facts("reeve:render.path", render_args({{"colour", "red"}})).ok());
  EXPECT_FALSE(task_facts("reeve:spin", {}).ok());
  EXPECT_FALSE(task_facts("reeve:render.path", Args{"--scene", kScene}).ok());
  EXPECT_FALSE(parse_arguments(Args{"--a"}).ok());
  EXPECT_FALSE(parse_arguments(Args{"a", "b"}).ok());
  EXPECT_FALSE(parse_arguments(Args{"--a", "1", "--a", "2"}).ok());
}

TEST(Kernels, BlobsAreNamedByTheirDigest) {
  const Digest digest = sha256(as_bytes("x"));
  Digest read;
  EXPECT_TRUE(parse_blob_reference(blob_reference(digest), read));
  EXPECT_EQ(read, digest);
  EXPECT_FALSE(parse_blob_reference("sha256:abc", read));
  EXPECT_FALSE(parse_blob_reference("md5:" + std::string(64, 'a'), read));
}

}  // namespace
}  // namespace reeve::client
