#pragma once

#include <cstdint>

#include "client/image/image.h"
#include "protocol/result.h"

namespace reeve::client {

/// How a frame is cut into tiles: columns and rows of equal tiles whose sides are multiples of a leaf's, so
/// that no leaf straddles two tiles; the last ones are cut at the frame's edge.
class TileGrid {
 public:
  /// kInvalid: a side or a count of 0 or over 32768, or so many tiles that some would hold no pixel.
  static Result<TileGrid> make(std::uint32_t width, std::uint32_t height, std::uint32_t tiles_x,
                               std::uint32_t tiles_y);

  std::uint32_t width() const { return width_; }
  std::uint32_t height() const { return height_; }
  std::uint32_t count() const { return tiles_x_ * tiles_y_; }
  /// Tiles count by rows from the top left; `tile` < count().
  PixelRect rect(std::uint32_t tile) const;

 private:
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  std::uint32_t tiles_x_ = 1;
  std::uint32_t tiles_y_ = 1;
  std::uint32_t tile_width_ = 0;
  std::uint32_t tile_height_ = 0;
};

}  // namespace reeve::client
