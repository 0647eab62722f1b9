#include <gtest/gtest.h>

#include <cstring>

#include "kernels/core/hash.h"
#include "kernels/render/render.h"
#include "kernels/verify/test_scene.h"

namespace reeve::kernels {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::shared_ptr<const PreparedFrame> prepare(const Scene& scene, std::uint32_t frame,
                                             const BvhOptions& options = {}) {
  std::string error;
  auto prepared = PreparedFrame::prepare(scene, frame, error, options);
  EXPECT_NE(prepared, nullptr) << error;
  return prepared;
}

RenderRequest whole_frame(std::uint32_t width, std::uint32_t height, std::uint32_t samples) {
  RenderRequest request;
  request.image_width = request.tile_width = width;
  request.image_height = request.tile_height = height;
  request.samples = samples;
  request.seed = 0x123456789abcdefull;
  return request;
}

std::uint64_t hash_of(const Bytes& bytes) {
  return hash_bytes(bytes.data(), bytes.size());
}

float pixel_of(const Bytes& tile, const RenderRequest& request, std::uint32_t x, std::uint32_t y,
               int channel) {
  const std::size_t leaf = std::size_t{y / kLeafSide} * leaf_columns(request) + x / kLeafSide;
  const std::size_t index = y % kLeafSide * kLeafSide + x % kLeafSide;
  float value = 0;
  std::memcpy(&value, tile.data() + leaf * kRenderLeafBytes + (index * 3 + channel) * 4, 4);
  return value;
}

class EveryKernel : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!kernel().runs_here()) GTEST_SKIP() << kernel().name << " does not run on this processor";
  }
  static const KernelTable& kernel() { return all_kernels()[GetParam()]; }
};

INSTANTIATE_TEST_SUITE_P(Isa, EveryKernel, testing::Range(std::size_t{0}, all_kernels().size()));

// The contract: a change here is a change of kRenderContract. `reeve_golden` prints them.
TEST_P(EveryKernel, WholeFramesHaveTheGoldenHashes) {
  const RenderOptions options{1, &kernel(), {}};
  RenderRequest request = whole_frame(96, 54, 4);
  const Scene garden = make_garden_scene({32, 2});
  EXPECT_EQ(hash_of(render_tile(*prepare(garden, 1), request, options)), 0x4618d93d2fc0aa95u);
  const Scene studio = make_studio_scene({32, 2});
  EXPECT_EQ(hash_of(render_tile(*prepare(studio, 1), request, options)), 0xa24d37b6c839970du);
  request.frame = 2;
  EXPECT_EQ(hash_of(render_tile(*prepare(garden, 2), request, options)), 0x75372d8b31205210u);
}

TEST_P(EveryKernel, ALeafAloneEqualsItsSliceOfTheTile) {
  RenderRequest request = whole_frame(64, 40, 2);
  request.tile_x = 12;
  request.tile_y = 3;
  request.tile_width = 27;
  request.tile_height = 21;
  const auto prepared = prepare(make_garden_scene({16, 1}), 1);
  const Bytes tile = render_tile(*prepared, request, {2, &kernel(), {}});
  ASSERT_EQ(tile.size(), leaf_count(request) * kRenderLeafBytes);
  for (std::uint32_t leaf = 0; leaf < leaf_count(request); ++leaf) {
    const Bytes alone = render_leaf(*prepared, request, leaf, &kernel());
    EXPECT_EQ(std::memcmp(alone.data(), tile.data() + leaf * kRenderLeafBytes, kRenderLeafBytes), 0) << leaf;
  }
}

TEST_P(EveryKernel, ThreadsDoNotChangeTheBits) {
  const RenderRequest request = whole_frame(60, 34, 2);
  const auto prepared = prepare(make_studio_scene({16, 1}), 1);
  const Bytes one = render_tile(*prepared, request, {1, &kernel(), {}});
  EXPECT_EQ(render_tile(*prepared, request, {2, &kernel(), {}}), one);
  EXPECT_EQ(render_tile(*prepared, request, {7, &kernel(), {}}), one);
}

