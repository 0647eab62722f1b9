#include "kernels/verify/test_scene.h"

#include "kernels/core/math.h"
#include "kernels/core/rng.h"
#include "kernels/core/vec3.h"

namespace reeve::kernels {
namespace {

constexpr std::uint64_t kSceneKey = 0x7265657665ull;

Float3 to_float3(Vec3 a) {
  return {a.x.value, a.y.value, a.z.value};
}
F32 ratio(std::uint32_t a, std::uint32_t b) {
  return from_int(static_cast<std::int32_t>(a)) / from_int(static_cast<std::int32_t>(b));
}

F32 lattice(std::int32_t x, std::int32_t y, std::int32_t z) {
  const Random4 counter{
      {static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(z), 7}};
  return to_unit(philox(counter, kSceneKey).word[0]);
}

F32 blend(F32 a, F32 b, F32 t) {
  return fma(t, b - a, a);
}

/// Value noise, 0..1.
F32 noise(Vec3 p) {
  const std::int32_t x = floor_to_int(p.x);
  const std::int32_t y = floor_to_int(p.y);
  const std::int32_t z = floor_to_int(p.z);
  const auto ease = [](F32 t) { return t * t * fma(F32(-2), t, F32(3)); };
  const F32 a = ease(p.x - from_int(x));
  const F32 b = ease(p.y - from_int(y));
  const F32 c = ease(p.z - from_int(z));
  const auto edge = [&](std::int32_t dy, std::int32_t dz) {
    return blend(lattice(x, y + dy, z + dz), lattice(x + 1, y + dy, z + dz), a);
  };
  return blend(blend(edge(0, 0), edge(1, 0), b), blend(edge(0, 1), edge(1, 1), b), c);
}

F32 knobbly_radius(Vec3 direction) {
  F32 radius(1);
  F32 amplitude(0.3f);
  Vec3 at = direction * F32(3);
  for (int octave = 0; octave < 4; ++octave) {
    radius = fma(amplitude, noise(at) - F32(0.5f), radius);
    amplitude = amplitude * F32(0.5f);
    at = at * F32(2.03f);
  }
  return radius;
}

/// A ball of radius 1 with `around` segments by half as many rings.
Mesh make_ball(std::uint32_t around, bool knobbly, std::uint32_t material) {
  Mesh mesh;
  mesh.material = material;
  const std::uint32_t rings = around / 2;
  for (std::uint32_t ring = 0; ring <= rings; ++ring) {
    for (std::uint32_t segment = 0; segment <= around; ++segment) {
      // The seam's two columns must meet exactly.
      const SinCos turn = sin_cos_pi(F32(2) * ratio(segment % around, around));
      const SinCos tilt = sin_cos_pi(ratio(ring, rings));
      const Vec3 direction{tilt.sin * turn.cos, tilt.cos, tilt.sin * turn.sin};
      mesh.positions.push_back(to_float3(knobbly ? direction * knobbly_radius(direction) : direction));
      if (!knobbly) mesh.normals.push_back(to_float3(direction));
      mesh.uvs.push_back({ratio(segment, around).value, ratio(ring, rings).value});
    }
  }
  for (std::uint32_t ring = 0; ring < rings; ++ring) {
    for (std::uint32_t segment = 0; segment < around; ++segment) {
      const std::uint32_t a = ring * (around + 1) + segment;
      const std::uint32_t b = a + around + 1;
      mesh.indices.insert(mesh.indices.end(), {a, a + 1, b, a + 1, b + 1, b});
    }
  }
  return mesh;
}

/// A square in the plane y = 0 that looks up, from -1 to 1, its texture repeated.
Mesh make_square(float repeats, std::uint32_t material) {
  Mesh mesh;
  mesh.material = material;
  mesh.positions = {{-1, 0, -1}, {1, 0, -1}, {-1, 0, 1}, {1, 0, 1}};
  mesh.uvs = {{0, 0}, {repeats, 0}, {0, repeats}, {repeats, repeats}};
  mesh.indices = {0, 2, 1, 1, 2, 3};
  return mesh;
}

Texture make_texture(std::uint32_t width, std::uint32_t height, Float3 dark, Float3 light,
                     std::uint32_t check) {
  Texture texture{width, height, {}};
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      const bool is_light = ((x / check) + (y / check)) % 2 != 0;
      const F32 grain = to_unit(philox({{x, y, 1, 2}}, kSceneKey).word[0]) * F32(0.15f);
      for (int channel = 0; channel < 3; ++channel) {
        const F32 value = F32(is_light ? light[channel] : dark[channel]) * (F32(1) - grain);
        texture.rgba.push_back(static_cast<std::uint8_t>(to_int(clamp(value, F32(0), F32(1)) * F32(255))));
      }
      texture.rgba.push_back(255);
    }
  }
  return texture;
}

