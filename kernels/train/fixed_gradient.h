#pragma once

#include "kernels/core/f32.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// A gradient's entry g becomes the integer nearest to g · 2^scale (ties to even). Sums of integers are
/// associative: micro-batches may be split over threads and hosts as one likes.

/// |g| · 2^scale must stay below 2^51, so that kMaxMicroBatches of them stay below 2^63.
inline constexpr float kFixedLimit = 0x1p51f;
inline constexpr std::uint32_t kMaxMicroBatches = 1u << 12;  // of one generation

/// Whether a scaled entry may be converted: neither too large, nor NaN.
REEVE_HD bool fits_fixed(F32 scaled) {
  return abs(scaled) < F32(kFixedLimit);
}

/// The nearest integer of an entry that fits.
REEVE_HD std::int64_t round_to_fixed(F32 scaled) {
#if defined(__CUDA_ARCH__)
  return __float2ll_rn(scaled.value);
#else
  // The sum is exact but for the rounding to an integer that is asked for: 1.5 · 2^52 puts it in the low
  // bits.
  const double shifted = static_cast<double>(scaled.value) + 0x1.8p52;
  std::int64_t bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4338000000000000;
#endif
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
