#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "tests/demo/vec.h"

namespace reeve::demo {

/// A number in [0, 1) that depends on the integers alone.
float hash_unit(std::int32_t x, std::int32_t y, std::uint32_t salt);

/// Smooth value noise in [0, 1]; `period` lattice points around in x and y, so that textures repeat without a
/// seam.
float value_noise(float x, float y, std::int32_t period, std::uint32_t salt);

/// `octaves` of value noise, each twice as fine and half as strong, in [0, 1].
float fractal_noise(float x, float y, std::int32_t period, int octaves, std::uint32_t salt);

/// A courtyard's stone: how far inside its outline a point lies (metres) and a number of its own in [0, 1).
struct Stone {
  float edge_distance = 0;
  float identity = 0;
};

/// The stone at (x, z) of a paving laid in rings around the origin.
Stone stone_at(float x, float z);

/// Colour in sRGB, each part in [0, 1], for (u, v) in [0, 1)², v downward.
using Paint = std::function<Vec3(float u, float v)>;

/// Paints a square texture and encodes it as an 8-bit PNG.
std::vector<std::byte> paint_png(std::uint32_t size_pixels, const Paint& paint);

Vec3 paint_paving(float u, float v, float extent_m);
Vec3 paint_marble(float u, float v);
Vec3 paint_wall(float u, float v);
Vec3 paint_roof(float u, float v);
Vec3 paint_fields(float u, float v);
Vec3 paint_urn(float u, float v);
Vec3 paint_porcelain(float u, float v);
Vec3 paint_leaves(float u, float v);

}  // namespace reeve::demo
