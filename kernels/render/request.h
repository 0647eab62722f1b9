#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace reeve::kernels {

/// The version of what a render task computes: any change of a bit of any output raises it.
inline constexpr std::uint32_t kRenderContract = 1;

inline constexpr std::uint32_t kLeafSide = 8;  ///< pixels
inline constexpr std::uint32_t kLeafPixels = kLeafSide * kLeafSide;

/// A leaf: 8x8 pixels row-major · 3 channels · little-endian binary32.
inline constexpr std::size_t kRenderLeafBytes = kLeafPixels * 3 * sizeof(float);

inline constexpr std::uint32_t kMaxImageSide = 1u << 15;  // pixel indices fit 30 bits
inline constexpr std::uint32_t kMaxRequestSamples = 1u << 20;
inline constexpr std::uint32_t kMaxDepth = 64;

/// One tile of one frame: what a render task is.
struct RenderRequest {
  std::uint32_t frame = 1;
  std::uint32_t image_width = 0, image_height = 0;                        ///< pixels of the whole frame
  std::uint32_t tile_x = 0, tile_y = 0, tile_width = 0, tile_height = 0;  ///< pixels, inside the frame
  std::uint32_t samples = 1;                                              ///< of each pixel
  std::uint64_t seed = 0;                                                 ///< the job's key of random numbers
  std::uint32_t max_depth = 6;                                            ///< surfaces along a path
};

/// Whether the request keeps its bounds; if not, `error` names the field, its value and the bound.
bool check_request(const RenderRequest& request, std::string& error);

/// Leaves of a tile: blocks of 8x8 pixels, row-major from its upper left; the last of a row or column may
/// reach beyond the tile, where its pixels are zero.
constexpr std::uint32_t leaf_columns(const RenderRequest& request) {
  return (request.tile_width + kLeafSide - 1) / kLeafSide;
}
constexpr std::uint32_t leaf_count(const RenderRequest& request) {
  return leaf_columns(request) * ((request.tile_height + kLeafSide - 1) / kLeafSide);
}

/// Camera paths of the tile: the measure of its price.
constexpr std::uint64_t render_work(const RenderRequest& request) {
  return std::uint64_t{request.tile_width} * request.tile_height * request.samples;
}

}  // namespace reeve::kernels
