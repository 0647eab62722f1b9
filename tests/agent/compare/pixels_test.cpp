// `pixels` on PNG and JPEG.

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/compare/compare.h"
#include "agent/compare/picture.h"
#include "tests/agent/compare/samples.h"

namespace {

using namespace reeve;
using namespace reeve::agent::compare;
using namespace reeve::samples;

Verdict pixels(const Bytes& a, const Bytes& b) {
  return compare_bytes(a, b, *parse_comparison("pixels"));
}

constexpr std::size_t kRgbBytes = std::size_t{16} * 12 * 3;

TEST(Pixels, MetadataAndCompressionDoNotCount) {
  const Bytes rows = noise(kRgbBytes);
  const Bytes plain = png({}, rows);
  PngForm other;
  other.text = "rendered on Tuesday";
  other.level = 1;
  ASSERT_NE(plain, png(other, rows));
  EXPECT_TRUE(pixels(plain, png(other, rows)).same());
}

TEST(Pixels, AnInterlacedPngEqualsAPlainOne) {
  for (const int depth : {8, 16}) {
    PngForm form;
    form.bit_depth = depth;
    const Bytes rows = noise(kRgbBytes * static_cast<std::size_t>(depth) / 8);
    PngForm interlaced = form;
    interlaced.interlaced = true;
    EXPECT_TRUE(pixels(png(form, rows), png(interlaced, rows)).same()) << depth;
  }
}

TEST(Pixels, OneStepInOnePixelDiffersAndIsNamed) {
  Bytes rows = noise(kRgbBytes);
  const Bytes before = png({}, rows);
  std::uint8_t& green = rows[(5 * 16 + 3) * 3 + 1];
  green = static_cast<std::uint8_t>(green ^ 1);
  const Verdict verdict = pixels(before, png({}, rows));
  EXPECT_EQ(verdict.agreement, Agreement::kDiffer);
  EXPECT_EQ(verdict.why, "1 of 192 pixels differ, worst by 1 of 255 at (3, 5) in green");
}

TEST(Pixels, AlphaCounts) {
  PngForm form;
  form.color_type = 6;
  Bytes rows(std::size_t{16} * 12 * 4, 200);
  const Bytes before = png(form, rows);
  rows[7] = 0;
  EXPECT_EQ(pixels(before, png(form, rows)).why,
            "1 of 192 pixels differ, worst by 200 of 255 at (1, 0) in alpha");
  // Colour under full transparency counts as well: a later step may use it.
  Bytes clear(rows.size(), 0);
  const Bytes black = png(form, clear);
  clear[0] = 1;
  EXPECT_EQ(pixels(black, png(form, clear)).agreement, Agreement::kDiffer);
}

TEST(Pixels, TheLowByteOf16BitsCounts) {
  PngForm form;
  form.bit_depth = 16;
  Bytes rows = noise(kRgbBytes * 2);
  const Bytes before = png(form, rows);
  rows[1] = static_cast<std::uint8_t>(rows[1] ^ 1);
  EXPECT_EQ(pixels(before, png(form, rows)).why,
            "1 of 192 pixels differ, worst by 1 of 65,535 at (0, 0) in red");
}

TEST(Pixels, APaletteEqualsTheColoursThatItStandsFor) {
  PngForm indexed;
  indexed.color_type = 3;
  indexed.palette = {10, 20, 30, 40, 50, 60};
  const Bytes indices(std::size_t{16} * 12, 1);
  Bytes rows;
  for (int i = 0; i < 16 * 12; ++i)
    rows.insert(rows.end(), {40, 50, 60});
  EXPECT_TRUE(pixels(png(indexed, indices), png({}, rows)).same());
  indexed.transparent = {255, 7};
  PngForm with_alpha;
  with_alpha.color_type = 6;
  Bytes clear_rows;
  for (int i = 0; i < 16 * 12; ++i)
    clear_rows.insert(clear_rows.end(), {40, 50, 60, 7});
  EXPECT_TRUE(pixels(png(indexed, indices), png(with_alpha, clear_rows)).same());
  EXPECT_EQ(pixels(png(indexed, indices), png({}, rows)).why, "4 and 3 channels");
}

TEST(Pixels, FewBitsOfGreyEqualTheSameGreyIn8) {
  PngForm one_bit;
  one_bit.color_type = 0;
  one_bit.bit_depth = 1;
  PngForm eight = one_bit;
  eight.bit_depth = 8;
  const Bytes packed(std::size_t{2} * 12, 0xff);
  EXPECT_TRUE(pixels(png(one_bit, packed), png(eight, Bytes(std::size_t{16} * 12, 255))).same());
  EXPECT_FALSE(pixels(png(one_bit, packed), png(eight, Bytes(std::size_t{16} * 12, 254))).same());
}

TEST(Pixels, SizeChannelsAndDepthCount) {
  const Bytes rgb = png({}, Bytes(kRgbBytes, 0));
  PngForm form;
  form.height = 11;
  EXPECT_EQ(pixels(rgb, png(form, Bytes(std::size_t{16} * 11 * 3, 0))).why,
            "16 x 12 pixels and 16 x 11 pixels");
  form = {};
  form.bit_depth = 16;
  EXPECT_EQ(pixels(rgb, png(form, Bytes(kRgbBytes * 2, 0))).why, "channel red has 8 bits and 16 bits");
  form = {};
  form.color_type = 0;
  EXPECT_EQ(pixels(rgb, png(form, Bytes(std::size_t{16} * 12, 0))).why, "3 and 1 channels");
}

TEST(Pixels, WhatIsNoPictureIsComparedByItsBytes) {
  const Bytes log = {'d', 'o', 'n', 'e'};
  EXPECT_TRUE(pixels(log, log).same());
  EXPECT_EQ(pixels(log, {'d', 'o', 'n', 't'}).why, "the bytes differ from byte 3 on");
  EXPECT_EQ(pixels(log, png({}, noise(kRgbBytes))).why, "one is no picture, the other a PNG");
  EXPECT_TRUE(pixels({}, {}).same());
}

TEST(Pixels, EveryTruncatedPngDiffersFromTheWholeOne) {
  const Bytes whole = png({}, noise(kRgbBytes));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(pixels(whole, part).agreement, Agreement::kDiffer) << size;
  }
}

