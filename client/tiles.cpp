#include "client/tiles.h"

#include <algorithm>
#include <string>

#include "client/image/assemble.h"
#include "kernels/render/request.h"

namespace reeve::client {
namespace {

/// The side of a tile in pixels.
std::uint32_t tile_side(std::uint32_t side, std::uint32_t tiles) {
  return leaves_across((side + tiles - 1) / tiles) * kernels::kLeafSide;
}

Result<void> check_axis(const char* axis, std::uint32_t side, std::uint32_t tiles) {
  const std::string name(axis);
  if (side == 0 || side > kernels::kMaxImageSide) {
    return Error{ErrorCode::kInvalid, name + " of the image is " + std::to_string(side),
                 "choose 1.." + std::to_string(kernels::kMaxImageSide) + " pixels"};
  }
  const std::uint32_t columns =
      tiles == 0 || tiles > side ? 0 : (side + tile_side(side, tiles) - 1) / tile_side(side, tiles);
  if (columns == tiles && tiles > 0) return {};
  return Error{ErrorCode::kInvalid,
               std::to_string(tiles) + " tiles across a " + name + " of " + std::to_string(side) +
                   " pixels do not fit",
               "choose 1.." + std::to_string(leaves_across(side)) +
                   " such that each holds a pixel (a tile's side is a multiple of 8), such as " +
                   std::to_string(std::max(1U, columns))};
}

}  // namespace

Result<TileGrid> TileGrid::make(std::uint32_t width, std::uint32_t height, std::uint32_t tiles_x,
                                std::uint32_t tiles_y) {
  if (auto fits = check_axis("width", width, tiles_x); !fits) return fits.error();
  if (auto fits = check_axis("height", height, tiles_y); !fits) return fits.error();
  TileGrid grid;
  grid.width_ = width;
  grid.height_ = height;
  grid.tiles_x_ = tiles_x;
  grid.tiles_y_ = tiles_y;
  grid.tile_width_ = tile_side(width, tiles_x);
  grid.tile_height_ = tile_side(height, tiles_y);
  return grid;
}

PixelRect TileGrid::rect(std::uint32_t tile) const {
  REEVE_CHECK(tile < count(), "a tile lies inside of its grid");
  PixelRect rect;
  rect.x = tile % tiles_x_ * tile_width_;
  rect.y = tile / tiles_x_ * tile_height_;
  rect.width = std::min(tile_width_, width_ - rect.x);
  rect.height = std::min(tile_height_, height_ - rect.y);
  return rect;
}

}  // namespace reeve::client
