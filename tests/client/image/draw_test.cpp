#include "client/image/draw.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace reeve::client {
namespace {

DisplayImage plain(std::uint32_t width, std::uint32_t height, std::uint8_t value) {
  DisplayImage image(width, height);
  std::fill(image.rgb.begin(), image.rgb.end(), value);
  return image;
}

std::uint8_t red_at(const DisplayImage& image, std::uint32_t x, std::uint32_t y) {
  return image.rgb[(std::size_t{y} * image.width + x) * 3];
}

TEST(Outline, TheAreaItselfStaysUntouched) {
  DisplayImage image = plain(20, 20, 0);
  outline(image, {4, 4, 8, 8}, {200, 0, 0}, 2);
  EXPECT_EQ(red_at(image, 4, 4), 0);
  EXPECT_EQ(red_at(image, 11, 11), 0);
  EXPECT_EQ(red_at(image, 3, 4), 200);
  EXPECT_EQ(red_at(image, 2, 2), 200);
  EXPECT_EQ(red_at(image, 13, 13), 200);
  EXPECT_EQ(red_at(image, 1, 4), 0);
  EXPECT_EQ(red_at(image, 14, 4), 0);
}

TEST(Outline, AtTheEdgeItIsCut) {
  DisplayImage image = plain(8, 8, 0);
  outline(image, {0, 0, 8, 8}, {200, 0, 0}, 3);
  EXPECT_EQ(image.rgb, plain(8, 8, 0).rgb);
}

TEST(Enlarge, EachPixelBecomesABlock) {
  DisplayImage image = plain(4, 4, 10);
  image.rgb[(2 * 4 + 1) * 3] = 99;
  const DisplayImage large = enlarge(image, {1, 2, 2, 2}, 3);
  EXPECT_EQ(large.width, 6U);
  EXPECT_EQ(red_at(large, 2, 2), 99);
  EXPECT_EQ(red_at(large, 3, 2), 10);
}

TEST(Shrink, AveragesLightAndNotItsEncoding) {
  DisplayImage image(2, 2);
  for (std::size_t i : {0, 1, 2, 9, 10, 11})
    image.rgb[i] = 255;
  const DisplayImage small = shrink(image, 1);
  ASSERT_EQ(small.rgb.size(), 3U);
  EXPECT_EQ(small.rgb[0], 188);  // half the light of white
}

TEST(ContactSheet, PutsImagesRowByRow) {
  const std::vector<DisplayImage> images = {plain(4, 3, 50), plain(4, 3, 100), plain(4, 3, 150)};
  const auto sheet = contact_sheet(images, 2, 1);
  ASSERT_TRUE(sheet.ok());
  EXPECT_EQ(sheet->width, 11U);
  EXPECT_EQ(sheet->height, 9U);
  EXPECT_EQ(red_at(*sheet, 1, 1), 50);
  EXPECT_EQ(red_at(*sheet, 6, 1), 100);
  EXPECT_EQ(red_at(*sheet, 1, 5), 150);
  EXPECT_LT(red_at(*sheet, 6, 5), 30);  // an empty place
}

TEST(ContactSheet, RefusesNothingAndUnequalSizes) {
  EXPECT_FALSE(contact_sheet({}, 2, 1).ok());
  const std::vector<DisplayImage> unequal = {plain(4, 3, 0), plain(3, 4, 0)};
  EXPECT_FALSE(contact_sheet(unequal, 2, 1).ok());
}

}  // namespace
}  // namespace reeve::client