TEST(Pixels, TwoDamagedFilesDiffer) {
  const Bytes whole = png({}, noise(kRgbBytes));
  const Bytes one(whole.begin(), whole.end() - 20);
  const Bytes other(whole.begin(), whole.end() - 21);
  EXPECT_EQ(pixels(one, other).agreement, Agreement::kDiffer);
  EXPECT_TRUE(pixels(one, one).same());
}

TEST(Pixels, APngWithTooFewRowsDiffers) {
  // Of the full height in its header, but with the compressed rows of a lower one.
  Bytes lie = png({}, Bytes(kRgbBytes, 0));
  const Bytes whole = lie;
  PngForm low;
  low.height = 6;
  const Bytes short_rows = png(low, Bytes(kRgbBytes / 2, 0));
  const Bytes header(whole.begin(), whole.begin() + 33);
  lie = joined(header, {short_rows.begin() + 33, short_rows.end()});
  EXPECT_EQ(pixels(whole, lie).agreement, Agreement::kDiffer);
}

Bytes giant_png(std::uint8_t last) {
  const Bytes signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const Bytes header = {0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 16, 6, 0, 0, 0};
  Bytes file = joined(signature, png_chunk("IHDR", header));
  file = joined(file, png_chunk("IDAT", {0x78, 0x9c, 3, 0, 0, 0, 0, last}));
  return joined(file, png_chunk("IEND", {}));
}

TEST(Pixels, GiantPicturesAreRefusedBeforeTheyAreAllocated) {
  EXPECT_EQ(pixels(giant_png(1), giant_png(2)).agreement, Agreement::kUndecidable);
  EXPECT_EQ(pixels(giant_png(1), png({}, noise(kRgbBytes))).agreement, Agreement::kDiffer);
}

