#include "client/image/assemble.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace reeve::client {
namespace {

/// A value that says where a pixel lies.
float mark(std::uint32_t x, std::uint32_t y, std::uint32_t part) {
  return static_cast<float>(y) * 1000 + static_cast<float>(x) + static_cast<float>(part) * 0.25F;
}

/// What a kernel returns for a tile of a frame in which every pixel bears its mark.
std::vector<std::byte> marked_result(const PixelRect& tile) {
  std::vector<std::byte> bytes;
  for (std::uint32_t leaf_y = 0; leaf_y < leaves_across(tile.height); ++leaf_y) {
    for (std::uint32_t leaf_x = 0; leaf_x < leaves_across(tile.width); ++leaf_x) {
      for (std::uint32_t i = 0; i < 64 * 3; ++i) {
        const std::uint32_t x = leaf_x * 8 + i / 3 % 8;
        const std::uint32_t y = leaf_y * 8 + i / 24;
        const bool inside = x < tile.width && y < tile.height;
        const float value = inside ? mark(tile.x + x, tile.y + y, i % 3) : 0;
        std::byte raw[4];
        std::memcpy(raw, &value, 4);
        bytes.insert(bytes.end(), raw, raw + 4);
      }
    }
  }
  return bytes;
}

TEST(Assemble, TilesOfAnyCutGiveEveryPixelItsPlace) {
  LinearImage frame(37, 21);
  for (const PixelRect& tile : {PixelRect{0, 0, 16, 16}, {16, 0, 21, 16}, {0, 16, 16, 5}, {16, 16, 21, 5}}) {
    ASSERT_TRUE(place_tile(frame, tile, marked_result(tile)).ok());
  }
  for (std::uint32_t y = 0; y < frame.height; ++y) {
    for (std::uint32_t x = 0; x < frame.width; ++x) {
      for (std::uint32_t part = 0; part < 3; ++part)
        ASSERT_EQ(frame.rgb[(y * frame.width + x) * 3 + part], mark(x, y, part)) << x << "," << y;
    }
  }
}

TEST(Assemble, AResultOfTheWrongLengthIsRefused) {
  LinearImage frame(16, 16);
  auto result = marked_result({0, 0, 16, 16});
  ASSERT_EQ(result.size(), 4 * kLeafBytes);
  result.pop_back();
  const auto refused = place_tile(frame, {0, 0, 16, 16}, result);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
}

TEST(Assemble, ATileThatLeavesTheFrameIsRefused) {
  LinearImage frame(16, 16);
  for (const PixelRect& tile : {PixelRect{9, 0, 8, 8}, {0, 9, 8, 8}, {0xFFFFFFF8U, 0, 16, 8}, {0, 0, 0, 8}}) {
    EXPECT_FALSE(place_tile(frame, tile, std::vector<std::byte>(kLeafBytes)).ok());
  }
}

TEST(Assemble, ALeafKnowsItsPixelsInTheFrame) {
  const PixelRect tile = {64, 32, 20, 10};
  const PixelRect last = leaf_rect(tile, 5);
  EXPECT_EQ(last.x, 80U);
  EXPECT_EQ(last.y, 40U);
  EXPECT_EQ(last.width, 4U);
  EXPECT_EQ(last.height, 2U);
}

}  // namespace
}  // namespace reeve::client
