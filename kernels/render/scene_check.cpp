#include <cmath>

#include "kernels/render/scene_format.h"

namespace reeve::kernels {
namespace {

/// Remembers the first rule that a scene breaks.
class Checker {
 public:
  explicit Checker(std::string& error) : error_(error) { error_.clear(); }

  /// Names where the following fields are: "material 3".
  void enter(const char* what, std::size_t index) {
    what_ = what;
    index_ = index;
  }
  void range(const char* field, float value, float low, float high) {
    // Written so that NaN fails.
    if (!(value >= low && value <= high)) refuse(field, std::to_string(value), low, high);
  }
  template <std::size_t n>
  void range(const char* field, const std::array<float, n>& values, float low, float high) {
    for (const float value : values)
      range(field, value, low, high);
  }
  void count(const char* field, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
    if (value < low || value > high) {
      refuse(field, std::to_string(value), static_cast<double>(low), static_cast<double>(high));
    }
  }
  void texture(const char* field, std::uint32_t index, const Scene& scene) {
    if (index != kNoTexture && index >= scene.textures.size()) {
      say(field,
          std::to_string(index) + " names none of " + std::to_string(scene.textures.size()) + " textures");
    }
  }
  /// A direction must have a length that a float's square can hold.
  void direction(const char* field, const Float3& v) {
    range(field, v, -kMaxCoordinate, kMaxCoordinate);
    const double length2 = double{v[0]} * v[0] + double{v[1]} * v[1] + double{v[2]} * v[2];
    if (!(length2 >= 1e-12)) say(field, "has no length");
  }
  void say(const char* field, const std::string& problem) {
    if (!ok()) return;
    error_ = what_;
    if (index_ != kNoIndex) error_ += " " + std::to_string(index_);
    error_ += std::string(": ") + field + " " + problem;
  }
  bool ok() const { return error_.empty(); }

  static constexpr std::size_t kNoIndex = ~std::size_t{0};

 private:
  void refuse(const char* field, const std::string& value, double low, double high) {
    if (ok()) say(field, "= " + value + " must lie in " + std::to_string(low) + ".." + std::to_string(high));
  }

