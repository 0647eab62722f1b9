#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "tests/demo/glb_writer.h"

namespace reeve::client {

/// A folder of its own for each test, removed afterwards.
class SceneFiles : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("reeve-scene-" + std::to_string(getpid()) + "-" + test->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::span<const std::byte> bytes) const {
    std::ofstream file(folder_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return write(name, std::as_bytes(std::span(text)));
  }

  std::filesystem::path folder_;
};

/// One triangle of one grey material at the origin.
inline demo::GlbWriter one_triangle() {
  demo::GlbWriter writer;
  demo::Mesh mesh;
  mesh.positions = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
  mesh.normals.assign(3, demo::Vec3{0, 0, 1});
  mesh.uvs = {{0, 0}, {1, 0.25F}, {0, 0.75F}};
  mesh.indices = {0, 1, 2};
  demo::MaterialLook grey;
  grey.name = "grey";
  grey.base_colour = {0.5F, 0.5F, 0.5F};
  writer.add_node("triangle", writer.add_mesh("triangle", mesh, writer.add_material(grey)), {2, 3, 4});
  return writer;
}

}  // namespace reeve::client
