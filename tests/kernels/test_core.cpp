#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

#include "kernels/core/fixed_point.h"
#include "kernels/core/float_environment.h"
#include "kernels/core/math.h"
#include "kernels/core/rng.h"

namespace reeve::kernels {
namespace {

/// Distance of y from the exact value, in units in the last place of a float of that size.
double ulps(double exact, float y) {
  int exponent = 0;
  std::frexp(static_cast<float>(exact), &exponent);
  return std::fabs(y - exact) / std::ldexp(1.0, std::max(exponent, -125) - 24);
}

/// The worst ulps of f over floats low..high, every stride-th one.
template <class F, class G>
double worst_ulps(F f, G exact, float low, float high, std::uint32_t stride) {
  double worst = 0;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += stride) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!(x >= low && x <= high)) continue;
    worst = std::max(worst, ulps(exact(static_cast<double>(x)), f(x)));
  }
  return worst;
}

constexpr std::uint32_t kStride = 4099;  // prime, so that every exponent and low bit is met

TEST(Math, ExpStaysWithinOneUlp) {
  const auto ours = [](float x) { return exp(F32(x)).value; };
  EXPECT_LE(worst_ulps(
                ours, [](double x) { return std::exp(x); }, -87.0f, 88.7f, kStride),
            1.0);
}

TEST(Math, LogStaysWithinOneUlp) {
  const auto ours = [](float x) { return log(F32(x)).value; };
  EXPECT_LE(worst_ulps(
                ours, [](double x) { return std::log(x); }, 1e-45f, 3e38f, kStride),
            1.0);
}

TEST(Math, SinAndCosOfPiXStayWithinOneUlp) {
  const auto sine = [](float x) { return sin_cos_pi(F32(x)).sin.value; };
  const auto cosine = [](float x) { return sin_cos_pi(F32(x)).cos.value; };
  EXPECT_LE(worst_ulps(
                sine, [](double x) { return std::sin(M_PI * x); }, -0.25f, 0.25f, kStride),
            1.0);
  EXPECT_LE(worst_ulps(
                cosine, [](double x) { return std::cos(M_PI * x); }, -0.25f, 0.25f, kStride),
            1.0);
}

TEST(Math, SinAndCosOfPiXFollowTheQuadrants) {
  for (int i = -64; i <= 64; ++i) {
    const double x = i / 16.0;
    const SinCos ours = sin_cos_pi(F32(static_cast<float>(x)));
    EXPECT_NEAR(ours.sin.value, std::sin(M_PI * x), 1e-6);
    EXPECT_NEAR(ours.cos.value, std::cos(M_PI * x), 1e-6);
  }
}

TEST(Math, Atan2StaysWithinFiveUlp) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> coordinate(-2, 2);
  double worst = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const float x = coordinate(random);
    const float y = coordinate(random);
    worst = std::max(worst, ulps(std::atan2(double{y}, double{x}) / M_PI, atan2_pi(F32(y), F32(x)).value));
  }
  EXPECT_LE(worst, 5.0);
}

TEST(Math, SpecialValuesAreThoseOfTheStandard) {
  EXPECT_EQ(exp(F32(1000)).value, INFINITY);
  EXPECT_EQ(exp(F32(-1000)).value, 0.0f);
  EXPECT_EQ(log(F32(0)).value, -INFINITY);
  EXPECT_TRUE(std::isnan(log(F32(-1)).value));
  EXPECT_EQ(bits_of(canonical(log(F32(-1)))), 0x7fc00000u);
  EXPECT_EQ(atan2_pi(F32(0), F32(-1)).value, 1.0f);
}

TEST(F32, FmaInBinary64RoundsLikeTheInstruction) {
  std::mt19937 random(7);
  const auto any_float = [&random] { return std::bit_cast<float>(static_cast<std::uint32_t>(random())); };
  for (int i = 0; i < 2'000'000; ++i) {
    const float a = any_float();
    const float b = any_float();
    // Half of the addends nearly cancel the product: there double rounding would show.
    const float c = i % 2 == 0 ? any_float() : -(a * b) * (1 + static_cast<float>(random() % 5) * 0x1p-23f);
    const float exact = std::fma(a, b, c);
    const float ours = fma_by_double(F32(a), F32(b), F32(c)).value;
    if (std::isnan(exact)) {
      EXPECT_TRUE(std::isnan(ours));
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(ours), std::bit_cast<std::uint32_t>(exact))
          << a << ' ' << b << ' ' << c;
    }
  }
}

