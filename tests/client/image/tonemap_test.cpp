#include "client/image/tonemap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reeve::client {
namespace {

TEST(Srgb, KnownValuesOfTheStandard) {
  EXPECT_EQ(encode_srgb(0.0F), 0);
  EXPECT_EQ(encode_srgb(0.0031308F), 10);  // where the line meets the power: 0.04045
  EXPECT_EQ(encode_srgb(0.18F), 118);      // middle grey: 0.46135
  EXPECT_EQ(encode_srgb(0.21404114F), 128);
  EXPECT_EQ(encode_srgb(0.5F), 188);
  EXPECT_EQ(encode_srgb(1.0F), 255);
}

TEST(Srgb, WhatLiesOutsideIsClamped) {
  EXPECT_EQ(encode_srgb(-1.0F), 0);
  EXPECT_EQ(encode_srgb(7.0F), 255);
  EXPECT_EQ(encode_srgb(std::numeric_limits<float>::quiet_NaN()), 0);
  EXPECT_EQ(encode_srgb(std::numeric_limits<float>::infinity()), 255);
}

TEST(Filmic, GreyKeepsItsPlaceAndHighlightsRollOff) {
  EXPECT_NEAR(filmic(0.18F), 0.18F, 1e-4F);
  EXPECT_EQ(filmic(0.0F), 0.0F);
  EXPECT_EQ(filmic(std::numeric_limits<float>::quiet_NaN()), 0.0F);
  EXPECT_LT(filmic(1.0F), 0.85F);
  EXPECT_EQ(filmic(std::numeric_limits<float>::infinity()), 1.0F);
  for (float x = 0.001F; x < 100; x *= 1.3F)
    EXPECT_LE(filmic(x), filmic(x * 1.3F)) << x;
}

TEST(Tonemap, AStopOfExposureDoublesTheLight) {
  LinearImage dim(1, 1);
  LinearImage bright(1, 1);
  dim.rgb = {0.09F, 0.2F, 0.4F};
  bright.rgb = {0.18F, 0.4F, 0.8F};
  EXPECT_EQ(tonemap(dim, 1).rgb, tonemap(bright, 0).rgb);
  EXPECT_EQ(tonemap(bright, 0).rgb[0], 118);
}

}  // namespace
}  // namespace reeve::client
