#include <algorithm>
#include <cmath>

#include "client/scene/import_gltf.h"
#include "tests/client/scene/scene_file.h"
#include "tests/demo/demo_scene.h"

namespace reeve::client {
namespace {

using kernels::MaterialKind;
using kernels::Scene;

constexpr demo::Timing kTiming = {.frames = 8, .frames_per_second = 24};

class DemoScene : public SceneFiles {
 protected:
  static void SetUpTestSuite() { bytes_ = demo::make_demo_scene(kTiming); }

  Scene import(const ImportOptions& options) {
    auto scene = import_gltf(write("demo.glb", bytes_), options, &notes_);
    if (!scene) ADD_FAILURE() << scene.error().message;
    return scene ? *scene : Scene{};
  }

  static inline std::vector<std::byte> bytes_;
  std::vector<std::string> notes_;
};

std::size_t triangles_of(const Scene& scene) {
  std::size_t triangles = 0;
  for (const auto& instance : scene.instances)
    triangles += scene.meshes[instance.mesh].indices.size() / 3;
  return triangles;
}

std::ptrdiff_t count_kind(const Scene& scene, MaterialKind kind) {
  return std::count_if(scene.materials.begin(), scene.materials.end(),
                       [kind](const auto& material) { return material.kind == kind; });
}

TEST_F(DemoScene, HasTheTrianglesMaterialsAndTexturesThatTheDemoPromises) {
  const Scene scene = import({.first_frame = 1, .last_frame = 8});
  EXPECT_GE(triangles_of(scene), 100'000U);
  EXPECT_LE(triangles_of(scene), 260'000U);
  EXPECT_EQ(count_kind(scene, MaterialKind::kGlass), 3);
  EXPECT_GE(count_kind(scene, MaterialKind::kMetal), 4);
  EXPECT_EQ(count_kind(scene, MaterialKind::kEmissive), 3);
  EXPECT_GE(scene.textures.size(), 6U);
  EXPECT_TRUE(notes_.empty()) << notes_[0];
}

TEST_F(DemoScene, EmissionKeepsItsStrength) {
  const Scene scene = import({});
  const auto brightest = std::max_element(
      scene.materials.begin(), scene.materials.end(),
      [](const auto& a, const auto& b) { return a.emission_strength < b.emission_strength; });
  EXPECT_NEAR(brightest->emission_strength, 5, 1e-5F);
  EXPECT_EQ(brightest->emission[0], 1);
}

TEST_F(DemoScene, CameraSwingsAndPartsMoveFromFrameToFrame) {
  const Scene scene = import({.first_frame = 1, .last_frame = 8});
  ASSERT_EQ(scene.cameras.size(), 8U);
  EXPECT_GT(std::fabs(scene.cameras[0].eye[0] - scene.cameras[4].eye[0]), 1);
  EXPECT_NEAR(scene.cameras[0].vertical_fov_radians, 0.60F, 1e-6F);
  const auto moving = std::count_if(scene.instances.begin(), scene.instances.end(),
                                    [](const auto& instance) { return instance.transforms.size() == 8; });
  EXPECT_EQ(moving, 7);  // four parts of the globe, the inner ring, the knot, the orb
}

TEST_F(DemoScene, AFrameShowsTheSameWhateverRangeItIsPartOf) {
  const Scene whole = import({.first_frame = 1, .last_frame = 8});
  const Scene later = import({.first_frame = 5, .last_frame = 6});
  ASSERT_EQ(later.cameras.size(), 2U);
  EXPECT_EQ(later.first_frame, 5U);
  EXPECT_EQ(later.cameras[0], whole.cameras[4]);
  EXPECT_EQ(later.cameras[1], whole.cameras[5]);
  ASSERT_EQ(later.instances.size(), whole.instances.size());
  for (std::size_t i = 0; i < later.instances.size(); ++i) {
    if (later.instances[i].transforms.size() != 2) continue;
    EXPECT_EQ(later.instances[i].transforms[1], whole.instances[i].transforms[5]);
  }
}

TEST_F(DemoScene, TheSameFileGivesTheSameBlob) {
  EXPECT_TRUE(demo::make_demo_scene(kTiming) == bytes_);
  const ImportOptions options{.first_frame = 1, .last_frame = 4};
  const auto first = kernels::encode_scene(import(options));
  EXPECT_TRUE(first == kernels::encode_scene(import(options)));
  Scene decoded;
  std::string error;
  EXPECT_TRUE(kernels::decode_scene(first, decoded, error)) << error;
}

TEST_F(DemoScene, TheSunShinesFromTheDirectionAgainstItsLight) {
  const Scene scene = import({});
  EXPECT_GT(scene.environment.sun_direction[1], 0.2F);
  EXPECT_LT(scene.environment.sun_direction[0], 0);
  EXPECT_GT(scene.environment.sun_direction[2], 0);
  EXPECT_GT(scene.environment.sun_irradiance[0], scene.environment.sun_irradiance[2]);
  EXPECT_GT(scene.environment.sun_angular_radius_radians, 0.01F);
}

}  // namespace
}  // namespace reeve::client