TEST(F32, FmaInBinary64RoundsOnceAtAHalfwayPoint) {
  // 1 + 2^-24 is halfway between two floats; the tiny product decides, and binary64 alone would lose it.
  const F32 up = fma_by_double(F32(0x1p-60f), F32(0x1p-30f), F32(1.0f));
  EXPECT_EQ(up.value, 1.0f);
  const F32 a(1 + 0x1p-12f);  // square: 1 + 2^-11 + 2^-24
  EXPECT_EQ(fma_by_double(a, a, F32(0x1p-80f)).value, std::fma(a.value, a.value, 0x1p-80f));
  EXPECT_EQ(fma_by_double(a, a, F32(-0x1p-80f)).value, std::fma(a.value, a.value, -0x1p-80f));
  EXPECT_NE(fma_by_double(a, a, F32(0x1p-80f)).value, fma_by_double(a, a, F32(-0x1p-80f)).value);
}

TEST(F32, ClampTakesNanToTheLowerBound) {
  EXPECT_EQ(clamp(quiet_nan(), F32(2), F32(3)).value, 2.0f);
  EXPECT_EQ(clamp(infinity(), F32(2), F32(3)).value, 3.0f);
}

TEST(F32, FloorToIntGoesDown) {
  EXPECT_EQ(floor_to_int(F32(-0.5f)), -1);
  EXPECT_EQ(floor_to_int(F32(-2)), -2);
  EXPECT_EQ(floor_to_int(F32(2.75f)), 2);
}

// Random123's published known answers (kat_vectors, philox 4x32 with 10 rounds).
TEST(Philox, GivesThePublishedKnownAnswers) {
  const auto expect = [](Random4 counter, std::uint64_t key, Random4 answer) {
    const Random4 ours = philox(counter, key);
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(ours.word[i], answer.word[i]);
  };
  expect({{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect({{~0u, ~0u, ~0u, ~0u}}, ~std::uint64_t{0}, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0'a4093822,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(Philox, EveryPartOfTheKeyChangesTheDraw) {
  const SampleRandom base{1, 2, 3, 4};
  const std::uint32_t first = base.draw(5).word[0];
  EXPECT_NE(first, (SampleRandom{2, 2, 3, 4}).draw(5).word[0]);
  EXPECT_NE(first, (SampleRandom{1, 3, 3, 4}).draw(5).word[0]);
  EXPECT_NE(first, (SampleRandom{1, 2, 4, 4}).draw(5).word[0]);
  EXPECT_NE(first, (SampleRandom{1, 2, 3, 5}).draw(5).word[0]);
  EXPECT_NE(first, base.draw(6).word[0]);
}

TEST(FixedPoint, AnyOrderAndAnySplitGivesTheSameSum) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> value(0, 900);
  FixedSum forward, even, odd;
  std::vector<Vec3> samples;
  for (int i = 0; i < 1000; ++i)
    samples.push_back(vec3(value(random), value(random) * 1e-5f, 1e-9f));
  for (const Vec3& sample : samples)
    forward.add(sample);
  for (std::size_t i = samples.size(); i-- > 0;)
    (i % 2 == 0 ? even : odd).add(samples[i]);
  EXPECT_EQ(forward.red, even.red + odd.red);
  EXPECT_EQ(forward.green, even.green + odd.green);
  EXPECT_EQ(forward.blue, even.blue + odd.blue);
}

TEST(FixedPoint, NanAndNegativeSamplesCountAsZeroAndLargeOnesAreClamped) {
  FixedSum sum;
  sum.add({quiet_nan(), F32(-5), infinity()});
  EXPECT_EQ(sum.red, 0);
  EXPECT_EQ(sum.green, 0);
  EXPECT_EQ(sum.mean(1).z.value, kMaxSample);
}

#if defined(__x86_64__)
TEST(FloatEnvironment, KeepsDenormalsWhateverTheThreadHadSet) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
  volatile float smallest = 0x1p-126f;
  const float flushed = smallest * 0.5f;
  float kept = 0;
  {
    const FloatEnvironment environment;
    kept = smallest * 0.5f;
  }
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(flushed, 0.0f);
  EXPECT_EQ(kept, 0x1p-127f);
  EXPECT_EQ(after & 0x8040, 0x8040u) << "the thread's own setting comes back";
}
#endif

}  // namespace
}  // namespace reeve::kernels
