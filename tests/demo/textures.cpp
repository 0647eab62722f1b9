#include "tests/demo/textures.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace reeve::demo {
namespace {

std::int32_t wrap(std::int32_t i, std::int32_t period) {
  return ((i % period) + period) % period;
}

float fraction(float x) {
  return x - std::floor(x);
}

Vec3 shade(const Vec3& colour, float factor) {
  return {std::clamp(colour.x * factor, 0.F, 1.F), std::clamp(colour.y * factor, 0.F, 1.F),
          std::clamp(colour.z * factor, 0.F, 1.F)};
}

float stripe(float x, float centre, float half_width) {
  return 1 - smooth_step(half_width * 0.8F, half_width, std::fabs(x - centre));
}

}  // namespace

float hash_unit(std::int32_t x, std::int32_t y, std::uint32_t salt) {
  std::uint32_t h = static_cast<std::uint32_t>(x) * 0x9E3779B1U ^
                    static_cast<std::uint32_t>(y) * 0x85EBCA77U ^ (salt + 1) * 0xC2B2AE3DU;
  h = (h ^ (h >> 15)) * 0x2C1B3C6DU;
  h = (h ^ (h >> 12)) * 0x297A2D39U;
  h ^= h >> 15;
  return static_cast<float>(h >> 8) * 0x1p-24F;
}

float value_noise(float x, float y, std::int32_t period, std::uint32_t salt) {
  const float fx = std::floor(x);
  const float fy = std::floor(y);
  const auto corner = [&](std::int32_t dx, std::int32_t dy) {
    return hash_unit(wrap(static_cast<std::int32_t>(fx) + dx, period),
                     wrap(static_cast<std::int32_t>(fy) + dy, period), salt);
  };
  const float tx = smooth_step(0, 1, x - fx);
  const float ty = smooth_step(0, 1, y - fy);
  return mix(mix(corner(0, 0), corner(1, 0), tx), mix(corner(0, 1), corner(1, 1), tx), ty);
}

float fractal_noise(float x, float y, std::int32_t period, int octaves, std::uint32_t salt) {
  float sum = 0;
  float weight = 0.5F;
  float total = 0;
  for (int i = 0; i < octaves; ++i) {
    sum += weight * value_noise(x, y, period, salt + static_cast<std::uint32_t>(i));
    total += weight;
    weight *= 0.5F;
    x *= 2;
    y *= 2;
    period *= 2;
  }
  return sum / total;
}

Stone stone_at(float x, float z) {
  constexpr float kRingWidthM = 0.44F;
  constexpr float kStoneLengthM = 0.62F;
  const float r = std::hypot(x, z);
  const auto ring = static_cast<std::int32_t>(r / kRingWidthM);
  const float radial = fraction(r / kRingWidthM);
  const auto count = std::max(5, static_cast<std::int32_t>(2 * kPi * (static_cast<float>(ring) + 0.5F) *
                                                           kRingWidthM / kStoneLengthM));
  const float turns = std::atan2(z, x) / (2 * kPi) + 0.5F + hash_unit(ring, 0, 11);
  const float along = fraction(turns) * static_cast<float>(count);
  const float arc_m = 2 * kPi * r / static_cast<float>(count);
  const float edge_r = std::min(radial, 1 - radial) * kRingWidthM;
  const float edge_a = std::min(fraction(along), 1 - fraction(along)) * arc_m;
  // Rounded corners: a soft minimum of both distances.
  const float corner = 0.09F;
  const float a = std::max(0.F, corner - edge_r);
  const float b = std::max(0.F, corner - edge_a);
  const float inside = std::min(std::min(edge_r, edge_a), corner - std::hypot(a, b));
  return {inside, hash_unit(ring, static_cast<std::int32_t>(along) % count, 12)};
}

