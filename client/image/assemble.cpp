#include "client/image/assemble.h"

#include <algorithm>
#include <bit>
#include <string>

namespace reeve::client {
namespace {

float read_f32(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i)
    word |= std::to_integer<std::uint32_t>(bytes[offset + i]) << (8 * i);
  return std::bit_cast<float>(word);
}

}  // namespace

PixelRect leaf_rect(const PixelRect& tile, std::uint64_t leaf) {
  const std::uint32_t across = leaves_across(tile.width);
  const auto x = static_cast<std::uint32_t>(leaf % across) * kLeafSidePixels;
  const auto y = static_cast<std::uint32_t>(leaf / across) * kLeafSidePixels;
  REEVE_CHECK(y < tile.height, "a leaf lies inside its tile");
  return {tile.x + x, tile.y + y, std::min(kLeafSidePixels, tile.width - x),
          std::min(kLeafSidePixels, tile.height - y)};
}

Result<void> place_tile(LinearImage& frame, const PixelRect& tile, std::span<const std::byte> result) {
  if (tile.width == 0 || tile.height == 0 || tile.x > frame.width || tile.y > frame.height ||
      tile.width > frame.width - tile.x || tile.height > frame.height - tile.y) {
    return Error{ErrorCode::kInvalid,
                 "tile at " + std::to_string(tile.x) + "," + std::to_string(tile.y) + " of " +
                     std::to_string(tile.width) + "x" + std::to_string(tile.height) +
                     " pixels leaves the frame of " + std::to_string(frame.width) + "x" +
                     std::to_string(frame.height),
                 "use the frame size that the job was submitted with"};
  }
  if (result.size() != tile_result_bytes(tile.width, tile.height)) {
    return Error{ErrorCode::kCorrupt,
                 "a tile of " + std::to_string(tile.width) + "x" + std::to_string(tile.height) +
                     " pixels has " + std::to_string(result.size()) + " bytes instead of " +
                     std::to_string(tile_result_bytes(tile.width, tile.height)),
                 "fetch the result again"};
  }
  const std::uint64_t leaves = result.size() / kLeafBytes;
  for (std::uint64_t leaf = 0; leaf < leaves; ++leaf) {
    const PixelRect area = leaf_rect(tile, leaf);
    for (std::uint32_t row = 0; row < area.height; ++row) {
      std::size_t from = leaf * kLeafBytes + std::size_t{row} * kLeafSidePixels * 3 * sizeof(float);
      std::size_t to = (std::size_t{area.y + row} * frame.width + area.x) * 3;
      for (std::uint32_t i = 0; i < area.width * 3; ++i, from += sizeof(float))
        frame.rgb[to++] = read_f32(result, from);
    }
  }
  return {};
}

}  // namespace reeve::client