TEST(Render, TilesPutTogetherAreTheFullFrame) {
  const RenderRequest full = whole_frame(50, 30, 2);
  const auto prepared = prepare(make_garden_scene({16, 1}), 1);
  const Bytes frame = render_tile(*prepared, full);
  for (std::uint32_t tile_y = 0; tile_y < 30; tile_y += 13) {
    for (std::uint32_t tile_x = 0; tile_x < 50; tile_x += 19) {
      RenderRequest part = full;
      part.tile_x = tile_x;
      part.tile_y = tile_y;
      part.tile_width = std::min(19u, 50 - tile_x);
      part.tile_height = std::min(13u, 30 - tile_y);
      const Bytes tile = render_tile(*prepared, part);
      for (std::uint32_t y = 0; y < part.tile_height; ++y) {
        for (std::uint32_t x = 0; x < part.tile_width; ++x) {
          for (int channel = 0; channel < 3; ++channel) {
            ASSERT_EQ(pixel_of(tile, part, x, y, channel),
                      pixel_of(frame, full, tile_x + x, tile_y + y, channel));
          }
        }
      }
    }
  }
}

TEST(Render, PixelsOutsideTheTileAreZero) {
  const RenderRequest request = whole_frame(9, 9, 1);
  const Bytes tile = render_tile(*prepare(make_garden_scene({8, 1}), 1), request);
  ASSERT_EQ(tile.size(), 4 * kRenderLeafBytes);
  for (std::uint32_t x = 1; x < 8; ++x)
    EXPECT_EQ(pixel_of(tile, request, 8 + x, 0, 0), 0.0f);
  for (std::uint32_t y = 1; y < 8; ++y)
    EXPECT_EQ(pixel_of(tile, request, 0, 8 + y, 2), 0.0f);
  EXPECT_GT(pixel_of(tile, request, 8, 8, 0), 0.0f);
}

TEST(Render, SeedFrameAndSamplesChangeTheResult) {
  const Scene scene = make_studio_scene({8, 2});  // still: only the frame's number differs
  const auto prepared = prepare(scene, 1);
  RenderRequest request = whole_frame(16, 16, 1);
  const Bytes base = render_tile(*prepared, request);
  request.seed ^= 1;
  EXPECT_NE(render_tile(*prepared, request), base);
  request.seed ^= 1;
  request.samples = 2;
  EXPECT_NE(render_tile(*prepared, request), base);
  request.samples = 1;
  request.frame = 2;
  EXPECT_NE(render_tile(*prepare(scene, 2), request), base);
}

TEST(Render, AWhiteFurnaceReturnsNoMoreLightThanItGets) {
  // A white diffuse ball under a white sky of radiance 1 must look like the sky, whatever the path does.
  Scene scene = make_garden_scene({16, 1});
  scene.textures.clear();
  scene.environment = Environment{};
  scene.environment.zenith = scene.environment.horizon = scene.environment.ground = {1, 1, 1};
  for (Material& material : scene.materials) {
    material = Material{};
    material.base_color = {1, 1, 1};
  }
  const RenderRequest request = [] {
    RenderRequest r = whole_frame(16, 16, 64);
    r.max_depth = 64;
    return r;
  }();
  const Bytes tile = render_tile(*prepare(scene, 1), request);
  double mean = 0;
  for (std::uint32_t y = 0; y < 16; ++y) {
    for (std::uint32_t x = 0; x < 16; ++x)
      mean += pixel_of(tile, request, x, y, 0) / 256;
  }
  EXPECT_NEAR(mean, 1.0, 0.01);
}

/// The garden under a black sky, without its sun or without its lamp where told so.
Scene make_night_garden(bool sun, bool lamp) {
  Scene scene = make_garden_scene({16, 1});
  scene.environment.zenith = scene.environment.horizon = scene.environment.ground = {0, 0, 0};
  if (!sun) scene.environment.sun_irradiance = {0, 0, 0};
  for (Material& material : scene.materials) {
    if (!lamp) material.emission_strength = 0;
  }
  return scene;
}