Transform place(float scale, Float3 at) {
  return {scale, 0, 0, at[0], 0, scale, 0, at[1], 0, 0, scale, at[2]};
}

enum MeshIndex : std::uint32_t {
  kFloor,
  kKnobbly,
  kGlassBall,
  kMirrorBall,
  kMetalBall,
  kClayBall,
  kPaintBall,
  kPanel
};

void add_materials(Scene& scene) {
  scene.materials.resize(8);
  const auto set = [&scene](MeshIndex mesh, MaterialKind kind, Float3 color, float roughness) -> Material& {
    Material& material = scene.materials[mesh];
    material.kind = kind;
    material.base_color = color;
    material.roughness = roughness;
    return material;
  };
  set(kFloor, MaterialKind::kDiffuse, {0.9f, 0.9f, 0.9f}, 1).base_texture = 0;
  set(kKnobbly, MaterialKind::kGlossy, {0.75f, 0.16f, 0.08f}, 0.25f);
  set(kGlassBall, MaterialKind::kGlass, {0.96f, 1, 0.97f}, 0).ior = 1.5f;
  set(kMirrorBall, MaterialKind::kMetal, {0.95f, 0.93f, 0.88f}, 0);
  set(kMetalBall, MaterialKind::kMetal, {1, 0.72f, 0.3f}, 0.35f);
  set(kClayBall, MaterialKind::kDiffuse, {0.3f, 0.5f, 0.85f}, 1);
  set(kPaintBall, MaterialKind::kGlossy, {0.2f, 0.6f, 0.25f}, 0).base_texture = 1;
  Material& panel = set(kPanel, MaterialKind::kEmissive, {0, 0, 0}, 1);
  panel.emission = {1, 0.85f, 0.6f};
  panel.emission_strength = 18;
  panel.emission_texture = 1;
}

void add_meshes(Scene& scene, std::uint32_t detail) {
  scene.meshes.push_back(make_square(8, kFloor));
  scene.meshes.push_back(make_ball(2 * detail, true, kKnobbly));
  for (const MeshIndex mesh : {kGlassBall, kMirrorBall, kMetalBall, kClayBall, kPaintBall}) {
    scene.meshes.push_back(make_ball(detail, false, mesh));
  }
  scene.meshes.push_back(make_square(1, kPanel));
}

Scene make_common(const TestSceneOptions& options) {
  Scene scene;
  scene.frame_count = options.frames;
  scene.textures.push_back(make_texture(64, 64, {0.35f, 0.33f, 0.32f}, {0.9f, 0.88f, 0.85f}, 32));
  scene.textures.push_back(make_texture(32, 16, {0.5f, 0.4f, 0.3f}, {1, 1, 1}, 4));
  scene.textures.push_back(make_texture(96, 48, {0.15f, 0.2f, 0.35f}, {0.75f, 0.8f, 0.95f}, 24));
  add_materials(scene);
  add_meshes(scene, options.detail);
  return scene;
}

}  // namespace

