// OpenEXR, under `pixels`.

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

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

std::vector<ExrChannelForm> half_rgb(const std::vector<float>& green) {
  return {{"R", 1, ramp(16, 40)}, {"G", 1, green}, {"B", 1, ramp(16, 40)}};
}

constexpr int kLossless[] = {0, 1, 2, 3, 4};  // stored, RLE, ZIPS, ZIP, PIZ

TEST(ExrPixels, CompressionTilesAndMetadataDoNotCount) {
  const std::vector<ExrChannelForm> channels = {
      {"A", 2, ramp(16, 40)}, {"R", 1, ramp(16, 40)}, {"id", 0, ramp(16, 40)}};
  ExrForm stored;
  stored.compression = 0;
  for (const int compression : kLossless) {
    ExrForm form;
    form.compression = compression;
    form.owner = "somebody";
    EXPECT_TRUE(pixels(exr(stored, channels), exr(form, channels)).same()) << compression;
    form.tile = 7;
    const Verdict verdict = pixels(exr(stored, channels), exr(form, channels));
    EXPECT_TRUE(verdict.same()) << compression << verdict.why;
  }
}

TEST(ExrPixels, LossyCompressionIsComparedByWhatItDecodesTo) {
  for (const int compression : {5, 6, 7, 8, 9}) {  // PXR24, B44, B44A, DWAA, DWAB
    ExrForm form;
    form.compression = compression;
    ExrForm owned = form;
    owned.owner = "somebody";
    auto green = ramp(16, 40);
    const Bytes one = exr(form, half_rgb(green));
    EXPECT_TRUE(pixels(one, exr(owned, half_rgb(green))).same()) << compression;
    green[200] += 0.5F;
    EXPECT_EQ(pixels(one, exr(owned, half_rgb(green))).agreement, Agreement::kDiffer) << compression;
  }
}

TEST(ExrPixels, OneBitOfOneHalfCounts) {
  auto green = ramp(16, 40);
  green[5 * 16 + 3] = 0.5F;
  const Bytes one = exr({}, half_rgb(green));
  green[5 * 16 + 3] = 0.50048828125F;  // the next half
  EXPECT_EQ(pixels(one, exr({}, half_rgb(green))).why,
            "1 of 640 pixels differ, worst by 0.000488281 at (3, 5) in G");
}

TEST(ExrPixels, ZeroAndMinusZeroDifferAndANaNEqualsItsOwnBits) {
  auto values = ramp(16, 40);
  values[9] = 0.0F;
  const Bytes zero = exr({}, {{"R", 2, values}});
  values[9] = -0.0F;
  EXPECT_EQ(pixels(zero, exr({}, {{"R", 2, values}})).agreement, Agreement::kDiffer);
  ExrForm other;
  other.compression = 0;
  values[9] = NAN;
  const Bytes nan = exr({}, {{"R", 2, values}});
  EXPECT_TRUE(pixels(nan, exr(other, {{"R", 2, values}})).same());
  std::uint32_t bits = 0x7fc00001;
  std::memcpy(&values[9], &bits, sizeof bits);
  EXPECT_EQ(pixels(nan, exr(other, {{"R", 2, values}})).agreement, Agreement::kDiffer);
}

TEST(ExrPixels, ChannelsTypesAndWindowsCount) {
  const auto values = ramp(16, 40);
  const Bytes one = exr({}, {{"R", 1, values}});
  EXPECT_EQ(pixels(one, exr({}, {{"G", 1, values}})).why, "channel R and channel G");
  EXPECT_EQ(pixels(one, exr({}, {{"R", 2, values}})).why, "channel R has half and float");
  EXPECT_EQ(pixels(one, exr({}, half_rgb(values))).why, "1 and 3 channels");
  ExrForm moved;
  moved.first_x = -5;
  moved.first_y = 3;
  EXPECT_EQ(pixels(one, exr(moved, {{"R", 1, values}})).why,
            "the same size, but another data or display window");
  ExrForm stored = moved;
  stored.compression = 0;
  EXPECT_TRUE(pixels(exr(stored, {{"R", 1, values}}), exr(moved, {{"R", 1, values}})).same());
}

TEST(ExrPixels, EveryTruncatedFileDiffersFromTheWholeOne) {
  for (int compression = 0; compression < 10; ++compression) {
    ExrForm form;
    form.compression = compression;
    const Bytes whole = exr(form, half_rgb(ramp(16, 40)));
    for (std::size_t size = 0; size < whole.size(); size += 1 + size / 40) {
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(pixels(whole, part).agreement, Agreement::kDiffer) << compression << " " << size;
    }
  }
}