TEST(Render, AVertexSamplesTheSunAndALampEachAsIfItWereAlone) {
  const RenderRequest request = whole_frame(32, 18, 4);
  const Bytes sun = render_tile(*prepare(make_night_garden(true, false), 1), request);
  const Bytes lamp = render_tile(*prepare(make_night_garden(false, true), 1), request);
  const Bytes both = render_tile(*prepare(make_night_garden(true, true), 1), request);
  double brightest_sun = 0;
  double brightest_lamp = 0;
  for (std::uint32_t y = 0; y < 18; ++y) {
    for (std::uint32_t x = 0; x < 32; ++x) {
      const double of_sun = pixel_of(sun, request, x, y, 0);
      const double of_lamp = pixel_of(lamp, request, x, y, 0);
      ASSERT_NEAR(pixel_of(both, request, x, y, 0), of_sun + of_lamp, 1e-4) << x << ' ' << y;
      brightest_sun = std::max(brightest_sun, of_sun);
      brightest_lamp = std::max(brightest_lamp, of_lamp);
    }
  }
  EXPECT_GT(brightest_sun, 0.1);
  EXPECT_GT(brightest_lamp, 0.1);
}

TEST(Render, InsideAGlowingBallALightFoundInTwoWaysCountsOnce) {
  // Walls that emit 1 and reflect half of what meets them: 1 + 1/2 + 1/4 + ... = 2. No sun comes in.
  Scene scene = make_garden_scene({16, 1});
  scene.instances.resize(1);
  scene.instances[0] = {5, {{2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0}}};
  Material& wall = scene.materials[scene.meshes[5].material];
  wall = Material{};
  wall.base_color = {0.5f, 0.5f, 0.5f};
  wall.emission = {1, 1, 1};
  wall.emission_strength = 1;
  scene.cameras[0].eye = {0.3f, 0.2f, 0.1f};
  RenderRequest request = whole_frame(16, 16, 64);
  request.max_depth = 64;
  const Bytes tile = render_tile(*prepare(scene, 1), request);
  double mean = 0;
  for (std::uint32_t y = 0; y < 16; ++y) {
    for (std::uint32_t x = 0; x < 16; ++x)
      mean += pixel_of(tile, request, x, y, 0) / 256;
  }
  EXPECT_NEAR(mean, 2.0, 0.01);
}

TEST(Render, ProgressCountsEveryLeafAndMayCancel) {
  const auto prepared = prepare(make_garden_scene({8, 1}), 1);
  const RenderRequest request = whole_frame(64, 64, 1);
  std::uint32_t last = 0;
  RenderOptions options{1, nullptr, [&last](std::uint32_t done, std::uint32_t leaves) {
                          EXPECT_EQ(leaves, 64u);
                          last = done;
                          return true;
                        }};
  EXPECT_FALSE(render_tile(*prepared, request, options).empty());
  EXPECT_EQ(last, 64u);
  options.progress = [](std::uint32_t done, std::uint32_t) { return done < 3; };
  EXPECT_TRUE(render_tile(*prepared, request, options).empty());
}

TEST(Render, AFrameThatTheSceneLacksIsRefusedByNumber) {
  std::string error;
  EXPECT_EQ(PreparedFrame::prepare(make_garden_scene({8, 2}), 3, error), nullptr);
  EXPECT_NE(error.find("frame = 3"), std::string::npos) << error;
}

TEST(Request, BoundsAreHeldAndNamed) {
  std::string error;
  const RenderRequest good = whole_frame(64, 64, 1);
  EXPECT_TRUE(check_request(good, error)) << error;
  const auto refused = [&](auto change, const char* field) {
    RenderRequest request = good;
    change(request);
    EXPECT_FALSE(check_request(request, error));
    EXPECT_NE(error.find(field), std::string::npos) << error;
  };
  refused([](RenderRequest& r) { r.image_width = 0; }, "image_width");
  refused([](RenderRequest& r) { r.tile_x = 1; }, "tile_x");
  refused([](RenderRequest& r) { r.tile_height = 65; }, "tile_height");
  refused([](RenderRequest& r) { r.samples = 0; }, "samples");
  refused([](RenderRequest& r) { r.samples = kMaxRequestSamples + 1; }, "samples");
  refused([](RenderRequest& r) { r.max_depth = 0; }, "max_depth");
}

TEST(Request, WorkIsPixelsTimesSamples) {
  RenderRequest request = whole_frame(640, 360, 64);
  EXPECT_EQ(render_work(request), 640ull * 360 * 64);
  request.tile_width = 9;
  request.tile_height = 8;
  EXPECT_EQ(leaf_count(request), 2u);
}

}  // namespace
}  // namespace reeve::kernels
