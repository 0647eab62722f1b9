#include <algorithm>
#include <array>

#include "tests/demo/demo_scene.h"
#include "tests/demo/textures.h"

namespace reeve::demo {
namespace {

constexpr float kPavingRadiusM = 8.4F;
constexpr float kFacadeZ = -17;

MaterialLook textured(GlbWriter& writer, const std::string& name, std::uint32_t size_pixels,
                      const Paint& paint) {
  MaterialLook look;
  look.name = name;
  look.texture = writer.add_texture(paint_png(size_pixels, paint));
  return look;
}

MaterialLook glow(const std::string& name, const Vec3& colour, float strength) {
  MaterialLook look;
  look.name = name;
  look.base_colour = {0, 0, 0};
  look.emission = colour;
  look.emissive_strength = strength;
  return look;
}

void add_paving(GlbWriter& writer) {
  const float extent_m = 2 * kPavingRadiusM;
  Mesh paving = tessellate(448, 76, [](float u, float v) {
    const float r = 0.05F + (kPavingRadiusM - 0.05F) * v;
    const float x = r * std::cos(2 * kPi * u);
    const float z = r * std::sin(2 * kPi * u);
    const Stone stone = stone_at(x, z);
    const float dome = smooth_step(0, 0.09F, stone.edge_distance);
    return Vec3{x, dome * (0.022F + 0.016F * stone.identity) - 0.03F, z};
  });
  for (std::size_t i = 0; i < paving.positions.size(); ++i) {
    const Vec3& p = paving.positions[i];
    paving.uvs[i] = {0.5F + p.x / extent_m, 0.5F + p.z / extent_m};
  }
  const auto look =
      textured(writer, "paving", 1024, [=](float u, float v) { return paint_paving(u, v, extent_m); });
  place(writer, "paving", paving, writer.add_material(look), {});
}

void add_fields(GlbWriter& writer) {
  constexpr float kHalfExtentM = 90;
  Mesh fields = tessellate(64, 64, [](float u, float v) {
    const float x = (2 * u - 1) * kHalfExtentM;
    const float z = (1 - 2 * v) * kHalfExtentM;
    const float r = std::hypot(x, z);
    const float hills = 11 * fractal_noise(u * 5 + 3, v * 5 + 1, 64, 3, 101) - 2.5F;
    return Vec3{x, -0.035F + smooth_step(22, 75, r) * std::max(0.F, hills), z};
  });
  const auto look = textured(writer, "fields", 512, paint_fields);
  place(writer, "fields", fields, writer.add_material(look), {});
}

/// An arched pane facing +z: `width` wide, `height` high in all; its foot's middle is the origin.
Mesh make_arch(float width, float height) {
  Mesh arch;
  const float radius = width / 2;
  std::vector<Vec3> rim = {{-radius, 0, 0}, {radius, 0, 0}};
  for (int i = 0; i <= 8; ++i) {
    const float angle = kPi * static_cast<float>(i) / 8;
    rim.push_back({radius * std::cos(angle), height - radius + radius * std::sin(angle), 0});
  }
  arch.positions.push_back({0, height / 2, 0});
  arch.positions.insert(arch.positions.end(), rim.begin(), rim.end());
  arch.normals.assign(arch.positions.size(), Vec3{0, 0, 1});
  arch.uvs.assign(arch.positions.size(), Vec2{0.5F, 0.5F});
  const auto count = static_cast<std::uint32_t>(rim.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t next = (i + 1) % count;
    arch.indices.insert(arch.indices.end(), {0, 1 + i, 1 + next});
  }
  return arch;
}

/// Stone around a pane, and bars across it.
Mesh make_window_frame(float width, float height) {
  Mesh frame;
  const float side = width / 2 + 0.07F;
  append_mesh(frame, make_rounded_box({0.07F, height / 2, 0.09F}, 0.02F, 3), {-side, height / 2, 0});
  append_mesh(frame, make_rounded_box({0.07F, height / 2, 0.09F}, 0.02F, 3), {side, height / 2, 0});
  append_mesh(frame, make_rounded_box({width / 2 + 0.22F, 0.06F, 0.14F}, 0.02F, 3), {0, -0.05F, 0});
  append_mesh(frame, make_rounded_box({0.025F, height / 2, 0.03F}, 0.008F, 2), {0, height / 2, 0.03F});
  for (const float level : {0.33F, 0.62F}) {
    append_mesh(frame, make_rounded_box({width / 2, 0.02F, 0.03F}, 0.008F, 2), {0, height * level, 0.03F});
  }
  return frame;
}

void add_windows(GlbWriter& writer) {
  MaterialLook trim;
  trim.name = "trim";
  trim.base_colour = {0.52F, 0.43F, 0.33F};
  const int trim_material = writer.add_material(trim);
  const int pane_material = writer.add_material(glow("window", {1.0F, 0.40F, 0.09F}, 1.15F));
  Mesh panes;
  Mesh frames;
  for (const float x : {-7.6F, -5.4F, -3.2F, 3.2F, 5.4F}) {
    append_mesh(panes, make_arch(0.9F, 1.7F), {x, 0.95F, kFacadeZ + 0.02F});
    append_mesh(frames, make_window_frame(0.9F, 1.7F), {x, 0.95F, kFacadeZ + 0.03F});
  }
  append_mesh(frames, make_window_frame(1.5F, 2.6F), {0, 0, kFacadeZ + 0.03F});
  append_mesh(panes, make_arch(0.55F, 1.1F), {8.1F, 4.3F, kFacadeZ + 2.62F});
  append_mesh(frames, make_window_frame(0.55F, 1.1F), {8.1F, 4.3F, kFacadeZ + 2.64F});
  MaterialLook oak;
  oak.name = "oak";
  oak.base_colour = {0.16F, 0.085F, 0.045F};
  place(writer, "door", make_arch(1.5F, 2.6F), writer.add_material(oak), {0, 0, kFacadeZ + 0.02F});
  place(writer, "window panes", panes, pane_material, {});
  place(writer, "window frames", frames, trim_material, {});
}

void add_house(GlbWriter& writer) {
  const int wall = writer.add_material(textured(writer, "wall", 512, paint_wall));
  const int roof = writer.add_material(textured(writer, "roof", 512, paint_roof));
  Mesh walls;
  append_mesh(walls, make_rectangle({-9.5F, -0.1F, kFacadeZ}, {19, 0, 0}, {0, 3.7F, 0}, {5, 1}));
  append_mesh(walls, make_rectangle({-9.5F, -0.1F, kFacadeZ - 6}, {0, 0, 6}, {0, 3.7F, 0}, {1.6F, 1}));
  append_mesh(walls, make_rectangle({9.5F, -0.1F, kFacadeZ}, {0, 0, -6}, {0, 3.7F, 0}, {1.6F, 1}));
  append_mesh(walls, make_rounded_box({0.42F, 1.1F, 0.42F}, 0.03F, 4), {-5.2F, 5.9F, kFacadeZ - 2.4F});
  append_mesh(walls, make_rounded_box({0.42F, 1.1F, 0.42F}, 0.03F, 4), {3.6F, 5.9F, kFacadeZ - 2.4F});
  place(writer, "walls", walls, wall, {});
  Mesh roofs;
  append_mesh(roofs,
              make_rectangle({-9.9F, 3.35F, kFacadeZ + 0.45F}, {19.8F, 0, 0}, {0, 2.6F, -3.45F}, {7, 1.4F}));
  append_mesh(roofs,
              make_rectangle({9.9F, 3.35F, kFacadeZ - 6.45F}, {-19.8F, 0, 0}, {0, 2.6F, 3.45F}, {7, 1.4F}));
  place(writer, "roofs", roofs, roof, {});

  Mesh tower = make_lathe(
      {{1.75F, -0.1F}, {1.7F, 1.5F}, {1.66F, 3.5F}, {1.65F, 5.9F}, {1.9F, 6.2F}, {1.9F, 6.3F}}, 64, 24);
  for (Vec2& uv : tower.uvs)
    uv = {uv.x * 3, uv.y * 2};
  place(writer, "tower", tower, wall, {8.1F, 0, kFacadeZ + 0.95F});
  Mesh cone = make_lathe({{2.1F, 6.15F}, {1.4F, 7.2F}, {0.7F, 8.5F}, {0.02F, 10.0F}}, 64, 20);
  for (Vec2& uv : cone.uvs)
    uv = {uv.x * 3, uv.y * 1.4F};
  place(writer, "tower roof", cone, roof, {8.1F, 0, kFacadeZ + 0.95F});
  add_windows(writer);
}

/// A clipped bush: a ball of the given half sizes with leaves pushed in and out.
Mesh make_bush(const Vec3& half_size, float roughness, std::uint32_t columns, std::uint32_t rows,
               std::uint32_t salt) {
  Mesh bush = tessellate(columns, rows, [=](float u, float v) {
    const float azimuth = -2 * kPi * u;
    const float polar = kPi * (1 - v);
    const float leaf = 1 - roughness * fractal_noise((u + 1) * 22, (v + 1) * 14, 22, 2, salt);
    const float ring = std::sin(polar) * leaf;
    return Vec3{half_size.x * ring * std::cos(azimuth), half_size.y * std::cos(polar) * leaf,
                half_size.z * ring * std::sin(azimuth)};
  });
  for (Vec2& uv : bush.uvs)
    uv = {uv.x * 3, uv.y * 2};
  return bush;
}

void add_garden(GlbWriter& writer) {
  const int leaves = writer.add_material(textured(writer, "leaves", 256, paint_leaves));
  MaterialLook clay;
  clay.name = "clay";
  clay.base_colour = {0.45F, 0.17F, 0.08F};
  const int pot = writer.add_material(clay);
  const Mesh pot_mesh = make_lathe({{0.0F, 0.0F},
                                    {0.30F, 0.0F},
                                    {0.34F, 0.10F},
                                    {0.44F, 0.50F},
                                    {0.50F, 0.52F},
                                    {0.50F, 0.62F},
                                    {0.44F, 0.63F},
                                    {0.42F, 0.55F},
                                    {0.0F, 0.55F}},
                                   48, 40);
  const auto on_both_sides = [](const Vec3& right) {
    return std::array<Vec3, 2>{right, {-right.x, right.y, right.z}};
  };
  place_each(writer, "pot", pot_mesh, pot, on_both_sides({3.1F, 0, -4.6F}));
  place_each(writer, "topiary", make_bush({0.62F, 0.62F, 0.62F}, 0.22F, 64, 44, 111), leaves,
             on_both_sides({3.1F, 1.12F, -4.6F}));
  place_each(writer, "cypress", make_bush({0.62F, 2.7F, 0.62F}, 0.26F, 48, 60, 121), leaves,
             on_both_sides({5.4F, 2.5F, -9.0F}));
  place_each(writer, "hedge", make_bush({1.9F, 0.72F, 0.5F}, 0.2F, 64, 28, 131), leaves,
             on_both_sides({6.6F, 0.45F, -7.4F}));
}

void add_lamps(GlbWriter& writer) {
  MaterialLook iron;
  iron.name = "iron";
  iron.base_colour = {0.09F, 0.085F, 0.08F};
  iron.metallic = 1;
  iron.roughness = 0.35F;
  const int iron_material = writer.add_material(iron);
  const int lamp = writer.add_material(glow("lamp", {1.0F, 0.38F, 0.08F}, 5));
  Mesh post = make_lathe({{0.22F, 0},
                          {0.22F, 0.05F},
                          {0.10F, 0.12F},
                          {0.045F, 0.35F},
                          {0.038F, 1.2F},
                          {0.036F, 1.85F},
                          {0.10F, 1.95F},
                          {0.12F, 2.0F},
                          {0.02F, 2.02F}},
                         24, 48);
  append_mesh(post, make_lathe({{0.20F, 2.34F}, {0.13F, 2.42F}, {0.04F, 2.46F}, {0.03F, 2.56F}, {0.0F, 2.6F}},
                               24, 16));
  const std::array<Vec3, 4> feet = {
      Vec3{-3.7F, 0, -2.6F}, {3.7F, 0, -2.6F}, {-4.1F, 0, 2.4F}, {4.1F, 0, 2.4F}};
  std::array<Vec3, 4> globes = feet;
  for (Vec3& globe : globes)
    globe.y = 2.18F;
  place_each(writer, "lamp post", post, iron_material, feet);
  place_each(writer, "lamp", make_sphere(0.17F, 14, 8), lamp, globes);
}

/// A low, wide sun behind the camera's left shoulder (soft shadows, little noise) under a sky that turns to
/// evening.
void add_evening(GlbWriter& writer) {
  const Quaternion towards = rotation_about({0, 1, 0}, -1.02F) * rotation_about({1, 0, 0}, -0.36F);
  writer.add_sun_node("low sun", {1.0F, 0.66F, 0.38F}, 4.6F, towards);
  writer.set_environment({{"zenith", {0.13, 0.22, 0.56}},
                          {"horizon", {1.0, 0.56, 0.27}},
                          {"ground", {0.20, 0.17, 0.14}},
                          {"strength", 0.85},
                          {"sun_angular_radius_radians", 0.06}});
}

}  // namespace

int place(GlbWriter& writer, const std::string& name, const Mesh& mesh, int material, const Vec3& translation,
          const Quaternion& rotation) {
  return writer.add_node(name, writer.add_mesh(name, mesh, material), translation, rotation);
}

void place_each(GlbWriter& writer, const std::string& name, const Mesh& mesh, int material,
                std::span<const Vec3> places) {
  const int shared = writer.add_mesh(name, mesh, material);
  for (const Vec3& at : places)
    writer.add_node(name, shared, at);
}

void add_courtyard(GlbWriter& writer) {
  add_paving(writer);
  add_fields(writer);
  add_house(writer);
  add_garden(writer);
  add_lamps(writer);
  add_evening(writer);
}

}  // namespace reeve::demo
