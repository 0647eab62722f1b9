#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "kernels/core/math.h"
#include "kernels/core/wide.h"
#include "kernels/train/elements.h"
#include "kernels/train/fixed_gradient.h"
#include "kernels/train/layers.h"
#include "kernels/train/train_kernel.h"

namespace reeve::kernels {
namespace {

using Floats = std::vector<float>;

Floats any_floats(std::size_t size, unsigned seed, float scale = 1.0f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  Floats floats(size);
  for (float& value : floats)
    value = normal(random);
  return floats;
}

void expect_near(const Floats& ours, const std::vector<double>& exact, double tolerance) {
  ASSERT_EQ(ours.size(), exact.size());
  for (std::size_t i = 0; i < ours.size(); ++i)
    ASSERT_NEAR(ours[i], exact[i], tolerance * (1 + std::abs(exact[i]))) << i;
}

class EveryTrainKernel : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!kernel().runs_here()) GTEST_SKIP() << kernel().name << " does not run on this processor";
  }
  static const TrainKernel& kernel() { return all_train_kernels()[GetParam()]; }
  static const TrainOps& ops() { return *kernel().ops; }
};

INSTANTIATE_TEST_SUITE_P(Isa, EveryTrainKernel, testing::Range(std::size_t{0}, all_train_kernels().size()));

/// The contract itself: chains of fma over ascending k, whole or in parts of kGemmPart.
Floats plain_product(const GemmCall& call) {
  Floats c(call.rows * call.columns);
  for (std::size_t i = 0; i < call.rows; ++i) {
    for (std::size_t j = 0; j < call.columns; ++j) {
      float total = call.start == GemmStart::kSum ? call.c[i * call.c_row + j] : 0.0f;
      float part = total;
      for (std::size_t k = 0; k < call.depth; ++k) {
        const bool begins = call.order == GemmOrder::kParts && k % kGemmPart == 0;
        if (begins && k > 0) total = k == kGemmPart && call.start == GemmStart::kZero ? part : total + part;
        if (begins) part = 0;
        part = std::fma(call.a[i * call.a_row + k * call.a_depth],
                        call.b[k * call.b_depth + j * call.b_column], part);
      }
      const bool summed = call.order == GemmOrder::kParts &&
                          (call.depth > kGemmPart || call.start == GemmStart::kSum) && call.depth > 0;
      c[i * call.columns + j] = summed ? total + part : part;
    }
  }
  return c;
}

struct Shape {
  std::size_t rows, columns, depth;
};
constexpr Shape kShapes[] = {{1, 1, 1},     {3, 5, 7},     {14, 32, 16},  {15, 33, 257},
                             {29, 70, 513}, {64, 10, 300}, {350, 40, 20}, {6, 2100, 3}};

TEST_P(EveryTrainKernel, ProductsAreChainsOfFmaForEveryShapeAndTransposition) {
  Team team(3);
  const Layers layers(ops(), team);
  for (const Shape& shape : kShapes) {
    const Floats a = any_floats(shape.rows * shape.depth, 1);
    const Floats b = any_floats(shape.depth * shape.columns, 2);
    for (unsigned kind = 0; kind < 16; ++kind) {
      Floats c = any_floats(shape.rows * shape.columns, 3);
      GemmCall call{shape.rows, shape.columns, shape.depth};
      call.a = a.data();
      call.a_row = (kind & 1) != 0 ? 1 : shape.depth;
      call.a_depth = (kind & 1) != 0 ? shape.rows : 1;
      call.b = b.data();
      call.b_depth = (kind & 2) != 0 ? 1 : shape.columns;
      call.b_column = (kind & 2) != 0 ? shape.depth : 1;
      call.c = c.data();
      call.c_row = shape.columns;
      call.start = (kind & 4) != 0 ? GemmStart::kSum : GemmStart::kZero;
      call.order = (kind & 8) != 0 ? GemmOrder::kParts : GemmOrder::kSequence;
      const Floats wanted = plain_product(call);
      layers.gemm(call);
      ASSERT_EQ(c, wanted) << shape.rows << 'x' << shape.columns << 'x' << shape.depth << " kind " << kind;
    }
  }
}

