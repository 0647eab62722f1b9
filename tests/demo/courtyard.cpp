#include <algorithm>

#include "tests/demo/demo_scene.h"
#include "tests/demo/textures.h"

namespace reeve::demo {
namespace {

constexpr float kPavingRadius_m = 8.4F;
constexpr float kFacade_z = -13;

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
  const float extent_m = 2 * kPavingRadius_m;
  Mesh paving = tessellate(600, 96, [](float u, float v) {
    const float r = 0.05F + (kPavingRadius_m - 0.05F) * v;
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
  constexpr float kHalfExtent_m = 90;
  Mesh fields = tessellate(110, 110, [](float u, float v) {
    const float x = (2 * u - 1) * kHalfExtent_m;
    const float z = (1 - 2 * v) * kHalfExtent_m;
    const float r = std::hypot(x, z);
    const float hills = 11 * fractal_noise(u * 5 + 3, v * 5 + 1, 64, 3, 101) - 2.5F;
    return Vec3{x, -0.035F + smooth_step(22, 75, r) * std::max(0.F, hills), z};
  });
  const auto look = textured(writer, "fields", 1024, paint_fields);
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
  const int pane_material = writer.add_material(glow("window", {1.0F, 0.56F, 0.22F}, 4.5F));
  Mesh panes;
  Mesh frames;
  for (const float x : {-7.6F, -5.4F, -3.2F, 3.2F, 5.4F}) {
    append_mesh(panes, make_arch(0.9F, 1.7F), {x, 0.95F, kFacade_z + 0.02F});
    append_mesh(frames, make_window_frame(0.9F, 1.7F), {x, 0.95F, kFacade_z + 0.03F});
  }
  append_mesh(panes, make_arch(1.5F, 2.6F), {0, 0, kFacade_z + 0.02F});
  append_mesh(frames, make_window_frame(1.5F, 2.6F), {0, 0, kFacade_z + 0.03F});
  append_mesh(panes, make_arch(0.55F, 1.1F), {8.1F, 4.3F, kFacade_z + 2.62F});
  append_mesh(frames, make_window_frame(0.55F, 1.1F), {8.1F, 4.3F, kFacade_z + 2.64F});
  place(writer, "window panes", panes, pane_material, {});
  place(writer, "window frames", frames, trim_material, {});
}

void add_house(GlbWriter& writer) {
  const int wall = writer.add_material(textured(writer, "wall", 512, paint_wall));
  const int roof = writer.add_material(textured(writer, "roof", 512, paint_roof));
  Mesh walls;
  append_mesh(walls, make_rectangle({-9.5F, -0.1F, kFacade_z}, {19, 0, 0}, {0, 3.7F, 0}, {5, 1}));
  append_mesh(walls, make_rectangle({-9.5F, -0.1F, kFacade_z - 6}, {0, 0, 6}, {0, 3.7F, 0}, {1.6F, 1}));
  append_mesh(walls, make_rectangle({9.5F, -0.1F, kFacade_z}, {0, 0, -6}, {0, 3.7F, 0}, {1.6F, 1}));
  append_mesh(walls, make_rounded_box({0.42F, 1.1F, 0.42F}, 0.03F, 4), {-5.2F, 5.9F, kFacade_z - 2.4F});
  append_mesh(walls, make_rounded_box({0.42F, 1.1F, 0.42F}, 0.03F, 4), {3.6F, 5.9F, kFacade_z - 2.4F});
  place(writer, "walls", walls, wall, {});
  Mesh roofs;
  append_mesh(roofs,
              make_rectangle({-9.9F, 3.35F, kFacade_z + 0.45F}, {19.8F, 0, 0}, {0, 2.6F, -3.45F}, {7, 1.4F}));
  append_mesh(roofs,
              make_rectangle({9.9F, 3.35F, kFacade_z - 6.45F}, {-19.8F, 0, 0}, {0, 2.6F, 3.45F}, {7, 1.4F}));
  place(writer, "roofs", roofs, roof, {});

  Mesh tower = make_lathe(
      {{1.75F, -0.1F}, {1.7F, 1.5F}, {1.66F, 3.5F}, {1.65F, 5.9F}, {1.9F, 6.2F}, {1.9F, 6.3F}}, 64, 24);
  for (Vec2& uv : tower.uvs)
    uv = {uv.x * 3, uv.y * 2};
  place(writer, "tower", tower, wall, {8.1F, 0, kFacade_z + 0.95F});
  Mesh cone = make_lathe({{2.1F, 6.15F}, {1.4F, 7.2F}, {0.7F, 8.5F}, {0.02F, 10.0F}}, 64, 20);
  for (Vec2& uv : cone.uvs)
    uv = {uv.x * 3, uv.y * 1.4F};
  place(writer, "tower roof", cone, roof, {8.1F, 0, kFacade_z + 0.95F});
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
  for (const float side : {-1.F, 1.F}) {
    place(writer, "pot", pot_mesh, pot, {side * 3.1F, 0, -4.6F});
    place(writer, "topiary", make_bush({0.62F, 0.62F, 0.62F}, 0.22F, 88, 56, 111), leaves,
          {side * 3.1F, 1.12F, -4.6F});
    place(writer, "cypress", make_bush({0.62F, 2.7F, 0.62F}, 0.26F, 64, 72, 121), leaves,
          {side * 5.4F, 2.5F, -9.0F});
    place(writer, "hedge", make_bush({1.9F, 0.72F, 0.5F}, 0.2F, 72, 40, 131), leaves,
          {side * 6.6F, 0.45F, -7.4F});
  }
}

void add_lamps(GlbWriter& writer) {
  MaterialLook iron;
  iron.name = "iron";
  iron.base_colour = {0.09F, 0.085F, 0.08F};
  iron.metallic = 1;
  iron.roughness = 0.35F;
  const int iron_material = writer.add_material(iron);
  const int lamp = writer.add_material(glow("lamp", {1.0F, 0.60F, 0.26F}, 16));
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
  const Vec3 feet[] = {{-3.7F, 0, -2.6F}, {3.7F, 0, -2.6F}, {-4.1F, 0, 2.4F}, {4.1F, 0, 2.4F}};
  for (const Vec3& foot : feet) {
    place(writer, "lamp post", post, iron_material, foot);
    place(writer, "lamp", make_sphere(0.17F, 14, 8), lamp, foot + Vec3{0, 2.18F, 0});
  }
}

}  // namespace

int place(GlbWriter& writer, const std::string& name, const Mesh& mesh, int material, const Vec3& translation,
          const Quaternion& rotation) {
  return writer.add_node(name, writer.add_mesh(name, mesh, material), translation, rotation);
}

void add_courtyard(GlbWriter& writer) {
  add_paving(writer);
  add_fields(writer);
  add_house(writer);
  add_garden(writer);
  add_lamps(writer);
  // The low sun: a wide warm surface behind the camera's left shoulder, so that shadows are soft and noise is
  // low.
  const Mesh sun = make_rectangle({-16, 5, 3}, {5.5F, 0, 6.5F}, {3.2F, 6.5F, -2.7F}, {1, 1});
  place(writer, "low sun", sun, writer.add_material(glow("low sun", {1.0F, 0.70F, 0.42F}, 22)), {});
}

}  // namespace reeve::demo
