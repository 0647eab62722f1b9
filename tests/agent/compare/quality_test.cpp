// `image`: PSNR and SSIM.

#include <gtest/gtest.h>

#include <cmath>

#include "agent/compare/compare.h"
#include "agent/compare/picture.h"
#include "agent/compare/ssim.h"
#include "tests/agent/compare/samples.h"

namespace {

using namespace reeve;
using namespace reeve::agent::compare;
using namespace reeve::samples;

Verdict image(const Bytes& a, const Bytes& b, const std::string& settings) {
  return compare_bytes(a, b, *parse_comparison("image:" + settings));
}

PngForm grey(int depth = 8) {
  PngForm form;
  form.color_type = 0;
  form.bit_depth = depth;
  return form;
}

constexpr std::size_t kPixels = std::size_t{16} * 12;

TEST(Quality, PsnrDecidesJustAboveAndJustBelowTheBound) {
  // 192 samples, 12 of them 4 steps off: the mean square is 1, and PSNR 20 log10(255) = 48.1308 dB.
  Bytes rows(kPixels, 100);
  const Bytes one = png(grey(), rows);
  for (std::size_t i = 0; i < 12; ++i)
    rows[i * 7] = 104;
  const Bytes other = png(grey(), rows);
  EXPECT_TRUE(image(one, other, "psnr=48.1308").same());
  const Verdict verdict = image(one, other, "psnr=48.1309");
  EXPECT_EQ(verdict.agreement, Agreement::kDiffer);
  EXPECT_EQ(verdict.why, "PSNR 48.1308 dB, at least 48.1309 dB asked for");
}

TEST(Quality, SixteenBitsHaveTheirOwnPeak) {
  Bytes rows(kPixels * 2, 0);
  const Bytes one = png(grey(16), rows);
  for (std::size_t i = 0; i < kPixels; ++i)
    rows[i * 2 + 1] = 1;
  // One step everywhere: 20 log10(65535) = 96.3295 dB.
  EXPECT_TRUE(image(one, png(grey(16), rows), "psnr=96.329").same());
  EXPECT_FALSE(image(one, png(grey(16), rows), "psnr=96.330").same());
}

TEST(Quality, AlphaIsAChannelLikeAnother) {
  PngForm form;
  form.color_type = 6;
  Bytes rows(kPixels * 4, 100);
  const Bytes one = png(form, rows);
  for (std::size_t i = 0; i < kPixels; ++i)
    rows[i * 4 + 3] = 102;
  // A quarter of the samples is 2 steps off: again a mean square of 1.
  EXPECT_TRUE(image(one, png(form, rows), "psnr=48.13").same());
  EXPECT_FALSE(image(one, png(form, rows), "psnr=48.14").same());
}

TEST(Quality, SsimIsOneForEqualAndFallsWithStructureLost) {
  const Bytes noisy = noise(kPixels);
  const Bytes one = png(grey(), noisy);
  PngForm labelled = grey();
  labelled.text = "other metadata";
  EXPECT_TRUE(image(one, png(labelled, noisy), "ssim=1").same());
  EXPECT_FALSE(image(one, png(grey(), Bytes(kPixels, 128)), "ssim=0.5").same());
}

/// Straight from the paper's formula, in the plainest way: the sum over each window on its own.
double plain_ssim(const Bytes& a, const Bytes& b, int width, int height) {
  std::vector<double> weights;
  double total = 0;
  for (int y = -5; y <= 5; ++y)
    for (int x = -5; x <= 5; ++x) {
      weights.push_back(std::exp(-(x * x + y * y) / 4.5));
      total += weights.back();
    }
  double sum = 0;
  for (int top = 0; top + 11 <= height; ++top)
    for (int left = 0; left + 11 <= width; ++left) {
      double mean_a = 0, mean_b = 0, var_a = 0, var_b = 0, both = 0;
      const auto at = [&](const Bytes& p, int i) {
        return double{
            static_cast<double>(p[static_cast<std::size_t>((top + i / 11) * width + left + i % 11)])};
      };
      for (int i = 0; i < 121; ++i) {
        mean_a += weights[static_cast<std::size_t>(i)] / total * at(a, i);
        mean_b += weights[static_cast<std::size_t>(i)] / total * at(b, i);
      }
      for (int i = 0; i < 121; ++i) {
        const double w = weights[static_cast<std::size_t>(i)] / total;
        var_a += w * (at(a, i) - mean_a) * (at(a, i) - mean_a);
        var_b += w * (at(b, i) - mean_b) * (at(b, i) - mean_b);
        both += w * (at(a, i) - mean_a) * (at(b, i) - mean_b);
      }
      sum += (2 * mean_a * mean_b + 6.5025) * (2 * both + 58.5225) /
             ((mean_a * mean_a + mean_b * mean_b + 6.5025) * (var_a + var_b + 58.5225));
    }
  return sum / ((width - 10) * (height - 10));
}

TEST(Quality, SsimIsThatOfThePaperAndDecidesOnBothSidesOfItsBound) {
  const Bytes a = noise(kPixels);
  Bytes b = a;
  for (std::size_t i = 0; i < b.size(); i += 5)
    b[i] = static_cast<std::uint8_t>(b[i] / 2);
  const Bytes one = png(grey(), a);
  const Bytes other = png(grey(), b);
  const double expected = plain_ssim(a, b, 16, 12);
  const auto decoded = decode_picture(one);
  const auto other_decoded = decode_picture(other);
  ASSERT_TRUE(decoded.ok() && other_decoded.ok());
  EXPECT_NEAR(mean_ssim(*decoded, decoded->channels[0], *other_decoded, other_decoded->channels[0], 255),
              expected, 1e-12);
  EXPECT_TRUE(image(one, other, "ssim=" + std::to_string(expected - 1e-5)).same());
  EXPECT_FALSE(image(one, other, "ssim=" + std::to_string(expected + 1e-5)).same());
}

TEST(Quality, PicturesSmallerThanTheWindowAreCompared) {
  PngForm form = grey();
  form.width = 3;
  form.height = 1;
  EXPECT_FALSE(image(png(form, {0, 255, 0}), png(form, {255, 0, 255}), "ssim=0.9").same());
  EXPECT_TRUE(image(png(form, {0, 255, 0}), png(form, {0, 254, 0}), "ssim=0.9").same());
}

TEST(Quality, BothBoundsMustHold) {
  Bytes rows = noise(kPixels);
  const Bytes one = png(grey(), rows);
  for (auto& value : rows)
    value = static_cast<std::uint8_t>(value ^ 1);
  const Bytes other = png(grey(), rows);
  EXPECT_TRUE(image(one, other, "psnr=48,ssim=0.99").same());
  EXPECT_FALSE(image(one, other, "psnr=49,ssim=0.99").same());
  EXPECT_FALSE(image(one, other, "psnr=48,ssim=1").same());
}

TEST(Quality, OneEnormousFloatDoesNotHideTheRest) {
  auto values = ramp(16, 40);
  values[0] = 1e30F;
  const Bytes one = exr({}, {{"R", 2, values}});
  for (std::size_t i = 1; i < values.size(); ++i)
    values[i] += 0.5F;
  EXPECT_FALSE(image(one, exr({}, {{"R", 2, values}}), "psnr=20").same());
  values[0] = 1.5e30F;
  EXPECT_FALSE(image(one, exr({}, {{"R", 2, values}}), "psnr=20").same());
}

TEST(Quality, InfinityAndNaNMustHaveEqualBits) {
  auto values = ramp(16, 40);
  const Bytes finite = exr({}, {{"R", 2, values}});
  for (const float strange : {INFINITY, NAN}) {
    values[7] = strange;
    const Bytes one = exr({}, {{"R", 2, values}});
    EXPECT_FALSE(image(finite, one, "psnr=1,ssim=0.01").same());
    auto near = values;
    near[8] += 0.001F;
    EXPECT_TRUE(image(one, exr({}, {{"R", 2, near}}), "psnr=40,ssim=0.9").same());
  }
}

TEST(Quality, ALayerIsNotAveragedAwayAmongOthers) {
  std::vector<ExrChannelForm> layers;
  for (int i = 0; i < 30; ++i)
    layers.push_back({"layer" + std::to_string(10 + i) + ".R", 2, ramp(16, 40)});
  const Bytes one = exr({}, layers);
  for (float& value : layers[3].values)
    value += 0.02F;  // 34 dB by itself, 48.7 dB over all layers
  EXPECT_FALSE(image(one, exr({}, layers), "psnr=40").same());
  EXPECT_TRUE(image(one, exr({}, layers), "psnr=33").same());
}

TEST(Quality, IntegersOfOpenExrMustBeEqual) {
  auto ids = ramp(16, 40);
  const Bytes one = exr({}, {{"R", 2, ramp(16, 40)}, {"id", 0, ids}});
  ids[3] = 7;
  EXPECT_EQ(image(one, exr({}, {{"R", 2, ramp(16, 40)}, {"id", 0, ids}}), "psnr=1").why,
            "integers differ at (3, 0) in id");
}

}  // namespace