TEST_P(EveryTrainKernel, AProductWritesNothingBesideItsOwnColumns) {
  const Floats a = any_floats(20 * 6, 1);
  const Floats b = any_floats(6 * 9, 2);
  Floats c(20 * 16, -7.0f);
  Team team(1);
  Layers(ops(), team).gemm({20, 9, 6, a.data(), 6, 1, b.data(), 9, 1, c.data() + 3, 16});
  for (std::size_t i = 0; i < c.size(); ++i)
    EXPECT_EQ(c[i] == -7.0f, i % 16 < 3 || i % 16 >= 12) << i;
}

TEST_P(EveryTrainKernel, ProductsOfNoDepthAreZeroOrWhatWasThere) {
  Floats c{1, 2, 3, 4};
  Team team(1);
  const Layers layers(ops(), team);
  layers.gemm({2, 2, 0, nullptr, 0, 1, nullptr, 0, 1, c.data(), 2, GemmStart::kSum});
  EXPECT_EQ(c, (Floats{1, 2, 3, 4}));
  layers.gemm({2, 2, 0, nullptr, 0, 1, nullptr, 0, 1, c.data(), 2});
  EXPECT_EQ(c, (Floats{0, 0, 0, 0}));
}

TEST_P(EveryTrainKernel, GeluAndItsSlopeFollowTheFormula) {
  const Floats x = any_floats(1003, 4, 3.0f);
  const Floats dy = any_floats(1003, 5);
  Floats y(x.size());
  Floats dx(x.size());
  ops().gelu(x.size(), x.data(), y.data());
  ops().gelu_backward(x.size(), x.data(), dy.data(), dx.data());
  std::vector<double> exact_y;
  std::vector<double> exact_dx;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double v = x[i];
    const double root = std::sqrt(2 / M_PI);
    const double t = std::tanh(root * (v + 0.044715 * v * v * v));
    exact_y.push_back(0.5 * v * (1 + t));
    exact_dx.push_back(dy[i] * (0.5 * (1 + t) + 0.5 * v * (1 - t * t) * root * (1 + 3 * 0.044715 * v * v)));
  }
  expect_near(y, exact_y, 1e-6);
  expect_near(dx, exact_dx, 2e-6);
}

TEST_P(EveryTrainKernel, GeluIsExactFarOut) {
  const Floats x{-200, -30, 0, 30, 200, 1e20f, -1e20f};
  Floats y(x.size());
  ops().gelu(x.size(), x.data(), y.data());
  EXPECT_EQ(y, (Floats{0, 0, 0, 30, 200, 1e20f, 0}));
}

TEST_P(EveryTrainKernel, LayernormAndItsBackwardPassFollowTheFormulas) {
  constexpr std::size_t kRows = 5;
  constexpr std::size_t kWidth = 77;
  const Floats x = any_floats(kRows * kWidth, 1, 4.0f);
  const Floats gain = any_floats(kWidth, 2);
  const Floats bias = any_floats(kWidth, 3);
  const Floats dy = any_floats(kRows * kWidth, 4);
  Floats y(x.size());
  Floats mean(kRows);
  Floats scale(kRows);
  Floats dx(x.size(), 1.0f);
  Floats dgain(kWidth);
  Floats dbias(kWidth);
  Team team(1);
  const Layers layers(ops(), team);
  layers.layernorm(kRows, kWidth, x.data(), gain.data(), bias.data(), y.data(), mean.data(), scale.data());
  layers.layernorm_backward(kRows, kWidth, x.data(), gain.data(), mean.data(), scale.data(), dy.data(),
                            dx.data(), dgain.data(), dbias.data());
  std::vector<double> exact_y(x.size());
  std::vector<double> exact_dx(x.size());
  std::vector<double> exact_dgain(kWidth);
  std::vector<double> exact_dbias(kWidth);
  for (std::size_t r = 0; r < kRows; ++r) {
    const std::size_t at = r * kWidth;
    double m = 0, v = 0, slope = 0, along = 0;
    for (std::size_t i = 0; i < kWidth; ++i)
      m += x[at + i] / double{kWidth};
    for (std::size_t i = 0; i < kWidth; ++i)
      v += (x[at + i] - m) * (x[at + i] - m) / double{kWidth};
    const double s = 1 / std::sqrt(v + 1e-5);
    for (std::size_t i = 0; i < kWidth; ++i) {
      const double normal = (x[at + i] - m) * s;
      exact_y[at + i] = normal * gain[i] + bias[i];
      exact_dgain[i] += dy[at + i] * normal;
      exact_dbias[i] += dy[at + i];
      slope += double{dy[at + i]} * gain[i] / double{kWidth};
      along += double{dy[at + i]} * gain[i] * normal / double{kWidth};
    }
    for (std::size_t i = 0; i < kWidth; ++i)
      exact_dx[at + i] = 1 + s * (double{dy[at + i]} * gain[i] - slope - (x[at + i] - m) * s * along);
  }
  expect_near(y, exact_y, 2e-6);
  expect_near(dx, exact_dx, 2e-6);
  expect_near(dgain, exact_dgain, 2e-6);
  expect_near(dbias, exact_dbias, 2e-6);
}

