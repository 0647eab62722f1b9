#include "client/renderers/scene_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "client/renderers/needs.h"

namespace reeve::client {
namespace {

using Texts = std::vector<std::string>;

class SceneFilesTest : public testing::Test {
 protected:
  SceneFilesTest() {
    std::string name = testing::TempDir() + "reeve_scene_XXXXXX";
    root_ = std::filesystem::canonical(mkdtemp(name.data()));
  }
  ~SceneFilesTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
    return root_ / path;
  }
  /// A program on PATH in Blender's place that says `text`.
  void stand_in(const std::string& text, int status = 0) const {
    const auto program = write(
        "bin/blender", "#!/bin/sh\ncat <<'END'\n" + text + "\nEND\nexit " + std::to_string(status) + "\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs
    setenv("PATH", ((root_ / "bin").string() + ":/usr/bin:/bin").c_str(), 1);
  }
  static SceneRequest povray(const std::filesystem::path& scene) {
    return {Renderer::kPovray, scene, {}, {}};
  }
  static SceneRequest blender(const std::filesystem::path& scene) {
    return {Renderer::kBlender, scene, {}, {}};
  }

  std::filesystem::path root_;
};

TEST(PovrayNames, AreThoseBehindIncludesAndFormatsOutsideOfComments) {
  EXPECT_EQ(
      povray_names(
          "#include \"a.inc\" // #include \"no.inc\"\n/* png \"no.png\" */ image_map { png \"b.png\" once }\n"
          "#declare Name = \"c.png\"; text { ttf \"d.ttf\" \"some text\" 1, 0 }\n# include \"e.inc\""),
      (Texts{"a.inc", "b.png", "d.ttf", "e.inc"}));
  EXPECT_TRUE(povray_names("png \"").empty());
  EXPECT_EQ(povray_names("#include \"no end"), Texts{"no end"});
  EXPECT_TRUE(povray_names("/* never closed png \"a.png\"").empty());
}

TEST_F(SceneFilesTest, APovraySceneTakesItsIncludesAndPicturesAlong) {
  const auto scene = write("scene.pov", "#include \"parts/wheel.inc\"\n");
  write("parts/wheel.inc", "image_map { png \"wood.png\" }\n");
  write("parts/wood.png", "a picture beside the include");
  write("other.png", "that nobody names");
  const auto files = gather_scene_files(povray(scene));
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(files->project, root_);
  EXPECT_EQ(files->scene, "scene.pov");
  EXPECT_EQ(files->picked, (Texts{"parts/wheel.inc", "parts/wood.png", "scene.pov"}));
}

TEST_F(SceneFilesTest, ANameWithoutAnEndingIsLookedForWithOne) {
  const auto scene = write("scene.pov", "text { ttf \"letters\" }");
  write("letters.ttf", "");
  EXPECT_EQ(gather_scene_files(povray(scene))->picked, (Texts{"letters.ttf", "scene.pov"}));
}

TEST_F(SceneFilesTest, EveryMissingFileIsNamed) {
  const auto scene = write("scene.pov", "image_map { png \"wood.png\" } image_map { jpeg \"tin.jpg\" }");
  const auto files = gather_scene_files(povray(scene));
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code, ErrorCode::kNotFound);
  EXPECT_NE(files.error().message.find("tin.jpg, wood.png"), std::string::npos) << files.error().message;
}

TEST_F(SceneFilesTest, IncludesThatGoRoundEnd) {
  const auto scene = write("scene.pov", "#include \"a.inc\"");
  write("a.inc", "#include \"b.inc\"");
  write("b.inc", "#include \"a.inc\" #include \"scene.pov\"");
  const auto files = gather_scene_files(povray(scene));
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(files->picked, (Texts{"a.inc", "b.inc", "scene.pov"}));
}

TEST_F(SceneFilesTest, AFileOutsideOfTheSceneFolderNeedsAProject) {
  const auto scene = write("shots/scene.pov", "image_map { png \"../wood.png\" }");
  write("wood.png", "");
  const auto alone = gather_scene_files(povray(scene));
  ASSERT_FALSE(alone.ok());
  EXPECT_NE(alone.error().message.find("wood.png"), std::string::npos);
  EXPECT_NE(alone.error().hint.find("--project"), std::string::npos);
  SceneRequest request = povray(scene);
  request.project = root_;
  const auto whole = gather_scene_files(request);
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(whole->scene, "shots/scene.pov");
  EXPECT_TRUE(whole->picked.empty()) << "the whole project goes along";
}

TEST_F(SceneFilesTest, InputsGoAlongToo) {
  const auto scene = write("scene.pov", "");
  write("maps/deep/a.png", "");
  SceneRequest request = povray(scene);
  request.inputs = {(root_ / "maps").string()};
  EXPECT_EQ(gather_scene_files(request)->picked, (Texts{"maps/deep/a.png", "scene.pov"}));
  request.inputs = {"/etc/hostname"};
  EXPECT_EQ(gather_scene_files(request).error().code, ErrorCode::kInvalid);
  request.inputs = {"/no/such/file"};
  EXPECT_EQ(gather_scene_files(request).error().code, ErrorCode::kNotFound);
}

TEST_F(SceneFilesTest, BlenderSaysWhatItsSceneNeeds) {
  const auto scene = write("mill.blend", "");
  const auto texture = write("textures/wood.png", "");
  stand_in("Blender 3.4.1\nreeve:found " + texture.string());
  const auto files = gather_scene_files(blender(scene));
  ASSERT_TRUE(files.ok()) << files.error().message;
  EXPECT_EQ(files->picked, (Texts{"mill.blend", "textures/wood.png"}));
  stand_in("reeve:missing /gone/wood.png\nreeve:missing /gone/tin.png");
  const auto missing = gather_scene_files(blender(scene));
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("/gone/tin.png, /gone/wood.png"), std::string::npos);
}

TEST_F(SceneFilesTest, WhatCouldNotBeCheckedIsSaid) {
  const auto scene = write("mill.blend", "");
  stand_in("it is of a newer version", 1);
  const auto files = gather_scene_files(blender(scene));
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->picked, Texts{"mill.blend"});
  ASSERT_EQ(files->notes.size(), 1U);
  EXPECT_NE(files->notes[0].find("was not checked"), std::string::npos) << files->notes[0];
}

TEST_F(SceneFilesTest, ASceneThatIsNotThereIsRefused) {
  EXPECT_EQ(gather_scene_files(povray(root_ / "none.pov")).error().code, ErrorCode::kNotFound);
  SceneRequest request = povray(write("scene.pov", ""));
  request.project = root_ / "none";
  EXPECT_EQ(gather_scene_files(request).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace reeve::client
