#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "kernels/render/scene_format.h"
#include "kernels/verify/test_scene.h"

namespace reeve::kernels {
namespace {

Scene small_scene() {
  return make_garden_scene({8, 3});
}

Scene empty_scene() {
  Scene scene;
  scene.cameras = {Camera{}};
  return scene;
}

std::string refusal_of(const Scene& scene) {
  std::string error;
  EXPECT_FALSE(check_scene(scene, error));
  return error;
}

TEST(SceneFormat, ASceneSurvivesTheRoundTripAndItsBytesAreCanonical) {
  for (const Scene& scene : {small_scene(), make_studio_scene({8, 1}), empty_scene()}) {
    const auto bytes = encode_scene(scene);
    Scene back;
    std::string error;
    ASSERT_TRUE(decode_scene(bytes, back, error)) << error;
    EXPECT_EQ(back, scene);
    EXPECT_EQ(encode_scene(back), bytes);
  }
}

TEST(SceneFormat, EveryTruncationIsRefused) {
  const auto bytes = encode_scene(make_garden_scene({4, 1}));
  Scene scene;
  std::string error;
  for (std::size_t length = 0; length < bytes.size(); length += length < 600 ? 1 : 97) {
    EXPECT_FALSE(decode_scene({bytes.data(), length}, scene, error)) << length;
    EXPECT_FALSE(error.empty());
  }
}

TEST(SceneFormat, TrailingBytesAreRefused) {
  auto bytes = encode_scene(small_scene());
  bytes.push_back(0);
  Scene scene;
  std::string error;
  EXPECT_FALSE(decode_scene(bytes, scene, error));
}

TEST(SceneFormat, AnotherVersionIsRefusedByName) {
  auto bytes = encode_scene(small_scene());
  bytes[8] = 2;
  Scene scene;
  std::string error;
  EXPECT_FALSE(decode_scene(bytes, scene, error));
  EXPECT_NE(error.find("version = 2"), std::string::npos) << error;
}

TEST(SceneFormat, ACountBeyondTheBytesPresentIsRefusedBeforeItIsBelieved) {
  auto bytes = encode_scene(empty_scene());
  for (std::size_t at = bytes.size() - 16; at < bytes.size();
       at += 4) {  // materials, textures, meshes, instances
    auto huge = bytes;
    huge[at] = huge[at + 1] = huge[at + 2] = 0xff;
    Scene scene;
    std::string error;
    EXPECT_FALSE(decode_scene(huge, scene, error));
    EXPECT_NE(error.find("exceeds"), std::string::npos) << error;
  }
}

TEST(SceneFormat, ChangedBytesNeverCrashAndNeverPassWithoutBeingAValidScene) {
  const auto bytes = encode_scene(make_garden_scene({4, 1}));
  std::mt19937 random(11);
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    auto changed = bytes;
    for (int i = 0; i < 3; ++i)
      changed[random() % 900] = static_cast<std::uint8_t>(random());
    Scene scene;
    std::string error;
    if (!decode_scene(changed, scene, error)) {
      ++refused;
    } else {
      EXPECT_TRUE(check_scene(scene, error)) << error;
    }
  }
  EXPECT_GT(refused, 1000u);
}

TEST(SceneFormat, GarbageIsRefused) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint8_t> garbage(random() % 4096);
    for (std::uint8_t& byte : garbage)
      byte = static_cast<std::uint8_t>(random());
    Scene scene;
    std::string error;
    EXPECT_FALSE(decode_scene(garbage, scene, error));
  }
}

TEST(SceneCheck, NumbersThatAreNotFiniteAreRefused) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    Scene scene = small_scene();
    scene.meshes[1].positions[3][1] = bad;
    EXPECT_NE(refusal_of(scene).find("mesh 1: position"), std::string::npos);
    scene = small_scene();
    scene.instances[0].transforms[0][5] = bad;
    EXPECT_NE(refusal_of(scene).find("instance 0: transform"), std::string::npos);
    scene = small_scene();
    scene.environment.strength = bad;
    EXPECT_NE(refusal_of(scene).find("environment: strength"), std::string::npos);
    scene = small_scene();
    scene.cameras[0].eye[2] = bad;
    EXPECT_NE(refusal_of(scene).find("camera 0: eye"), std::string::npos);
  }
}

TEST(SceneCheck, IndicesThatNameNothingAreRefused) {
  Scene scene = small_scene();
  scene.meshes[1].indices[5] = 1u << 30;
  EXPECT_NE(refusal_of(scene).find("names no vertex"), std::string::npos);
  scene = small_scene();
  scene.meshes[1].material = 99;
  EXPECT_NE(refusal_of(scene).find("names no material"), std::string::npos);
  scene = small_scene();
  scene.instances[1].mesh = 99;
  EXPECT_NE(refusal_of(scene).find("names no mesh"), std::string::npos);
  scene = small_scene();
  scene.materials[2].base_texture = 99;
  EXPECT_NE(refusal_of(scene).find("textures"), std::string::npos);
}

TEST(SceneCheck, TablesMustFitTheFrames) {
  Scene scene = small_scene();
  scene.cameras.pop_back();
  EXPECT_NE(refusal_of(scene).find("cameras"), std::string::npos);
  scene = small_scene();
  scene.instances[0].transforms.resize(2);
  EXPECT_NE(refusal_of(scene).find("transforms"), std::string::npos);
}

TEST(SceneCheck, ACameraThatLooksAlongItsUpIsRefused) {
  Scene scene = small_scene();
  scene.cameras[1].up = scene.cameras[1].forward;
  EXPECT_NE(refusal_of(scene).find("camera 1: up"), std::string::npos);
}

TEST(SceneCheck, InstancesCannotMultiplyTrianglesBeyondTheBound) {
  Scene scene = make_garden_scene({64, 1});
  const Instance many = scene.instances[1];
  const std::size_t triangles = scene.meshes[many.mesh].indices.size() / 3;
  while (scene.instances.size() * triangles <= kMaxWorldTriangles)
    scene.instances.push_back(many);
  scene.instances.resize(scene.instances.size() + 8, many);
  EXPECT_NE(refusal_of(scene).find("triangles of all instances"), std::string::npos);
}

}  // namespace
}  // namespace reeve::kernels
