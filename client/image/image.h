#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reeve::client {

/// Linear radiance, Rec. 709: [height, width, 3] f32, rows from the top. May exceed 1.
struct LinearImage {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<float> rgb;

  LinearImage() = default;
  LinearImage(std::uint32_t width_pixels, std::uint32_t height_pixels)
      : width(width_pixels), height(height_pixels), rgb(std::size_t{width_pixels} * height_pixels * 3) {}
};

/// What a screen shows: [height, width, 3] u8, sRGB, rows from the top.
struct DisplayImage {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> rgb;

  DisplayImage() = default;
  DisplayImage(std::uint32_t width_pixels, std::uint32_t height_pixels)
      : width(width_pixels), height(height_pixels), rgb(std::size_t{width_pixels} * height_pixels * 3) {}
};

struct DisplayColour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

/// A part of an image in pixels, from the top left.
struct PixelRect {
  std::uint32_t x = 0;
  std::uint32_t y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

}  // namespace reeve::client