void set_u32(Bytes& file, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    file[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get_u32(const Bytes& file, std::size_t at) {
  return file[at] | std::uint32_t{file[at + 1]} << 8 | std::uint32_t{file[at + 2]} << 16 |
         std::uint32_t{file[at + 3]} << 24;
}

/// A file of one block, whose data is cut short by `less` bytes: its size says so, and the file ends there.
Bytes with_short_block(const ExrForm& form, std::size_t less) {
  Bytes file =
      exr(form, {{"R", 2, std::vector<float>(static_cast<std::size_t>(form.width * form.height), 0.25F)}});
  std::size_t at = file.size();
  // The block's size stands before its data, which end the file.
  for (std::size_t size = 1; size + 4 < file.size(); ++size)
    if (get_u32(file, file.size() - size - 4) == size) at = file.size() - size - 4;
  EXPECT_LT(at, file.size());
  set_u32(file, at, get_u32(file, at) - static_cast<std::uint32_t>(less));
  file.resize(file.size() - less);
  return file;
}

TEST(ExrPixels, ShortBlocksAreNeverTrusted) {
  for (int compression = 0; compression < 8; ++compression) {
    ExrForm form;
    form.compression = compression;
    form.height = compression <= 2 ? 1 : 16;
    const Bytes whole = with_short_block(form, 0);
    ASSERT_TRUE(decode_picture(whole).ok()) << compression;
    for (const std::size_t less : {1, 2, 5}) {
      if (compression == 6 || compression == 7) continue;  // floats are stored in B44: covered by case 0
      const Bytes cut = with_short_block(form, less);
      EXPECT_EQ(pixels(whole, cut).agreement, Agreement::kDiffer) << compression << " " << less;
    }
  }
}

TEST(ExrPixels, MemoryOfAnotherPictureIsNeverShown) {
  // Bytes of DWA tiles set at random: some of these the library accepts, and leaves pixels as they were in
  // memory.
  ExrForm form;
  form.width = 37;
  form.compression = 8;
  form.tile = 8;
  const auto values = ramp(37, 40);
  const Bytes whole =
      exr(form, {{"A", 2, values}, {"B", 1, values}, {"G", 1, values}, {"R", 1, values}, {"id", 0, values}});
  int watched = 0;
  for (unsigned i = 0; i < 6000; ++i) {
    std::mt19937_64 random(i);
    Bytes file = whole;
    const auto edits = 1 + random() % 3;
    for (std::uint64_t k = 0; k < edits; ++k)
      file[file.size() / 3 + random() % (file.size() * 2 / 3)] = static_cast<std::uint8_t>(random());
    mallopt(M_PERTURB, static_cast<int>(1 + i % 250));
    const auto once = decode_picture(file);
    const auto twice = decode_picture(file);
    ASSERT_EQ(once.ok(), twice.ok()) << i;
    if (once.ok()) {
      ASSERT_EQ(once->data, twice->data) << i;
    } else if (once.error().message == "OpenEXR: a block decompresses to too few bytes") {
      ++watched;
    }
  }
#if !defined(__SANITIZE_ADDRESS__)  // whose memory is always filled alike
  EXPECT_GT(watched, 0) << "the inputs no longer show what this test is about";
#endif
}

TEST(ExrPixels, GiantWindowsAreRefusedBeforeTheyAreAllocated) {
  Bytes giant = exr({}, half_rgb(ramp(16, 40)));
  const std::string name = "dataWindow";
  const auto at = std::search(giant.begin(), giant.end(), name.begin(), name.end()) - giant.begin();
  const std::size_t value = static_cast<std::size_t>(at) + name.size() + 1 + 6 + 4;
  for (const std::uint32_t side : {0x7fffffffU, 0x0fffffffU, 60000U}) {
    set_u32(giant, value + 8, side);
    set_u32(giant, value + 12, side);
    Bytes other = giant;
    other.back() = static_cast<std::uint8_t>(other.back() ^ 1);
    EXPECT_EQ(pixels(giant, other).agreement, Agreement::kUndecidable) << side;
  }
}

TEST(ExrPixels, BytesBetweenAndBehindTheBlocksAreNoMetadata) {
  const Bytes whole = exr({}, half_rgb(ramp(16, 40)));
  EXPECT_EQ(pixels(whole, joined(whole, {1})).agreement, Agreement::kDiffer);
}

TEST(ExrPixels, SeveralLevelsAreNotDecoded) {
  ExrForm form;
  form.tile = 8;
  form.mips = true;
  ExrForm owned = form;
  owned.owner = "somebody";
  const auto channels = half_rgb(ramp(16, 40));
  EXPECT_EQ(pixels(exr(form, channels), exr(owned, channels)).agreement, Agreement::kUndecidable);
  EXPECT_EQ(pixels(exr(form, channels), exr({}, channels)).agreement, Agreement::kDiffer);
}

}  // namespace
