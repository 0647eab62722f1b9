#include "client/scene/import_gltf.h"

#include <cmath>

#include "tests/client/scene/scene_file.h"
#include "tests/demo/textures.h"

namespace reeve::client {
namespace {

using kernels::MaterialKind;

class Import : public SceneFiles {
 protected:
  /// The refusal of a file, as message and hint.
  std::string refusal_of(const std::filesystem::path& path, const ImportOptions& options = {}) {
    const auto scene = import_gltf(path, options);
    EXPECT_FALSE(scene.ok());
    if (scene) return "";
    EXPECT_FALSE(scene.error().hint.empty());
    return scene.error().message;
  }
};

constexpr const char* kMinimal = R"("asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}])";

std::string document(const std::string& rest) {
  return std::string("{") + kMinimal + (rest.empty() ? "" : ",") + rest + "}";
}

TEST_F(Import, PlacesAMeshWhereItsNodeStands) {
  const auto scene = import_gltf(write("a.glb", one_triangle().finish()), {});
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->instances.size(), 1U);
  const kernels::Transform expected = {1, 0, 0, 2, 0, 1, 0, 3, 0, 0, 1, 4};
  EXPECT_EQ(scene->instances[0].transforms, std::vector<kernels::Transform>{expected});
  const kernels::Mesh& mesh = scene->meshes[0];
  EXPECT_EQ(mesh.indices, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(mesh.positions[1], (kernels::Float3{1, 0, 0}));
  EXPECT_EQ(mesh.uvs[1], (kernels::Float2{1, 0.25F}));  // v grows downwards, as in the file
}

TEST_F(Import, WithoutACameraTheWholeSceneIsFramed) {
  const auto scene = import_gltf(write("a.glb", one_triangle().finish()), {});
  ASSERT_TRUE(scene.ok());
  ASSERT_EQ(scene->cameras.size(), 1U);
  const kernels::Camera& camera = scene->cameras[0];
  // The line of sight passes through the middle of the bounds, (2.5, 3.5, 4).
  const float distance = (4 - camera.eye[2]) / camera.forward[2];
  EXPECT_GT(distance, 1);
  EXPECT_NEAR(camera.eye[0] + distance * camera.forward[0], 2.5F, 1e-4F);
  EXPECT_NEAR(camera.eye[1] + distance * camera.forward[1], 3.5F, 1e-4F);
}

TEST_F(Import, WithoutLightsASunShines) {
  const auto scene = import_gltf(write("a.glb", one_triangle().finish()), {});
  ASSERT_TRUE(scene.ok());
  EXPECT_GT(scene->environment.sun_irradiance[0], 0);
  EXPECT_GT(scene->environment.strength, 0);
}

TEST_F(Import, MaterialsBecomeTheKernelsKinds) {
  demo::GlbWriter writer = one_triangle();
  const demo::Mesh cube = demo::make_rounded_box({1, 1, 1}, 0.1F, 2);
  const auto add = [&](demo::MaterialLook look) {
    writer.add_node("n", writer.add_mesh("m", cube, writer.add_material(look)), {});
  };
  add({.name = "glass", .roughness = 0, .transmission = 1, .ior = 1.4F});
  add({.name = "brass", .metallic = 1, .roughness = 0.25F});
  add({.name = "glaze", .roughness = 0.3F});
  add({.name = "lamp", .base_colour = {0, 0, 0}, .emission = {1, 0.5F, 0.25F}, .emissive_strength = 7});
  const auto scene = import_gltf(write("a.glb", writer.finish()), {});
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_GE(scene->materials.size(), 5U);
  EXPECT_EQ(scene->materials[0].kind, MaterialKind::kDiffuse);
  EXPECT_NEAR(scene->materials[0].base_color[1], 0.5F, 1e-6F);
  EXPECT_EQ(scene->materials[1].kind, MaterialKind::kGlass);
  EXPECT_NEAR(scene->materials[1].ior, 1.4F, 1e-6F);
  EXPECT_EQ(scene->materials[2].kind, MaterialKind::kMetal);
  EXPECT_NEAR(scene->materials[2].roughness, 0.25F, 1e-6F);
  EXPECT_EQ(scene->materials[3].kind, MaterialKind::kGlossy);
  EXPECT_EQ(scene->materials[4].kind, MaterialKind::kEmissive);
  EXPECT_NEAR(scene->materials[4].emission_strength, 7, 1e-5F);
  EXPECT_NEAR(scene->materials[4].emission[1], 0.5F, 1e-6F);
}

TEST_F(Import, ATextureSharedByMaterialsIsHeldOnce) {
  demo::GlbWriter writer = one_triangle();
  const auto png = demo::paint_png(4, [](float u, float) { return demo::Vec3{u, 0, 1}; });
  const int texture = writer.add_texture(png);
  for (const char* name : {"a", "b"}) {
    const int material = writer.add_material({.name = name, .texture = texture});
    writer.add_node(name, writer.add_mesh(name, demo::make_sphere(1, 8, 6), material), {});
  }
  const auto scene = import_gltf(write("a.glb", writer.finish()), {});
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->textures.size(), 1U);
  EXPECT_EQ(scene->materials[1].base_texture, 0U);
  EXPECT_EQ(scene->materials[2].base_texture, 0U);
  EXPECT_EQ(scene->textures[0].rgba[0], 32);  // 0.125
  EXPECT_EQ(scene->textures[0].rgba[2], 255);
}

