#pragma once

#include "kernels/core/wide.h"
#include "kernels/train/elements.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Rows are summed over 32 lanes (lane l takes entries l, l + 32, ... in turn), then by a tree that halves
/// the lanes: one warp with shfl_xor, two AVX-512 registers, four of AVX2.
inline constexpr std::size_t kRowLanes = 32;
inline constexpr std::size_t kRowWides = kRowLanes / kWideLanes;

REEVE_HD F32 sum_tree(float* lanes) {
  for (std::size_t half = kRowLanes / 2; half >= 1; half /= 2) {
    for (std::size_t i = 0; i < half; ++i)
      lanes[i] = (F32(lanes[i]) + F32(lanes[i + half])).value;
  }
  return F32(lanes[0]);
}

/// The sum over i < n of what `wide` and `narrow` add to an accumulator at entry i.
///   wide(WideF32 sum, i)  entries i..i + kWideLanes - 1;  narrow(F32 sum, i)  entry i
template <class Wide, class Narrow>
REEVE_HD F32 reduce_row(std::size_t n, Wide wide, Narrow narrow) {
  WideF32 sums[kRowWides];
#pragma GCC unroll 8
  for (std::size_t w = 0; w < kRowWides; ++w)
    sums[w] = WideF32(0.0f);
  std::size_t i = 0;
  for (; i + kRowLanes <= n; i += kRowLanes) {
#pragma GCC unroll 8
    for (std::size_t w = 0; w < kRowWides; ++w)
      sums[w] = wide(sums[w], i + w * kWideLanes);
  }
  alignas(64) float lanes[kRowLanes];
#pragma GCC unroll 8
  for (std::size_t w = 0; w < kRowWides; ++w)
    store_wide(lanes + w * kWideLanes, sums[w]);
  for (std::size_t lane = 0; i + lane < n; ++lane)
    lanes[lane] = narrow(F32(lanes[lane]), i + lane).value;
  return sum_tree(lanes);
}

/// Calls `wide(i)` for whole registers and `narrow(i)` for the entries behind them.
template <class Wide, class Narrow>
REEVE_HD void for_each_entry(std::size_t n, Wide wide, Narrow narrow) {
  std::size_t i = 0;
  for (; i + kWideLanes <= n; i += kWideLanes)
    wide(i);
  for (; i < n; ++i)
    narrow(i);
}

/// y[i] = f(x[i]...) for a formula that takes N.
template <class F>
REEVE_HD void map_entries(std::size_t n, float* y, const float* x, F f) {
  for_each_entry(
      n, [&](std::size_t i) { store_wide(y + i, f(load_wide(x + i))); },
      [&](std::size_t i) { y[i] = f(F32(x[i])).value; });
}
template <class F>
REEVE_HD void map_entries(std::size_t n, float* y, const float* x, const float* z, F f) {
  for_each_entry(
      n, [&](std::size_t i) { store_wide(y + i, f(load_wide(x + i), load_wide(z + i))); },
      [&](std::size_t i) { y[i] = f(F32(x[i]), F32(z[i])).value; });
}

REEVE_HD F32 sum_row(const float* x, std::size_t n) {
  return reduce_row(
      n, [&](WideF32 sum, std::size_t i) { return sum + load_wide(x + i); },
      [&](F32 sum, std::size_t i) { return sum + F32(x[i]); });
}

REEVE_HD F32 sum_products(const float* x, const float* y, std::size_t n) {
  return reduce_row(
      n, [&](WideF32 sum, std::size_t i) { return fma(load_wide(x + i), load_wide(y + i), sum); },
      [&](F32 sum, std::size_t i) { return fma(F32(x[i]), F32(y[i]), sum); });
}

/// The largest entry; any order gives the same. n >= 1.
REEVE_HD F32 max_row(const float* x, std::size_t n) {
  F32 most(x[0]);
  std::size_t i = 0;
  if (n >= kWideLanes) {
    WideF32 wide = load_wide(x);
    for (i = kWideLanes; i + kWideLanes <= n; i += kWideLanes)
      wide = max(load_wide(x + i), wide);
    for (int lane = 0; lane < kWideLanes; ++lane)
      most = max(F32(wide.value[lane]), most);
  }
  for (; i < n; ++i)
    most = max(F32(x[i]), most);
  return most;
}

/// y[i] = exp(x[i] - most); returns their sum. y may be x.
REEVE_HD F32 exp_row(const float* x, F32 most, std::size_t n, float* y) {
  map_entries(n, y, x, [most](auto value) { return exp_of(value - decltype(value)(most)); });
  return sum_row(y, n);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