std::vector<std::byte> paint_png(std::uint32_t size_pixels, const Paint& paint) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(std::size_t{size_pixels} * size_pixels * 3);
  const auto to_byte = [](float c) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(c, 0.F, 1.F) * 255));
  };
  for (std::uint32_t row = 0; row < size_pixels; ++row) {
    for (std::uint32_t column = 0; column < size_pixels; ++column) {
      const float scale = 1 / static_cast<float>(size_pixels);
      const Vec3 c =
          paint((static_cast<float>(column) + 0.5F) * scale, (static_cast<float>(row) + 0.5F) * scale);
      pixels.insert(pixels.end(), {to_byte(c.x), to_byte(c.y), to_byte(c.z)});
    }
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = size_pixels;
  image.height = size_pixels;
  image.format = PNG_FORMAT_RGB;
  image.flags = PNG_IMAGE_FLAG_FAST;  // the file is read once; its size matters little
  png_alloc_size_t size_bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> png(size_bytes);
  if (png_image_write_to_memory(&image, png.data(), &size_bytes, 0, pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error(std::string("libpng could not encode a texture: ") + image.message);
  }
  png.resize(size_bytes);
  return png;
}

Vec3 paint_paving(float u, float v, float extent_m) {
  const float x = (u - 0.5F) * extent_m;
  const float z = (v - 0.5F) * extent_m;
  const Stone stone = stone_at(x, z);
  const Vec3 warm = {0.66F, 0.56F, 0.46F};
  const Vec3 cool = {0.50F, 0.49F, 0.50F};
  const float grain = fractal_noise(u * 160, v * 160, 160, 4, 21);
  const float stain = fractal_noise(u * 12, v * 12, 12, 4, 22);
  const Vec3 top =
      shade(mix(cool, warm, stone.identity), 0.72F + 0.25F * grain + 0.25F * stain * stone.identity);
  const Vec3 grout =
      shade(mix(Vec3{0.20F, 0.19F, 0.15F}, Vec3{0.22F, 0.27F, 0.13F}, stain), 0.6F + 0.5F * grain);
  return mix(grout, top, smooth_step(0.012F, 0.040F, stone.edge_distance));
}

Vec3 paint_marble(float u, float v) {
  const float bend = fractal_noise(u * 6, v * 6, 6, 5, 31);
  const float vein = std::fabs(std::sin(2 * kPi * (2 * v + 1.3F * bend)));
  const Vec3 body =
      mix(Vec3{0.93F, 0.90F, 0.85F}, Vec3{0.84F, 0.80F, 0.75F}, fractal_noise(u * 12, v * 12, 12, 4, 32));
  return mix(Vec3{0.64F, 0.60F, 0.57F}, body, smooth_step(0.0F, 0.22F, vein + 0.12F * bend));
}

Vec3 paint_wall(float u, float v) {
  const float rows = 10;
  const float row = std::floor(v * rows);
  const float along = u * 6 + (static_cast<int>(row) % 2 == 0 ? 0.F : 0.5F);
  const float identity =
      hash_unit(static_cast<std::int32_t>(std::floor(along)) % 6, static_cast<std::int32_t>(row), 41);
  const float edge = std::min(std::min(fraction(along), 1 - fraction(along)) * 1.7F,
                              std::min(fraction(v * rows), 1 - fraction(v * rows)));
  const float grain = fractal_noise(u * 32, v * 32, 32, 4, 42);
  const Vec3 stone = mix(Vec3{0.70F, 0.60F, 0.47F}, Vec3{0.80F, 0.72F, 0.58F}, identity);
  return shade(mix(Vec3{0.55F, 0.49F, 0.40F}, stone, smooth_step(0.02F, 0.10F, edge)), 0.82F + 0.3F * grain);
}

Vec3 paint_roof(float u, float v) {
  const float row = std::floor(v * 14);
  const float along = u * 18 + (static_cast<int>(row) % 2 == 0 ? 0.F : 0.5F);
  const float identity =
      hash_unit(static_cast<std::int32_t>(std::floor(along)) % 18, static_cast<std::int32_t>(row), 51);
  const float shadow = smooth_step(0.0F, 0.35F, fraction(v * 14)) * smooth_step(0, 0.12F, fraction(along));
  return shade(mix(Vec3{0.50F, 0.23F, 0.16F}, Vec3{0.66F, 0.34F, 0.22F}, identity), 0.55F + 0.45F * shadow);
}

Vec3 paint_fields(float u, float v) {
  const auto column = static_cast<std::int32_t>(u * 9 + 0.6F * value_noise(v * 6, 0.5F, 6, 61));
  const auto row = static_cast<std::int32_t>(v * 11 + 0.6F * value_noise(u * 6, 0.5F, 6, 62));
  const float kind = hash_unit(column, row, 63);
  const Vec3 crops[4] = {
      {0.42F, 0.50F, 0.22F}, {0.72F, 0.62F, 0.30F}, {0.34F, 0.44F, 0.20F}, {0.55F, 0.45F, 0.28F}};
  const Vec3 crop = crops[static_cast<int>(kind * 4)];
  const bool lengthwise = hash_unit(column, row, 64) > 0.5F;
  const float furrow = 0.5F + 0.5F * std::sin(2 * kPi * 110 * (lengthwise ? u : v));
  return shade(crop, 0.7F + 0.14F * furrow + 0.3F * fractal_noise(u * 48, v * 48, 48, 4, 65));
}

Vec3 paint_urn(float u, float v) {
  const Vec3 clay =
      shade(Vec3{0.74F, 0.38F, 0.22F}, 0.85F + 0.25F * fractal_noise(u * 24, v * 24, 24, 4, 71));
  const Vec3 dark = {0.13F, 0.08F, 0.07F};
  const Vec3 cream = {0.93F, 0.84F, 0.66F};
  // v runs downward from the lip: a band of waves, a band of diamonds, two rules for each.
  const float wave = 0.34F + 0.022F * std::sin(2 * kPi * 14 * u);
  const float diamond = std::fabs(fraction(u * 12) - 0.5F) + std::fabs((v - 0.52F) / 0.11F);
  Vec3 colour = clay;
  for (const float rule : {0.28F, 0.40F, 0.44F, 0.60F})
    colour = mix(colour, dark, stripe(v, rule, 0.008F));
  colour = mix(colour, cream, stripe(v, wave, 0.014F));
  colour = mix(colour, cream, 1 - smooth_step(0.42F, 0.46F, diamond));
  return mix(colour, dark, 1 - smooth_step(0.20F, 0.24F, diamond));
}

Vec3 paint_porcelain(float u, float v) {
  const Vec3 glaze = {0.92F, 0.93F, 0.94F};
  const Vec3 cobalt = {0.10F, 0.20F, 0.55F};
  float ink = 0;
  for (const float rule : {0.12F, 0.15F, 0.72F, 0.88F})
    ink = std::max(ink, stripe(v, rule, 0.007F));
  // Eight-leaved flowers in two staggered rows.
  for (int row = 0; row < 2; ++row) {
    const float du = (fraction(u * 5 + 0.5F * static_cast<float>(row)) - 0.5F) * 1.6F;
    const float dv = (v - (0.32F + 0.25F * static_cast<float>(row))) / 0.125F;
    const float angle = std::atan2(dv, du);
    const float leaf = 0.30F + 0.42F * std::fabs(std::cos(4 * angle));
    const float r = std::hypot(du, dv);
    const float flower = (1 - smooth_step(leaf - 0.05F, leaf, r)) * smooth_step(0.14F, 0.18F, r);
    ink = std::max(ink, flower * (0.55F + 0.45F * smooth_step(0.2F, 0.6F, r)));
  }
  const float wash = fractal_noise(u * 10, v * 10, 10, 4, 81);
  return mix(glaze, cobalt, std::clamp(ink * (0.8F + 0.3F * wash), 0.F, 1.F));
}

Vec3 paint_leaves(float u, float v) {
  const float fine = fractal_noise(u * 40, v * 40, 40, 3, 91);
  const float broad = fractal_noise(u * 8, v * 8, 8, 3, 92);
  return shade(mix(Vec3{0.16F, 0.30F, 0.10F}, Vec3{0.40F, 0.52F, 0.20F}, fine), 0.7F + 0.5F * broad);
}

}  // namespace reeve::demo
