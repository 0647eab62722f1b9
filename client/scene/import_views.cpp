#include "client/scene/import_views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace reeve::client {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr float kDefaultFovRadians = 0.7F;

const NodeMotion* motion_of(const std::vector<NodeMotion>& motions, const aiString& name) {
  const auto found = std::find_if(motions.begin(), motions.end(),
                                  [&](const NodeMotion& motion) { return motion.node->mName == name; });
  return found == motions.end() ? nullptr : &*found;
}

kernels::Float3 axis(const aiMatrix4x4& m, int column, float sign) {
  const float* row[] = {m[0], m[1], m[2]};
  return {sign * row[0][column], sign * row[1][column], sign * row[2][column]};
}

/// A camera whose node has no name is not in the document's list; the horizontal field of view is then the
/// best guess.
float vertical_fov(const aiCamera& camera, const GltfDocument& document) {
  const auto named = document.vertical_fovs.find(camera.mName.C_Str());
  if (named != document.vertical_fovs.end()) return std::clamp(named->second, 0.01F, 3.0F);
  return std::clamp(camera.mHorizontalFOV / (camera.mAspect > 0 ? camera.mAspect : 1), 0.01F, 3.0F);
}

std::string names_of_cameras(const aiScene& source) {
  std::string names;
  for (unsigned i = 0; i < std::min(source.mNumCameras, 20U); ++i)
    names += (i == 0 ? "" : ", ") + std::string(source.mCameras[i]->mName.C_Str());
  return names.empty() ? "none" : names;
}

struct Bounds {
  kernels::Float3 low{1e30F, 1e30F, 1e30F};
  kernels::Float3 high{-1e30F, -1e30F, -1e30F};

  void include(const kernels::Float3& p) {
    for (std::size_t i = 0; i < 3; ++i) {
      low[i] = std::min(low[i], p[i]);
      high[i] = std::max(high[i], p[i]);
    }
  }
  float diagonal() const { return std::hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]); }
};

/// What the first frame shows.
Bounds bounds_of(const kernels::Scene& scene) {
  Bounds bounds;
  for (const kernels::Instance& instance : scene.instances) {
    const kernels::Transform& t = instance.transforms[0];
    for (const kernels::Float3& p : scene.meshes[instance.mesh].positions) {
      kernels::Float3 world{};
      for (std::size_t i = 0; i < 3; ++i)
        world[i] = t[4 * i] * p[0] + t[4 * i + 1] * p[1] + t[4 * i + 2] * p[2] + t[4 * i + 3];
      bounds.include(world);
    }
  }
  return bounds;
}

kernels::Camera framing_camera(const kernels::Scene& scene) {
  const Bounds bounds = bounds_of(scene);
  const float radius = std::max(bounds.diagonal() / 2, 1e-3F);
  const float distance = 1.05F * radius / std::sin(kDefaultFovRadians / 2);
  constexpr kernels::Float3 kFrom = {0.45F, 0.35F, 0.82F};  // from the right and above, of length 1
  kernels::Camera camera;
  camera.vertical_fov_radians = kDefaultFovRadians;
  for (std::size_t i = 0; i < 3; ++i) {
    camera.eye[i] = (bounds.low[i] + bounds.high[i]) / 2 + kFrom[i] * distance;
    camera.forward[i] = -kFrom[i];
  }
  return camera;
}

/// A ball of about 100 triangles, radius 1.
kernels::Mesh make_ball() {
  constexpr std::uint32_t kAround = 10;
  constexpr std::uint32_t kRows = 6;
  kernels::Mesh ball;
  for (std::uint32_t j = 0; j <= kRows; ++j) {
    for (std::uint32_t i = 0; i < kAround; ++i) {
      const double polar = kPi * j / kRows;
      const double azimuth = -2 * kPi * i / kAround;
      ball.positions.push_back({static_cast<float>(std::sin(polar) * std::cos(azimuth)),
                                static_cast<float>(-std::cos(polar)),
                                static_cast<float>(std::sin(polar) * std::sin(azimuth))});
    }
  }
  for (std::uint32_t j = 0; j < kRows; ++j) {
    for (std::uint32_t i = 0; i < kAround; ++i) {
      const std::uint32_t next = (i + 1) % kAround;
      const std::uint32_t a = j * kAround;
      const std::uint32_t b = a + kAround;
      if (j > 0) ball.indices.insert(ball.indices.end(), {a + i, a + next, b + next});
      if (j + 1 < kRows) ball.indices.insert(ball.indices.end(), {a + i, b + next, b + i});
    }
  }
  return ball;
}

/// A light's colour with its largest part 1, and that part's size.
std::pair<kernels::Float3, float> split_intensity(const aiColor3D& colour) {
  const float most = std::max({colour.r, colour.g, colour.b, 1e-6F});
  return {{std::max(colour.r, 0.F) / most, std::max(colour.g, 0.F) / most, std::max(colour.b, 0.F) / most},
          most};
}