TEST(Pixels, ALargePictureOfOneColourIsDecodedAndOneWithTooFewBytesIsDamaged) {
  PngForm form = {4096, 4096, 0, 8, false, "", 9, {}, {}};
  const Bytes rows(std::size_t{4096} * 4096, 7);
  const Bytes best = png(form, rows);
  ASSERT_LT(best.size(), rows.size() / 700) << "near to what deflate can do";
  form.level = 1;
  EXPECT_TRUE(pixels(best, png(form, rows)).same());
  Bytes few = giant_png(1);
  std::fill(few.begin() + 16, few.begin() + 24, std::uint8_t{0});
  few[18] = few[22] = 0x20;  // 8192 x 8192, and 8 bytes of rows
  const Bytes header(few.begin() + 16, few.begin() + 29);
  const Bytes chunk = png_chunk("IHDR", header);
  std::copy(chunk.begin(), chunk.end(), few.begin() + 8);
  EXPECT_EQ(decode_picture(few).error().message, "PNG: too few bytes for its pixels");
}

TEST(Pixels, BytesBehindAPictureAndAnimationsAreNoMetadata) {
  const Bytes whole = png({}, noise(kRgbBytes));
  EXPECT_EQ(pixels(whole, joined(whole, {1, 2, 3})).agreement, Agreement::kDiffer);
  EXPECT_EQ(pixels(joined(whole, {1}), joined(whole, {2})).agreement, Agreement::kUndecidable);
  const Bytes control = png_chunk("acTL", {0, 0, 0, 2, 0, 0, 0, 0});
  const Bytes animated =
      joined(joined({whole.begin(), whole.begin() + 33}, control), {whole.begin() + 33, whole.end()});
  EXPECT_EQ(pixels(whole, animated).agreement, Agreement::kDiffer);
}

TEST(Pixels, AJpegIsComparedByWhatItDecodesTo) {
  const Bytes rgb = noise(std::size_t{64} * 48 * 3);
  const Bytes fine = jpeg(64, 48, rgb, 90);
  EXPECT_TRUE(pixels(fine, jpeg(64, 48, rgb, 90, true)).same()) << "the same coefficients in several scans";
  EXPECT_TRUE(pixels(fine, jpeg(64, 48, rgb, 90, false, "a comment")).same());
  EXPECT_EQ(pixels(fine, jpeg(64, 48, rgb, 89)).agreement, Agreement::kDiffer);
}

TEST(Pixels, ATruncatedJpegIsNotFilledUp) {
  const Bytes rgb(std::size_t{64} * 48 * 3, 128);  // grey, as the decoder fills what is missing
  for (const bool progressive : {false, true}) {
    const Bytes whole = jpeg(64, 48, rgb, 90, progressive);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(pixels(whole, part).agreement, Agreement::kDiffer) << size;
    }
  }
  const Bytes whole = jpeg(64, 48, rgb, 90);
  EXPECT_EQ(pixels(whole, joined(whole, {0})).agreement, Agreement::kDiffer);
}

TEST(Pixels, AGiantJpegIsRefused) {
  Bytes giant = jpeg(64, 48, Bytes(std::size_t{64} * 48 * 3, 1), 90);
  const std::string frame = "\xff\xc0";
  const auto at = std::search(giant.begin(), giant.end(), frame.begin(), frame.end(),
                              [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  ASSERT_NE(at, giant.end());
  std::fill(at + 5, at + 9, std::uint8_t{0xea});  // 60,138 pixels a side
  Bytes other = giant;
  other.back() = 0;
  EXPECT_EQ(pixels(giant, other).agreement, Agreement::kUndecidable);
}

TEST(Pixels, AJpegOfEndlessScansIsRefused) {
  const Bytes whole = jpeg(64, 48, noise(std::size_t{64} * 48 * 3), 90, true);
  const auto is_scan = [&](std::size_t i) { return whole[i] == 0xff && whole[i + 1] == 0xda; };
  std::size_t first = 0;
  while (!is_scan(first))
    ++first;
  std::size_t second = first + 2;
  while (!(whole[second] == 0xff && whole[second + 1] != 0 && whole[second + 1] != 0xff))
    ++second;
  // The first scan again and again: each costs the decoder a pass over the picture.
  Bytes endless(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(second));
  for (int i = 0; i < 200; ++i)
    endless.insert(endless.end(), whole.begin() + static_cast<std::ptrdiff_t>(first),
                   whole.begin() + static_cast<std::ptrdiff_t>(second));
  endless.insert(endless.end(), whole.begin() + static_cast<std::ptrdiff_t>(second), whole.end());
  EXPECT_EQ(pixels(whole, endless).agreement, Agreement::kDiffer);
}

}  // namespace
