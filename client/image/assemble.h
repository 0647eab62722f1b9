#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "client/image/image.h"
#include "protocol/result.h"

namespace reeve::client {

/// A leaf of a rendered tile: 8 × 8 pixels, row-major, each 3 × f32 little-endian linear radiance.
inline constexpr std::uint32_t kLeafSidePixels = 8;
inline constexpr std::size_t kLeafBytes = std::size_t{kLeafSidePixels} * kLeafSidePixels * 3 * sizeof(float);

/// How many leaves cover `side_pixels` pixels.
constexpr std::uint32_t leaves_across(std::uint32_t side_pixels) {
  return side_pixels / kLeafSidePixels + (side_pixels % kLeafSidePixels == 0 ? 0 : 1);
}

/// Bytes of the result of a tile of this size: its leaves, row-major; leaves at the edge are padded with
/// zeros.
constexpr std::size_t tile_result_bytes(std::uint32_t width, std::uint32_t height) {
  return std::size_t{leaves_across(width)} * leaves_across(height) * kLeafBytes;
}

/// The pixels of leaf number `leaf` inside the frame that its tile belongs to, cut at the tile's edge.
PixelRect leaf_rect(const PixelRect& tile, std::uint64_t leaf);

/// Puts a tile's result into its place in the frame. Refuses a tile outside of the frame or a result of the
/// wrong length.
Result<void> place_tile(LinearImage& frame, const PixelRect& tile, std::span<const std::byte> result);

}  // namespace reeve::client
