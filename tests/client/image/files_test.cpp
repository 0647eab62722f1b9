#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "client/image/exr_file.h"
#include "client/image/png_file.h"

namespace reeve::client {
namespace {

namespace fs = std::filesystem;

class ImageFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("reeve-image-" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

LinearImage gradient() {
  LinearImage image(23, 11);
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = static_cast<float>(i) * 0.37F;
  image.rgb[5] = 1e5F;  // more than a half can hold
  return image;
}

TEST_F(ImageFiles, PngKeepsEveryByte) {
  DisplayImage image(31, 7);
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = static_cast<std::uint8_t>(i * 7);
  ASSERT_TRUE(write_png(folder_ / "a.png", image).ok());
  const auto read = read_png(folder_ / "a.png");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->width, 31U);
  EXPECT_EQ(read->height, 7U);
  EXPECT_EQ(read->rgb, image.rgb);
}

TEST_F(ImageFiles, PngWithSidesOverTheBoundIsRefused) {
  ASSERT_TRUE(write_png(folder_ / "a.png", DisplayImage(31, 7)).ok());
  EXPECT_FALSE(read_png(folder_ / "a.png", 30).ok());
}

TEST_F(ImageFiles, FloatExrKeepsEveryBit) {
  const LinearImage image = gradient();
  ASSERT_TRUE(write_exr(folder_ / "a.exr", image, ExrDepth::kFloat).ok());
  const auto read = read_exr(folder_ / "a.exr");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->width, image.width);
  EXPECT_EQ(read->rgb, image.rgb);
}

TEST_F(ImageFiles, HalfExrKeepsElevenBitsAndStaysFinite) {
  const LinearImage image = gradient();
  ASSERT_TRUE(write_exr(folder_ / "a.exr", image, ExrDepth::kHalf).ok());
  const auto read = read_exr(folder_ / "a.exr");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->rgb[5], 65504.F);
  for (std::size_t i = 6; i < image.rgb.size(); ++i)
    EXPECT_NEAR(read->rgb[i], image.rgb[i], image.rgb[i] / 2048);
}

TEST_F(ImageFiles, AFolderThatIsNotThereIsNamed) {
  const auto png = write_png(folder_ / "none" / "a.png", DisplayImage(2, 2));
  ASSERT_FALSE(png.ok());
  EXPECT_NE(png.error().message.find("none/a.png"), std::string::npos);
  const auto exr = write_exr(folder_ / "none" / "a.exr", LinearImage(2, 2), ExrDepth::kHalf);
  ASSERT_FALSE(exr.ok());
  EXPECT_EQ(exr.error().code, ErrorCode::kIo);
}

TEST_F(ImageFiles, WhatIsNoImageIsRefused) {
  std::ofstream(folder_ / "a.png") << "no picture";
  std::ofstream(folder_ / "a.exr") << "no picture";
  EXPECT_FALSE(read_png(folder_ / "a.png").ok());
  EXPECT_FALSE(read_exr(folder_ / "a.exr").ok());
}

}  // namespace
}  // namespace reeve::client