/// A point of I candela becomes a ball that sends the same light: radiance = I / (π r²).
void add_point_light(const aiLight& light, const NodeMotion& motion, float radius_m, kernels::Scene& scene) {
  const auto [colour, intensity] = split_intensity(light.mColorDiffuse);
  kernels::Material glow;
  glow.kind = kernels::MaterialKind::kEmissive;
  glow.base_color = {0, 0, 0};
  glow.emission = colour;
  glow.emission_strength =
      std::min(intensity / (static_cast<float>(kPi) * radius_m * radius_m), kernels::kMaxRadiance);
  scene.materials.push_back(glow);
  kernels::Mesh ball = make_ball();
  ball.material = static_cast<std::uint32_t>(scene.materials.size() - 1);
  scene.meshes.push_back(std::move(ball));
  kernels::Instance instance;
  instance.mesh = static_cast<std::uint32_t>(scene.meshes.size() - 1);
  for (const aiMatrix4x4& world : motion.world) {
    instance.transforms.push_back(
        {radius_m, 0, 0, world.a4, 0, radius_m, 0, world.b4, 0, 0, radius_m, world.c4});
  }
  scene.instances.push_back(std::move(instance));
}

/// A mild sky, so that a file that brings no light of its own is worth looking at; a soft sun where nothing
/// else shines.
kernels::Environment default_sky(bool with_sun) {
  kernels::Environment sky;
  sky.zenith = {0.30F, 0.46F, 0.78F};
  sky.horizon = {0.86F, 0.88F, 0.90F};
  sky.ground = {0.30F, 0.28F, 0.26F};
  sky.strength = with_sun ? 0.8F : 0.6F;
  if (with_sun) {
    sky.sun_direction = {0.55F, 0.75F, 0.36F};
    sky.sun_irradiance = {2.3F, 2.1F, 1.8F};
    sky.sun_angular_radius_radians = 0.05F;
  }
  return sky;
}

bool anything_shines(const aiScene& source, const kernels::Scene& scene) {
  return source.mNumLights > 0 || std::any_of(scene.materials.begin(), scene.materials.end(),
                                              [](const auto& look) { return look.emission_strength > 0; });
}

}  // namespace

kernels::Transform to_transform(const aiMatrix4x4& m) {
  return {m.a1, m.a2, m.a3, m.a4, m.b1, m.b2, m.b3, m.b4, m.c1, m.c2, m.c3, m.c4};
}

Result<void> import_camera(const aiScene& source, const GltfDocument& document,
                           const std::vector<NodeMotion>& motions, const ImportOptions& options,
                           kernels::Scene& scene) {
  for (unsigned i = 0; i < source.mNumCameras; ++i) {
    const aiCamera& camera = *source.mCameras[i];
    if (!options.camera.empty() && options.camera != camera.mName.C_Str()) continue;
    const NodeMotion* motion = motion_of(motions, camera.mName);
    if (motion == nullptr) continue;
    for (const aiMatrix4x4& world : motion->world) {
      kernels::Camera view;
      view.eye = {world.a4, world.b4, world.c4};
      view.forward = axis(world, 2, -1);
      view.up = axis(world, 1, 1);
      view.vertical_fov_radians = vertical_fov(camera, document);
      scene.cameras.push_back(view);
    }
    return {};
  }
  if (!options.camera.empty()) {
    return Error{ErrorCode::kNotFound, "no camera is named " + options.camera,
                 "the cameras of this file: " + names_of_cameras(source)};
  }
  scene.cameras = {framing_camera(scene)};
  return {};
}

void import_lights(const aiScene& source, const GltfDocument& document,
                   const std::vector<NodeMotion>& motions, kernels::Scene& scene,
                   std::vector<std::string>& notes) {
  scene.environment =
      document.environment ? *document.environment : default_sky(!anything_shines(source, scene));
  const float radius_m = std::clamp(0.004F * bounds_of(scene).diagonal(), 0.005F, 0.1F);
  bool has_sun = false;
  for (unsigned i = 0; i < source.mNumLights; ++i) {
    const aiLight& light = *source.mLights[i];
    const NodeMotion* motion = motion_of(motions, light.mName);
    if (motion == nullptr) continue;
    if (light.mType == aiLightSource_DIRECTIONAL && !has_sun) {
      has_sun = true;
      scene.environment.sun_direction = axis(motion->world[0], 2, 1);
      scene.environment.sun_irradiance = {light.mColorDiffuse.r, light.mColorDiffuse.g,
                                          light.mColorDiffuse.b};
      if (motion->world.size() > 1)
        notes.emplace_back("the directional light keeps its direction of the first frame");
    } else if (light.mType == aiLightSource_POINT) {
      add_point_light(light, *motion, radius_m, scene);
    } else {
      notes.push_back("light " + std::string(light.mName.C_Str()) +
                      " is left out: point lights and one directional light are supported");
    }
  }
}

}  // namespace reeve::client
