#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "tests/demo/shapes.h"

namespace reeve::demo {

/// How a surface looks, in the words of glTF 2.0 and its KHR_materials_* extensions.
struct MaterialLook {
  std::string name;
  Vec3 base_colour = {1, 1, 1};  // linear
  int texture = -1;              // an index from add_texture; -1: none
  float metallic = 0;
  float roughness = 1;
  float transmission = 0;
  float ior = 1.5F;
  Vec3 emission = {};  // linear, each part at most 1
  float emissive_strength = 1;
};

/// A rotation as glTF writes it: (x, y, z, w), of length 1.
struct Quaternion {
  float x = 0;
  float y = 0;
  float z = 0;
  float w = 1;
};

Quaternion rotation_about(const Vec3& axis, float angle_rad);
Quaternion operator*(const Quaternion& a, const Quaternion& b);

/// Collects a scene and writes it as one binary glTF 2.0 file (GLB). Equal calls give equal bytes.
class GlbWriter {
 public:
  /// Each returns the index by which later calls name what was added.
  int add_texture(std::span<const std::byte> png);
  int add_material(const MaterialLook& look);
  int add_mesh(const std::string& name, const Mesh& mesh, int material);
  int add_node(const std::string& name, int mesh, const Vec3& translation, const Quaternion& rotation = {});
  int add_camera_node(const std::string& name, float vertical_fov_rad, const Vec3& translation,
                      const Quaternion& rotation);

  /// A directional light (KHR_lights_punctual) that shines along the node's -z, in the light's own colour.
  int add_sun_node(const std::string& name, const Vec3& colour, float intensity, const Quaternion& rotation);
  /// Sets the scene's extras.reeve_environment, from which the importer takes the sky.
  void set_environment(nlohmann::json environment) { environment_ = std::move(environment); }

  void attach(int parent_node, int child_node);
  void animate_rotation(int node, std::span<const float> times_s, std::span<const Quaternion> values);
  void animate_translation(int node, std::span<const float> times_s, std::span<const Vec3> values);

  std::size_t triangles() const { return triangles_; }

  /// The whole file. Every node that no other one holds is a root of the scene.
  std::vector<std::byte> finish() const;

 private:
  nlohmann::json document() const;
  int add_view(std::span<const std::byte> bytes);
  int add_floats(std::span<const float> values, const char* type, int parts, bool with_bounds);
  void animate(int node, const char* path, int input, int output);

  std::vector<std::byte> buffer_;
  nlohmann::json views_ = nlohmann::json::array();
  nlohmann::json accessors_ = nlohmann::json::array();
  nlohmann::json images_ = nlohmann::json::array();
  nlohmann::json textures_ = nlohmann::json::array();
  nlohmann::json materials_ = nlohmann::json::array();
  nlohmann::json meshes_ = nlohmann::json::array();
  nlohmann::json nodes_ = nlohmann::json::array();
  nlohmann::json cameras_ = nlohmann::json::array();
  nlohmann::json lights_ = nlohmann::json::array();
  nlohmann::json environment_;
  nlohmann::json channels_ = nlohmann::json::array();
  nlohmann::json samplers_ = nlohmann::json::array();
  std::vector<bool> held_;
  std::size_t triangles_ = 0;
};

}  // namespace reeve::demo
