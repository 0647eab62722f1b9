#pragma once

#include <span>

#include "client/image/image.h"
#include "protocol/result.h"

namespace reeve::client {

/// Draws a frame of `line_pixels` around `area`, outside of it, cut at the image's edge.
void outline(DisplayImage& image, const PixelRect& area, const DisplayColour& colour,
             std::uint32_t line_pixels);

/// Cuts out `area` (which must lie inside) and enlarges each pixel to `scale` × `scale`.
DisplayImage enlarge(const DisplayImage& image, const PixelRect& area, std::uint32_t scale);

/// Shrinks to `width` pixels across by averaging, in linear light; an image that is no wider stays as it is.
DisplayImage shrink(const DisplayImage& image, std::uint32_t width);

/// Puts images of one size into a grid of `columns`, row by row, `gap_pixels` apart, on a dark ground.
/// Refuses no images, images of different sizes, and a sheet of more than 2²⁸ pixels.
Result<DisplayImage> contact_sheet(std::span<const DisplayImage> images, std::uint32_t columns,
                                   std::uint32_t gap_pixels);

}  // namespace reeve::client
