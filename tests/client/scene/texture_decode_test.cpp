#include "client/scene/texture_decode.h"

#include <gtest/gtest.h>

#include <cstdio>
//
#include <jpeglib.h>

#include <cstdlib>

#include "tests/demo/textures.h"

namespace reeve::client {
namespace {

/// A plain red JPEG.
std::vector<std::byte> red_jpeg(std::uint32_t side) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long size_bytes = 0;
  jpeg_mem_dest(&info, &out, &size_bytes);
  info.image_width = side;
  info.image_height = side;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<unsigned char> row;
  for (std::uint32_t i = 0; i < side; ++i)
    row.insert(row.end(), {200, 10, 10});
  unsigned char* rows = row.data();
  while (info.next_scanline < side)
    jpeg_write_scanlines(&info, &rows, 1);
  jpeg_finish_compress(&info);
  const auto* bytes = reinterpret_cast<const std::byte*>(out);
  std::vector<std::byte> jpeg(bytes, bytes + size_bytes);
  jpeg_destroy_compress(&info);
  std::free(out);
  return jpeg;
}

TEST(TextureDecode, JpegBecomesOpaqueRgba) {
  const auto texture = decode_texture(red_jpeg(16), "red", 64);
  ASSERT_TRUE(texture.ok());
  EXPECT_EQ(texture->width, 16U);
  ASSERT_EQ(texture->rgba.size(), 16U * 16 * 4);
  EXPECT_NEAR(texture->rgba[0], 200, 4);
  EXPECT_NEAR(texture->rgba[1], 10, 4);
  EXPECT_EQ(texture->rgba[3], 255);
}

TEST(TextureDecode, SidesOverTheBoundAreRefused) {
  const auto png = demo::paint_png(65, [](float, float) { return demo::Vec3{}; });
  for (const auto& bytes : {png, red_jpeg(65)}) {
    const auto refused = decode_texture(bytes, "wide", 64);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("65x65"), std::string::npos);
  }
}

TEST(TextureDecode, BrokenDataIsRefusedAndNotShown) {
  for (auto bytes : {demo::paint_png(32,
                                     [](float u, float v) {
                                       return demo::Vec3{u, v, 0};
                                     }),
                     red_jpeg(32)}) {
    bytes.resize(20);
    const auto refused = decode_texture(bytes, "broken", 64);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("broken"), std::string::npos);
  }
}

TEST(TextureDecode, OtherFormatsAreNamedAsNotSupported) {
  const std::string webp = "RIFF....WEBPVP8 ";
  const auto refused = decode_texture(std::as_bytes(std::span(webp)), "leaf.webp", 64);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("leaf.webp is neither PNG nor JPEG"), std::string::npos);
}

}  // namespace
}  // namespace reeve::client