TEST_F(Import, ACameraIsChosenByName) {
  demo::GlbWriter writer = one_triangle();
  writer.add_camera_node("front", 0.5F, {0, 0, 9}, {});
  writer.add_camera_node("side", 0.8F, {9, 0, 0}, demo::rotation_about({0, 1, 0}, demo::kPi / 2));
  const auto path = write("a.glb", writer.finish());
  const auto first = import_gltf(path, {});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->cameras[0].eye, (kernels::Float3{0, 0, 9}));
  ImportOptions options;
  options.camera = "side";
  const auto side = import_gltf(path, options);
  ASSERT_TRUE(side.ok());
  EXPECT_NEAR(side->cameras[0].eye[0], 9, 1e-5F);
  EXPECT_NEAR(side->cameras[0].forward[0], -1, 1e-5F);
  EXPECT_NEAR(side->cameras[0].vertical_fov_radians, 0.8F, 1e-4F);
  options.camera = "above";
  EXPECT_NE(refusal_of(path, options).find("above"), std::string::npos);
}

TEST_F(Import, RotationsTurnTheShortWayBetweenKeys) {
  demo::GlbWriter writer = one_triangle();
  const float times_s[] = {0, 1};
  const demo::Quaternion keys[] = {{}, demo::rotation_about({0, 0, 1}, demo::kPi / 2)};
  writer.animate_rotation(0, times_s, keys);
  const auto scene = import_gltf(write("a.glb", writer.finish()),
                                 {.first_frame = 1, .last_frame = 3, .frames_per_second = 2});
  ASSERT_TRUE(scene.ok()) << scene.error().message;
  ASSERT_EQ(scene->instances[0].transforms.size(), 3U);
  EXPECT_NEAR(scene->instances[0].transforms[1][0], std::sqrt(0.5F), 1e-5F);
  EXPECT_NEAR(scene->instances[0].transforms[2][0], 0, 1e-5F);
  EXPECT_NEAR(scene->instances[0].transforms[2][3], 2, 1e-5F);  // the translation stays
}

TEST_F(Import, WhatIsNoGltfIsRefusedByName) {
  EXPECT_NE(refusal_of(write("a.glb", std::string("a poem"))).find("a.glb: this is no glTF file"),
            std::string::npos);
  EXPECT_NE(refusal_of(write("empty.glb", std::string())).find("this is no glTF file"), std::string::npos);
  EXPECT_NE(refusal_of(folder_ / "absent.glb").find("there is no such file"), std::string::npos);
  EXPECT_NE(
      refusal_of(write("old.gltf", std::string(R"({"asset":{"version":"1.0"}})"))).find("asset.version"),
      std::string::npos);
}

TEST_F(Import, ATruncatedFileIsRefusedAtEveryLength) {
  const auto whole = one_triangle().finish();
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    const auto path = write("cut.glb", std::span(whole).first(size));
    EXPECT_FALSE(import_gltf(path, {}).ok()) << size << " of " << whole.size();
  }
}

TEST_F(Import, ASceneWithoutTrianglesIsRefused) {
  const auto path = write("a.gltf", document(R"("nodes":[{"name":"alone"}])"));
  EXPECT_NE(refusal_of(path).find("no triangles"), std::string::npos);
}

TEST_F(Import, MissingBuffersAndTexturesAreNamed) {
  const auto buffer =
      write("a.gltf", document(R"("nodes":[{}],"buffers":[{"uri":"gone.bin","byteLength":4}])"));
  EXPECT_NE(refusal_of(buffer).find("gone.bin"), std::string::npos);
  const auto texture = write("b.gltf", document(R"("nodes":[{}],"images":[{"uri":"wood.png"}])"));
  EXPECT_NE(refusal_of(texture).find("wood.png"), std::string::npos);
}

TEST_F(Import, ARequiredExtensionThatIsUnknownIsRefused) {
  const auto path =
      write("a.gltf", document(R"("nodes":[{}],"extensionsRequired":["KHR_draco_mesh_compression"])"));
  EXPECT_NE(refusal_of(path).find("KHR_draco_mesh_compression"), std::string::npos);
}

TEST_F(Import, FilesOverTheBoundAreRefused) {
  ImportOptions options;
  options.max_file_bytes = 100;
  EXPECT_NE(refusal_of(write("a.glb", one_triangle().finish()), options).find("exceed the bound of 100"),
            std::string::npos);
}

TEST_F(Import, AnImpossibleRangeIsRefused) {
  const auto path = write("a.glb", one_triangle().finish());
  EXPECT_NE(refusal_of(path, {.first_frame = 4, .last_frame = 2}).find("frames 4-2"), std::string::npos);
  EXPECT_NE(refusal_of(path, {.first_frame = 0, .last_frame = 2}).find("frames 0-2"), std::string::npos);
  EXPECT_NE(refusal_of(path, {.frames_per_second = 0}).find("frames_per_second"), std::string::npos);
}

}  // namespace
}  // namespace reeve::client
