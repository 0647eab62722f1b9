#include "client/image/crops.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "client/image/raw_png.h"

namespace reeve::client {
namespace {

namespace fs = std::filesystem;

RawPicture picture(std::uint32_t width, std::uint32_t height, int bit_depth = 8, int colour_type = 6) {
  RawPicture made;
  made.width = width;
  made.height = height;
  made.bit_depth = bit_depth;
  made.colour_type = colour_type;
  made.pixel_bytes = static_cast<std::uint32_t>((colour_type == 6 ? 4 : 3) * bit_depth / 8);
  for (std::size_t i = 0; i < std::size_t{width} * height * made.pixel_bytes; ++i)
    made.samples.push_back(static_cast<std::uint8_t>(i * 31 + i / 251));
  return made;
}

RawPicture cut(const RawPicture& whole, const PixelRect& rect) {
  RawPicture part = whole;
  part.width = rect.width;
  part.height = rect.height;
  part.samples.clear();
  for (std::uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    const auto row = whole.samples.begin() +
                     static_cast<std::ptrdiff_t>(std::size_t{y} * whole.width + rect.x) * whole.pixel_bytes;
    part.samples.insert(part.samples.end(), row, row + std::ptrdiff_t{rect.width} * whole.pixel_bytes);
  }
  return part;
}

class Crops : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("reeve-crops-" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const RawPicture& made) const {
    EXPECT_TRUE(write_raw_png(folder_ / name, made).ok());
    return folder_ / name;
  }

  fs::path folder_;
};

TEST(CropNames, SayWhereThePartLies) {
  const auto name = parse_crop_name("frame_0001.crop_106x90+107+90_of_320x180.png");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->frame, "frame_0001.png");
  EXPECT_EQ(name->rect.width, 106U);
  EXPECT_EQ(name->rect.height, 90U);
  EXPECT_EQ(name->rect.x, 107U);
  EXPECT_EQ(name->rect.y, 90U);
  EXPECT_EQ(name->width, 320U);
  EXPECT_EQ(name->height, 180U);
}

TEST(CropNames, OfOtherFilesAreNone) {
  for (const char* name :
       {"frame_0001.png", ".crop_1x1+0+0_of_1x1.png", "a.crop_1x1+0+0_of_1x1.exr", "a.crop_1x1+0_of_1x1.png",
        "a.crop_0x1+0+0_of_1x1.png", "a.crop_2x1+0+0_of_1x1.png", "a.crop_1x1+1+0_of_1x1.png",
        "a.crop_99999x1+0+0_of_99999x1.png", "a.crop_1x1+4294967296+0_of_1x1.png",
        "a.crop_-1x1+0+0_of_1x1.png", "a.crop_1x1+0+0_of_1x1.pngx", "a.crop_"})
    EXPECT_FALSE(parse_crop_name(name)) << name;
}

TEST_F(Crops, JoinToTheWholeFrameToTheSample) {
  for (const auto& [depth, colours] :
       {std::pair{8, 6}, std::pair{8, 2}, std::pair{16, 2}, std::pair{16, 6}}) {
    const RawPicture whole = picture(7, 5, depth, colours);
    fs::remove(folder_ / "f.png");
    CropJoiner joiner;
    const auto left = write("f.crop_3x5+0+0_of_7x5.png", cut(whole, {0, 0, 3, 5}));
    const auto right = write("f.crop_4x5+3+0_of_7x5.png", cut(whole, {3, 0, 4, 5}));
    EXPECT_FALSE(*joiner.add(right));
    EXPECT_FALSE(fs::exists(folder_ / "f.png"));
    EXPECT_TRUE(*joiner.add(left));
    EXPECT_EQ(read_raw_png(folder_ / "f.png")->samples, whole.samples) << depth << " bits";
    EXPECT_FALSE(fs::exists(left));
    EXPECT_FALSE(fs::exists(right));
  }
}

TEST_F(Crops, OfAPictureOfTheWholeFrameThePartAloneCounts) {
  const RawPicture whole = picture(6, 4);
  CropJoiner joiner;
  bool complete = false;
  for (const PixelRect& rect : {PixelRect{0, 0, 2, 4}, PixelRect{2, 0, 4, 1}, PixelRect{2, 1, 4, 3}}) {
    RawPicture shown = whole;
    for (std::uint32_t y = 0; y < whole.height; ++y)
      for (std::uint32_t x = 0; x < whole.width; ++x)
        if (x < rect.x || x >= rect.x + rect.width || y < rect.y || y >= rect.y + rect.height)
          std::fill_n(shown.samples.begin() + (y * whole.width + x) * 4, 4, 0);
    complete =
        *joiner.add(write("f.crop_" + std::to_string(rect.width) + "x" + std::to_string(rect.height) + "+" +
                              std::to_string(rect.x) + "+" + std::to_string(rect.y) + "_of_6x4.png",
                          shown));
  }
  EXPECT_TRUE(complete);
  EXPECT_EQ(read_raw_png(folder_ / "f.png")->samples, whole.samples);
}

TEST_F(Crops, FramesAreKeptApart) {
  const RawPicture whole = picture(4, 2);
  CropJoiner joiner;
  EXPECT_FALSE(*joiner.add(write("a.crop_2x2+0+0_of_4x2.png", cut(whole, {0, 0, 2, 2}))));
  EXPECT_FALSE(*joiner.add(write("b.crop_2x2+2+0_of_4x2.png", cut(whole, {2, 0, 2, 2}))));
  EXPECT_FALSE(*joiner.add(write("b.png", whole)));
}

TEST_F(Crops, ThatDoNotFitAreRefusedAndLeft) {
  const RawPicture whole = picture(4, 2);
  const auto left = cut(whole, {0, 0, 2, 2});
  {
    CropJoiner joiner;
    EXPECT_TRUE(joiner.add(write("a.crop_2x2+0+0_of_4x2.png", left)).ok());
    EXPECT_EQ(joiner.add(write("a.crop_2x2+1+0_of_4x2.png", left)).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(joiner.add(write("a.crop_2x2+2+0_of_5x2.png", left)).error().code, ErrorCode::kCorrupt);
    // Its picture is larger than its name says.
    const auto odd = joiner.add(write("a.crop_2x2+2+0_of_4x2.png", picture(3, 2)));
    EXPECT_EQ(odd.error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(fs::exists(folder_ / "a.crop_2x2+0+0_of_4x2.png"));
  }
  CropJoiner joiner;
  EXPECT_TRUE(joiner.add(folder_ / "a.crop_2x2+0+0_of_4x2.png").ok());
  EXPECT_EQ(joiner.add(write("a.crop_2x2+2+0_of_4x2.png", picture(2, 2, 16))).error().code,
            ErrorCode::kCorrupt);
  std::ofstream(folder_ / "c.crop_1x1+0+0_of_1x1.png") << "no picture";
  EXPECT_EQ(joiner.add(folder_ / "c.crop_1x1+0+0_of_1x1.png").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace reeve::client
