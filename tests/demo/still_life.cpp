#include <array>

#include "tests/demo/demo_scene.h"
#include "tests/demo/textures.h"

namespace reeve::demo {
namespace {

/// The materials of the still life, by what they are made of.
struct Palette {
  int marble, gold, copper, silver, clear_glass, aqua_glass, amethyst_glass, urn, porcelain, ember;
};

MaterialLook metal(const std::string& name, const Vec3& colour, float roughness) {
  MaterialLook look;
  look.name = name;
  look.base_colour = colour;
  look.metallic = 1;
  look.roughness = roughness;
  return look;
}

MaterialLook glass(const std::string& name, const Vec3& tint, float ior) {
  MaterialLook look;
  look.name = name;
  look.base_colour = tint;
  look.roughness = 0;
  look.transmission = 1;
  look.ior = ior;
  return look;
}

MaterialLook painted(GlbWriter& writer, const std::string& name, float roughness, const Paint& paint) {
  MaterialLook look;
  look.roughness = roughness;
  look.name = name;
  look.texture = writer.add_texture(paint_png(512, paint));
  return look;
}

Palette make_palette(GlbWriter& writer) {
  MaterialLook ember;
  ember.name = "ember";
  ember.base_colour = {0, 0, 0};
  ember.emission = {1.0F, 0.36F, 0.07F};
  ember.emissive_strength = 5;
  return {.marble = writer.add_material(painted(writer, "marble", 1, paint_marble)),
          .gold = writer.add_material(metal("gold", {1.0F, 0.76F, 0.33F}, 0.14F)),
          .copper = writer.add_material(metal("copper", {0.95F, 0.60F, 0.46F}, 0.06F)),
          .silver = writer.add_material(metal("silver", {0.96F, 0.95F, 0.92F}, 0.05F)),
          .clear_glass = writer.add_material(glass("clear glass", {1, 1, 1}, 1.5F)),
          .aqua_glass = writer.add_material(glass("aqua glass", {0.72F, 0.95F, 0.93F}, 1.45F)),
          .amethyst_glass = writer.add_material(glass("amethyst glass", {0.80F, 0.62F, 0.97F}, 1.5F)),
          .urn = writer.add_material(painted(writer, "urn", 1, paint_urn)),
          .porcelain = writer.add_material(painted(writer, "porcelain", 0.12F, paint_porcelain)),
          .ember = writer.add_material(ember)};
}

Mesh make_pedestal(float radius, float height) {
  const float r = radius;
  const float h = height;
  return make_lathe({{0, 0},
                     {1.25F * r, 0},
                     {1.25F * r, 0.10F * h},
                     {1.08F * r, 0.14F * h},
                     {0.86F * r, 0.24F * h},
                     {0.78F * r, 0.50F * h},
                     {0.82F * r, 0.76F * h},
                     {1.0F * r, 0.86F * h},
                     {1.14F * r, 0.90F * h},
                     {1.14F * r, 0.99F * h},
                     {1.10F * r, h},
                     {0, h}},
                    64, 40);
}

std::vector<float> times_of(const Timing& timing) {
  std::vector<float> times_s;
  for (std::uint32_t frame = 0; frame <= timing.frames; ++frame)
    times_s.push_back(timing.time_s(frame));
  return times_s;
}

/// Turns a node about an axis, `turns` whole times in the loop, so that the last frame meets the first.
void spin(GlbWriter& writer, int node, const Timing& timing, const Quaternion& rest, const Vec3& axis,
          int turns) {
  const auto times_s = times_of(timing);
  std::vector<Quaternion> keys;
  for (std::uint32_t frame = 0; frame <= timing.frames; ++frame) {
    const float share = static_cast<float>(frame) / static_cast<float>(timing.frames);
    keys.push_back(rest * rotation_about(axis, 2 * kPi * share * static_cast<float>(turns)));
  }
  writer.animate_rotation(node, times_s, keys);
}

void add_armillary(GlbWriter& writer, const Timing& timing, const Palette& palette) {
  constexpr Vec3 kCentre = {0, 1.78F, 0};
  const Quaternion upright = rotation_about({1, 0, 0}, kPi / 2);
  place(writer, "plinth", make_pedestal(0.56F, 0.92F), palette.marble, {});
  place(writer, "foot",
        make_lathe({{0, 0}, {0.30F, 0}, {0.30F, 0.03F}, {0.10F, 0.07F}, {0.06F, 0.12F}, {0, 0.13F}}, 48, 24),
        palette.gold, {0, 0.92F, 0});
  place(writer, "meridian", make_band(0.74F, 0.085F, 0.035F, 112), palette.gold, kCentre, upright);
  place(writer, "horizon", make_band(0.80F, 0.03F, 0.09F, 112), palette.silver, kCentre);

  const Quaternion tilt = rotation_about({0, 0, 1}, -0.41F);
  const int globe = writer.add_node("turning globe", -1, kCentre, tilt);
  const int equator = place(writer, "equator", make_band(0.64F, 0.075F, 0.028F, 96), palette.gold, {});
  const int colure =
      place(writer, "colure", make_band(0.61F, 0.055F, 0.026F, 96), palette.copper, {}, upright);
  const int ecliptic = place(writer, "ecliptic", make_band(0.58F, 0.12F, 0.02F, 96), palette.gold, {},
                             rotation_about({1, 0, 0}, 0.41F));
  const int axis =
      place(writer, "axis",
            make_lathe({{0, -0.70F}, {0.018F, -0.69F}, {0.018F, 0.0F}, {0.018F, 0.69F}, {0, 0.70F}}, 16, 16),
            palette.silver, {});
  for (const int part : {equator, colure, ecliptic, axis})
    writer.attach(globe, part);
  spin(writer, globe, timing, tilt, {0, 1, 0}, 1);

  const int inner = place(writer, "inner ring", make_band(0.40F, 0.05F, 0.022F, 80), palette.silver, kCentre,
                          rotation_about({1, 0, 0}, 1.1F));
  spin(writer, inner, timing, rotation_about({0, 0, 1}, 0.5F) * rotation_about({1, 0, 0}, 1.1F), {1, 0, 0},
       -1);
  place(writer, "ember", make_sphere(0.17F, 24, 14), palette.ember, kCentre);
}

void add_glass(GlbWriter& writer, const Timing& timing, const Palette& palette) {
  place(writer, "ball stand", make_band(0.24F, 0.10F, 0.05F, 64), palette.gold, {-1.62F, 0.06F, 1.35F});
  place(writer, "glass ball", make_sphere(0.46F, 72, 44), palette.clear_glass, {-1.62F, 0.505F, 1.35F});
  place(writer, "glass block", make_rounded_box({0.31F, 0.31F, 0.31F}, 0.055F, 16), palette.aqua_glass,
        {1.32F, 0.325F, 1.72F}, rotation_about({0, 1, 0}, 0.62F));

  place(writer, "right pedestal", make_pedestal(0.34F, 0.66F), palette.marble, {2.3F, 0, -0.35F});
  place(writer, "bowl",
        make_lathe({{0, 0},
                    {0.14F, 0},
                    {0.14F, 0.02F},
                    {0.06F, 0.06F},
                    {0.20F, 0.12F},
                    {0.30F, 0.22F},
                    {0.29F, 0.23F},
                    {0.18F, 0.14F},
                    {0, 0.11F}},
                   56, 40),
        palette.copper, {2.3F, 0.66F, -0.35F});
  const int orb = place(writer, "floating orb", make_sphere(0.25F, 56, 34), palette.amethyst_glass,
                        {2.3F, 1.32F, -0.35F});
  const auto times_s = times_of(timing);
  std::vector<Vec3> keys;
  for (std::uint32_t frame = 0; frame <= timing.frames; ++frame) {
    const float phase = 2 * kPi * static_cast<float>(frame) / static_cast<float>(timing.frames);
    keys.push_back({2.3F, 1.32F + 0.11F * std::sin(phase), -0.35F});
  }
  writer.animate_translation(orb, times_s, keys);
}

void add_metal(GlbWriter& writer, const Timing& timing, const Palette& palette) {
  place(writer, "copper ball", make_sphere(0.37F, 64, 40), palette.copper, {0.98F, 0.375F, 0.92F});
  place(writer, "left pedestal", make_pedestal(0.34F, 0.66F), palette.marble, {-2.3F, 0, -0.35F});
  const int knot = place(writer, "silver knot", make_knot(2, 3, 0.26F, 0.082F, 176, 18), palette.silver,
                         {-2.3F, 1.05F, -0.35F});
  spin(writer, knot, timing, {}, {0, 1, 0}, 1);
  const std::array<Vec3, 4> beads = {
      Vec3{0.28F, 0.115F, 2.05F}, {0.52F, 0.085F, 2.24F}, {-2.15F, 0.10F, 1.80F}, {2.05F, 0.10F, 1.35F}};
  for (const Vec3& bead : beads)
    place(writer, "bead", make_sphere(bead.y, 36, 22), palette.gold, bead + Vec3{0, 0.005F, 0});
}

void add_vessels(GlbWriter& writer, const Palette& palette) {
  const Mesh urn = make_lathe({{0, 0},
                               {0.20F, 0},
                               {0.21F, 0.03F},
                               {0.17F, 0.10F},
                               {0.33F, 0.38F},
                               {0.41F, 0.66F},
                               {0.34F, 0.90F},
                               {0.19F, 1.02F},
                               {0.18F, 1.10F},
                               {0.27F, 1.18F},
                               {0.25F, 1.20F},
                               {0.15F, 1.10F},
                               {0.14F, 0.98F}},
                              64, 56);
  place_each(writer, "urn", urn, palette.urn,
             std::array<Vec3, 2>{Vec3{3.05F, 0, -1.85F}, {-3.05F, 0, -1.85F}});
  const Mesh vase = make_lathe({{0, 0},
                                {0.13F, 0},
                                {0.14F, 0.02F},
                                {0.15F, 0.10F},
                                {0.25F, 0.30F},
                                {0.26F, 0.42F},
                                {0.17F, 0.56F},
                                {0.085F, 0.64F},
                                {0.08F, 0.72F},
                                {0.13F, 0.78F},
                                {0.12F, 0.79F},
                                {0.065F, 0.72F},
                                {0.06F, 0.66F}},
                               64, 56);
  place(writer, "vase", vase, palette.porcelain, {-0.72F, 0.005F, 1.86F});
}

}  // namespace

void add_still_life(GlbWriter& writer, const Timing& timing) {
  const Palette palette = make_palette(writer);
  add_armillary(writer, timing, palette);
  add_glass(writer, timing, palette);
  add_metal(writer, timing, palette);
  add_vessels(writer, palette);
}

void add_camera(GlbWriter& writer, const Timing& timing) {
  constexpr float kSwingRad = 0.26F;
  constexpr float kPitchRad = -0.108F;
  const int pivot = writer.add_node("camera pivot", -1, {0, 1.12F, 0});
  const int camera =
      writer.add_camera_node("camera", 0.60F, {0, 0.80F, 7.0F}, rotation_about({1, 0, 0}, kPitchRad));
  writer.attach(pivot, camera);
  std::vector<Quaternion> keys;
  for (std::uint32_t frame = 0; frame <= timing.frames; ++frame) {
    const float phase = 2 * kPi * static_cast<float>(frame) / static_cast<float>(timing.frames);
    keys.push_back(rotation_about({0, 1, 0}, -kSwingRad * std::cos(phase)));
  }
  writer.animate_rotation(pivot, times_of(timing), keys);
}

std::vector<std::byte> make_demo_scene(const Timing& timing, std::size_t* triangles) {
  GlbWriter writer;
  add_courtyard(writer);
  add_still_life(writer, timing);
  add_camera(writer, timing);
  if (triangles != nullptr) *triangles = writer.triangles();
  return writer.finish();
}

}  // namespace reeve::demo