Scene make_garden_scene(const TestSceneOptions& options) {
  Scene scene = make_common(options);
  scene.instances = {{kFloor, {place(9, {0, -1, 0})}},
                     {kKnobbly, {place(1, {0, 0.1f, 0})}},
                     {kGlassBall, {place(0.55f, {-1.5f, -0.45f, 1.1f})}},
                     {kMirrorBall, {place(0.6f, {1.7f, -0.4f, 0.3f})}},
                     {kMetalBall, {place(0.4f, {0.9f, -0.6f, 1.5f})}},
                     {kClayBall, {}},
                     {kPaintBall, {place(0.45f, {-1.9f, -0.55f, -0.6f})}},
                     {kPanel, {{0, -0.3f, 0, 2.9f, 0.3f, 0, 0, -0.4f, 0, 0, 0.3f, -1.2f}}}};
  for (std::uint32_t frame = 0; frame < options.frames; ++frame) {
    const SinCos turn = sin_cos_pi(F32(2) * ratio(frame, options.frames));
    scene.instances[kClayBall].transforms.push_back(
        place(0.3f, {-0.3f + 0.4f * turn.sin.value, -0.7f, 1.7f}));
    Camera camera;
    camera.eye = {0.6f * turn.sin.value, 1.1f, 5.2f};
    camera.forward = {-0.11f * turn.sin.value, -0.27f, -1};
    camera.vertical_fov_radians = 0.75f;
    scene.cameras.push_back(camera);
  }
  scene.environment.sun_direction = {-0.5f, 0.55f, 0.45f};
  scene.environment.sun_irradiance = {3.2f, 2.8f, 2.2f};
  scene.environment.sun_angular_radius_radians = 0.02f;
  scene.environment.strength = 0.8f;
  return scene;
}

Scene make_studio_scene(const TestSceneOptions& options) {
  Scene scene = make_common(options);
  scene.instances = {{kFloor, {place(6, {0, -1, 0})}},
                     {kKnobbly, {{0.9f, 0.2f, 0, 0, 0, 1, 0, 0.1f, 0, 0, 1.1f, 0}}},
                     {kGlassBall, {place(0.5f, {-1.3f, -0.5f, 1.2f})}},
                     {kMirrorBall, {{-0.6f, 0, 0, 1.6f, 0, 0.6f, 0, -0.4f, 0, 0, 0.6f, 0.3f}}},
                     {kMetalBall, {place(0.4f, {0.9f, -0.6f, 1.4f})}},
                     {kClayBall, {{0.3f, 0, 0, -0.2f, 0, 0.6f, 0, -0.5f, 0, 0, 0.3f, 1.6f}}},
                     {kPaintBall, {place(0.45f, {-1.8f, -0.55f, -0.3f})}},
                     {kPanel, {{1, 0, 0, 0.3f, 0, -1, 0, 3, 0, 0, 1, 0.6f}}}};
  Camera camera;
  camera.eye = {0.4f, 0.9f, 5};
  camera.forward = {-0.08f, -0.24f, -1};
  camera.vertical_fov_radians = 0.7f;
  camera.lens_radius = 0.05f;
  camera.focus_distance = 4.2f;
  scene.cameras = {camera};
  scene.environment.kind = EnvironmentKind::kTexture;
  scene.environment.texture = 2;
  scene.environment.strength = 0.35f;
  return scene;
}

Scene make_boulder_scene(std::uint32_t detail) {
  Scene scene;
  scene.materials.resize(2);
  scene.meshes = {make_square(8, 0), make_ball(detail, true, 1)};
  scene.instances = {{0, {place(8, {0, -1.2f, 0})}}, {1, {kIdentityTransform}}};
  Camera camera;
  camera.eye = {0.3f, 0.6f, 2.6f};
  camera.forward = {-0.05f, -0.28f, -1};
  camera.vertical_fov_radians = 1;
  scene.cameras = {camera};
  return scene;
}

}  // namespace reeve::kernels