TEST_P(EveryTrainKernel, CausalSoftmaxAndItsBackwardPassFollowTheFormulas) {
  constexpr std::size_t kSide = 41;
  const Floats scores = any_floats(kSide * kSide, 1, 5.0f);
  const Floats dp = any_floats(kSide * kSide, 2);
  Floats p = scores;
  ops().causal_softmax(kSide, 0.25f, p.data());
  Floats ds = dp;
  ops().causal_softmax_backward(kSide, 0.25f, p.data(), ds.data());
  std::vector<double> exact_p(p.size());
  std::vector<double> exact_ds(p.size());
  for (std::size_t t = 0; t < kSide; ++t) {
    double sum = 0, mean = 0;
    for (std::size_t s = 0; s <= t; ++s)
      sum += std::exp(0.25 * scores[t * kSide + s]);
    for (std::size_t s = 0; s <= t; ++s) {
      exact_p[t * kSide + s] = std::exp(0.25 * scores[t * kSide + s]) / sum;
      mean += exact_p[t * kSide + s] * dp[t * kSide + s];
    }
    for (std::size_t s = 0; s <= t; ++s)
      exact_ds[t * kSide + s] = 0.25 * exact_p[t * kSide + s] * (dp[t * kSide + s] - mean);
  }
  expect_near(p, exact_p, 1e-6);
  expect_near(ds, exact_ds, 1e-6);
}

TEST_P(EveryTrainKernel, CrossEntropyAndItsSlopeFollowTheFormulas) {
  constexpr std::size_t kRows = 6;
  constexpr std::size_t kClasses = 45;
  const Floats logits = any_floats(kRows * kClasses, 1, 6.0f);
  const std::vector<std::uint8_t> targets{0, 44, 3, 17, 31, 32};
  Floats slopes = logits;
  Floats losses(kRows);
  ops().cross_entropy(kRows, kClasses, 0.5f, targets.data(), slopes.data(), losses.data());
  std::vector<double> exact_losses;
  std::vector<double> exact_slopes;
  for (std::size_t r = 0; r < kRows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < kClasses; ++c)
      sum += std::exp(double{logits[r * kClasses + c]});
    exact_losses.push_back(std::log(sum) - logits[r * kClasses + targets[r]]);
    for (std::size_t c = 0; c < kClasses; ++c)
      exact_slopes.push_back(0.5 *
                             (std::exp(double{logits[r * kClasses + c]}) / sum - (c == targets[r] ? 1 : 0)));
  }
  expect_near(losses, exact_losses, 1e-6);
  expect_near(slopes, exact_slopes, 1e-6);
}

TEST_P(EveryTrainKernel, AdamwFollowsTheFormula) {
  const Floats g = any_floats(50, 1);
  Floats w = any_floats(50, 2), m = any_floats(50, 3), v = any_floats(50, 4);
  for (float& value : v)
    value *= value;
  std::vector<double> exact_w, exact_m, exact_v;
  for (std::size_t i = 0; i < g.size(); ++i) {
    exact_m.push_back(0.75 * m[i] + 0.25 * g[i]);
    exact_v.push_back(0.875 * v[i] + 0.125 * g[i] * g[i]);
    const double step = 2 * exact_m[i] / (std::sqrt(3 * exact_v[i]) + 0.01) + 0.1 * w[i];
    exact_w.push_back(w[i] - 0.125 * step);
  }
  ops().adamw(g.size(), {0.75f, 0.875f, 2, 3, 0.01f, 0.125f, 0.1f}, g.data(), w.data(), m.data(), v.data());
  expect_near(w, exact_w, 1e-6);
  expect_near(m, exact_m, 1e-6);
  expect_near(v, exact_v, 1e-6);
}

