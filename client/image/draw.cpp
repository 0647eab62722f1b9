#include "client/image/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "client/image/tonemap.h"

namespace reeve::client {
namespace {

constexpr DisplayColour kSheetGround = {18, 18, 20};
constexpr std::uint64_t kMaxSheetPixels = std::uint64_t{1} << 28;

std::uint8_t* pixel_at(DisplayImage& image, std::uint32_t x, std::uint32_t y) {
  return image.rgb.data() + (std::size_t{y} * image.width + x) * 3;
}

const std::uint8_t* pixel_at(const DisplayImage& image, std::uint32_t x, std::uint32_t y) {
  return image.rgb.data() + (std::size_t{y} * image.width + x) * 3;
}

/// The light of each of the 256 sRGB values. Source: IEC 61966-2-1.
std::array<float, 256> make_decode_table() {
  std::array<float, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const float encoded = static_cast<float>(i) / 255;
    table[i] = encoded <= 0.04045F ? encoded / 12.92F : std::pow((encoded + 0.055F) / 1.055F, 2.4F);
  }
  return table;
}

void fill(DisplayImage& image, const DisplayColour& colour) {
  for (std::size_t i = 0; i + 2 < image.rgb.size(); i += 3) {
    image.rgb[i] = colour.red;
    image.rgb[i + 1] = colour.green;
    image.rgb[i + 2] = colour.blue;
  }
}

}  // namespace

void outline(DisplayImage& image, const PixelRect& area, const DisplayColour& colour,
             std::uint32_t line_pixels) {
  const std::int64_t line = line_pixels;
  const std::int64_t left = area.x;
  const std::int64_t top = area.y;
  const std::int64_t right = left + area.width;
  const std::int64_t bottom = top + area.height;
  const std::int64_t y_end = std::min<std::int64_t>(bottom + line, image.height);
  const std::int64_t x_end = std::min<std::int64_t>(right + line, image.width);
  for (std::int64_t y = std::max<std::int64_t>(top - line, 0); y < y_end; ++y) {
    for (std::int64_t x = std::max<std::int64_t>(left - line, 0); x < x_end; ++x) {
      if (x >= left && x < right && y >= top && y < bottom) continue;
      std::uint8_t* pixel = pixel_at(image, static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y));
      pixel[0] = colour.red;
      pixel[1] = colour.green;
      pixel[2] = colour.blue;
    }
  }
}

DisplayImage enlarge(const DisplayImage& image, const PixelRect& area, std::uint32_t scale) {
  REEVE_CHECK(area.x + area.width <= image.width && area.y + area.height <= image.height,
              "what is enlarged lies inside the image");
  DisplayImage large(area.width * scale, area.height * scale);
  for (std::uint32_t y = 0; y < large.height; ++y) {
    for (std::uint32_t x = 0; x < large.width; ++x)
      std::copy_n(pixel_at(image, area.x + x / scale, area.y + y / scale), 3, pixel_at(large, x, y));
  }
  return large;
}

DisplayImage shrink(const DisplayImage& image, std::uint32_t width) {
  if (width == 0 || image.width <= width) return image;
  const std::array<float, 256> light = make_decode_table();
  const auto height = std::max<std::uint32_t>(
      1, static_cast<std::uint32_t>(std::uint64_t{image.height} * width / image.width));
  DisplayImage small(width, height);
  const auto bound = [](std::uint32_t i, std::uint32_t from, std::uint32_t to) {
    return static_cast<std::uint32_t>(std::uint64_t{i} * from / to);
  };
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      std::array<float, 3> sum{};
      float count = 0;
      for (std::uint32_t sy = bound(y, image.height, height); sy < bound(y + 1, image.height, height); ++sy) {
        for (std::uint32_t sx = bound(x, image.width, width); sx < bound(x + 1, image.width, width); ++sx) {
          for (std::size_t part = 0; part < 3; ++part)
            sum[part] += light[pixel_at(image, sx, sy)[part]];
          ++count;
        }
      }
      for (std::size_t part = 0; part < 3; ++part)
        pixel_at(small, x, y)[part] = encode_srgb(sum[part] / count);
    }
  }
  return small;
}

Result<DisplayImage> contact_sheet(std::span<const DisplayImage> images, std::uint32_t columns,
                                   std::uint32_t gap_pixels) {
  if (images.empty() || columns == 0) {
    return Error{ErrorCode::kInvalid, "a contact sheet needs at least one image and one column", ""};
  }
  const std::uint64_t cell_width = std::uint64_t{images[0].width} + gap_pixels;
  const std::uint64_t cell_height = std::uint64_t{images[0].height} + gap_pixels;
  const std::uint64_t across = std::min<std::uint64_t>(columns, images.size());
  const std::uint64_t down = (images.size() + across - 1) / across;
  const std::uint64_t width = across * cell_width + gap_pixels;
  const std::uint64_t height = down * cell_height + gap_pixels;
  if (width > kMaxSheetPixels || height > kMaxSheetPixels / std::max<std::uint64_t>(width, 1)) {
    return Error{ErrorCode::kInvalid,
                 "a contact sheet of " + std::to_string(images.size()) + " images is too large",
                 "shrink the images first"};
  }
  DisplayImage sheet(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
  fill(sheet, kSheetGround);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const DisplayImage& image = images[i];
    if (image.width != images[0].width || image.height != images[0].height) {
      return Error{ErrorCode::kInvalid,
                   "image " + std::to_string(i) + " of the contact sheet has another size", ""};
    }
    const auto x = static_cast<std::uint32_t>(gap_pixels + i % across * cell_width);
    const auto y = static_cast<std::uint32_t>(gap_pixels + i / across * cell_height);
    for (std::uint32_t row = 0; row < image.height; ++row)
      std::copy_n(pixel_at(image, 0, row), std::size_t{image.width} * 3, pixel_at(sheet, x, y + row));
  }
  return sheet;
}

}  // namespace reeve::client