  std::string& error_;
  const char* what_ = "scene";
  std::size_t index_ = kNoIndex;
};

void check_cameras(const Scene& scene, Checker& check) {
  check.enter("scene", Checker::kNoIndex);
  if (scene.cameras.size() != 1 && scene.cameras.size() != scene.frame_count) {
    check.say("cameras", "must be one or one for each frame");
  }
  for (std::size_t i = 0; i < scene.cameras.size() && check.ok(); ++i) {
    const Camera& camera = scene.cameras[i];
    check.enter("camera", i);
    check.range("eye", camera.eye, -kMaxCoordinate, kMaxCoordinate);
    check.direction("forward", camera.forward);
    check.direction("up", camera.up);
    check.range("vertical_fov_radians", camera.vertical_fov_radians, 0.01f, 3.0f);
    check.range("lens_radius", camera.lens_radius, 0, kMaxCoordinate);
    check.range("focus_distance", camera.focus_distance, 1e-6f, kMaxCoordinate);
    const Float3& f = camera.forward;
    const Float3& u = camera.up;
    const Float3 cross{f[1] * u[2] - f[2] * u[1], f[2] * u[0] - f[0] * u[2], f[0] * u[1] - f[1] * u[0]};
    check.direction("up (seen across forward)", cross);
  }
}

void check_environment(const Scene& scene, Checker& check) {
  const Environment& environment = scene.environment;
  check.enter("environment", Checker::kNoIndex);
  check.count("kind", static_cast<std::uint32_t>(environment.kind), 0, 1);
  check.range("zenith", environment.zenith, 0, kMaxRadiance);
  check.range("horizon", environment.horizon, 0, kMaxRadiance);
  check.range("ground", environment.ground, 0, kMaxRadiance);
  check.range("strength", environment.strength, 0, kMaxRadiance);
  check.direction("sun_direction", environment.sun_direction);
  check.range("sun_irradiance", environment.sun_irradiance, 0, kMaxRadiance);
  check.range("sun_angular_radius_radians", environment.sun_angular_radius_radians, 0, 0.5f);
  check.texture("texture", environment.texture, scene);
  if (environment.kind == EnvironmentKind::kTexture && environment.texture == kNoTexture) {
    check.say("texture", "is missing, and kind = texture needs one");
  }
}

void check_materials(const Scene& scene, Checker& check) {
  check.count("materials", scene.materials.size(), 0, kMaxMaterials);
  for (std::size_t i = 0; i < scene.materials.size() && check.ok(); ++i) {
    const Material& material = scene.materials[i];
    check.enter("material", i);
    check.count("kind", static_cast<std::uint32_t>(material.kind), 0, 4);
    check.range("base_color", material.base_color, 0, 1);
    check.range("roughness", material.roughness, 0, 1);
    check.range("ior", material.ior, 1, 4);
    check.range("emission", material.emission, 0, 1);
    check.range("emission_strength", material.emission_strength, 0, kMaxRadiance);
    check.texture("base_texture", material.base_texture, scene);
    check.texture("emission_texture", material.emission_texture, scene);
  }
}

void check_textures(const Scene& scene, Checker& check) {
  check.count("textures", scene.textures.size(), 0, kMaxTextures);
  for (std::size_t i = 0; i < scene.textures.size() && check.ok(); ++i) {
    const Texture& texture = scene.textures[i];
    check.enter("texture", i);
    check.count("width", texture.width, 1, kMaxTextureSide);
    check.count("height", texture.height, 1, kMaxTextureSide);
    if (texture.rgba.size() != std::size_t{texture.width} * texture.height * 4) {
      check.say("rgba", "must hold 4 · width · height bytes");
    }
  }
}

void check_mesh(const Scene& scene, const Mesh& mesh, Checker& check) {
  check.count("positions", mesh.positions.size(), 0, kMaxVertices);
  for (const Float3& position : mesh.positions) {
    check.range("position", position, -kMaxCoordinate, kMaxCoordinate);
  }
  for (const Float3& normal : mesh.normals)
    check.range("normal", normal, -kMaxCoordinate, kMaxCoordinate);
  for (const Float2& uv : mesh.uvs)
    check.range("uv", uv, -kMaxCoordinate, kMaxCoordinate);
  if (!mesh.normals.empty() && mesh.normals.size() != mesh.positions.size()) {
    check.say("normals", "must be none or as many as positions");
  }
  if (!mesh.uvs.empty() && mesh.uvs.size() != mesh.positions.size()) {
    check.say("uvs", "must be none or as many as positions");
  }
  if (mesh.indices.size() % 3 != 0) check.say("indices", "must be three for each triangle");
  check.count("indices", mesh.indices.size(), 0, 3ull * kMaxWorldTriangles);
  for (const std::uint32_t index : mesh.indices) {
    if (index >= mesh.positions.size()) check.say("index", std::to_string(index) + " names no vertex");
  }
  if (mesh.material >= scene.materials.size()) {
    check.say("material", std::to_string(mesh.material) + " names no material");
  }
}

void check_instances(const Scene& scene, Checker& check) {
  check.count("instances", scene.instances.size(), 0, kMaxInstances);
  std::uint64_t triangles = 0;
  for (std::size_t i = 0; i < scene.instances.size() && check.ok(); ++i) {
    const Instance& instance = scene.instances[i];
    check.enter("instance", i);
    if (instance.mesh >= scene.meshes.size()) {
      check.say("mesh", std::to_string(instance.mesh) + " names no mesh");
      return;
    }
    if (instance.transforms.size() != 1 && instance.transforms.size() != scene.frame_count) {
      check.say("transforms", "must be one or one for each frame");
    }
    for (const Transform& transform : instance.transforms) {
      check.range("transform", transform, -kMaxCoordinate, kMaxCoordinate);
    }
    triangles += scene.meshes[instance.mesh].indices.size() / 3;
  }
  check.enter("scene", Checker::kNoIndex);
  check.count("triangles of all instances", triangles, 0, kMaxWorldTriangles);
}

}  // namespace

bool check_scene(const Scene& scene, std::string& error) {
  Checker check(error);
  check.count("frame_count", scene.frame_count, 1, kMaxFrames);
  check.count("first_frame", scene.first_frame, 0, 0xffffffffu - kMaxFrames);
  check_cameras(scene, check);
  check_environment(scene, check);
  check_materials(scene, check);
  check_textures(scene, check);
  check.enter("scene", Checker::kNoIndex);
  check.count("meshes", scene.meshes.size(), 0, kMaxMeshes);
  for (std::size_t i = 0; i < scene.meshes.size() && check.ok(); ++i) {
    check.enter("mesh", i);
    check_mesh(scene, scene.meshes[i], check);
  }
  check_instances(scene, check);
  return check.ok();
}

}  // namespace reeve::kernels