TEST_P(EveryTrainKernel, SgdFollowsTheFormulaWithAndWithoutMomentum) {
  const Floats g{1, -2, 0.5f};
  Floats w{1, 1, 4};
  Floats v{2, 0, -1};
  ops().sgd(3, {0.5f, 0.25f, 0.5f}, g.data(), w.data(), v.data());
  EXPECT_EQ(v, (Floats{2.5f, -1.5f, 2}));
  EXPECT_EQ(w, (Floats{0.375f, 1.375f, 3.5f}));
  ops().sgd(3, {0, 0.5f, 0}, g.data(), w.data(), nullptr);
  EXPECT_EQ(w, (Floats{-0.125f, 2.375f, 3.25f}));
}

TEST_P(EveryTrainKernel, FixedPointRoundsToTheNearestEvenInteger) {
  const Floats g{0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.49999997f, 8388609.0f, 0x1.fffffep50f, -0x1.fffffep50f};
  std::vector<std::int64_t> sums(g.size(), 1);
  EXPECT_EQ(ops().add_fixed(g.size(), 0, g.data(), sums.data()), g.size());
  const std::int64_t large = (std::int64_t{1} << 51) - (std::int64_t{1} << 27);
  EXPECT_EQ(sums, (std::vector<std::int64_t>{1, 3, 3, 1, -1, 1, 8388610, 1 + large, 1 - large}));
}

TEST_P(EveryTrainKernel, FixedPointStopsAtWhatIsTooLargeOrNoNumber) {
  for (const float bad : {0x1p31f, -0x1p31f, INFINITY, -INFINITY, NAN}) {
    Floats g(100, 1.0f);
    g[37] = bad;
    std::vector<std::int64_t> sums(g.size());
    EXPECT_EQ(ops().add_fixed(g.size(), 20, g.data(), sums.data()), 37u) << bad;
  }
  const float largest = 0x1.fffffep30f;
  std::int64_t sum = 0;
  EXPECT_EQ(ops().add_fixed(1, 20, &largest, &sum), 1u);
}

TEST_P(EveryTrainKernel, WhatWasMadeFixedComesBack) {
  Floats g{0.25f, -3.0f, 0x1p-20f};
  std::vector<std::int64_t> sums(3);
  for (int part = 0; part < 4; ++part)
    ops().add_fixed(3, 36, g.data(), sums.data());
  Floats back(3);
  ops().from_fixed(3, 36, 4, sums.data(), back.data());
  EXPECT_EQ(back, g);
}

TEST_P(EveryTrainKernel, ColumnsAreSummedInTheOrderOfTheRows) {
  const Floats x = any_floats(9 * 70, 1);
  Floats sums(70, NAN);
  ops().column_sums(9, 70, 0, 33, x.data(), sums.data());
  ops().column_sums(9, 70, 33, 70, x.data(), sums.data());
  for (std::size_t column = 0; column < 70; ++column) {
    float sum = 0;
    for (std::size_t row = 0; row < 9; ++row)
      sum += x[row * 70 + column];
    EXPECT_EQ(sums[column], sum) << column;
  }
}

TEST(WideF32, ExpGivesTheBitsOfTheScalarOne) {
  std::mt19937 random(9);
  for (int i = 0; i < 200'000; ++i) {
    float in[kWideLanes];
    float out[kWideLanes];
    for (float& value : in)
      value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    store_wide(out, exp_of(load_wide(in)));
    for (int lane = 0; lane < kWideLanes; ++lane)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(out[lane]), bits_of(exp(F32(in[lane])))) << in[lane];
  }
}

TEST(Gelu, ErrorOverSampledInputsStaysSmall) {
  long double worst = 0;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4099) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!(std::abs(x) < 10)) continue;
    const long double v = x;
    const long double u = 1.5957691216057307117L * (v + 0.044715L * v * v * v);
    const long double exact = v / (1 + std::exp(-u));
    worst = std::max(worst, std::abs(gelu(F32(x)).value - exact) / (std::abs(exact) + 1e-6L));
  }
  EXPECT_LT(worst, 1.5e-5L);  // far out to the left e^u magnifies the rounding of u
}

}  // namespace
}  // namespace reeve::kernels
