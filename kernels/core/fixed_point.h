#pragma once

#include "kernels/core/vec3.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Samples are summed as integers of 2^-20: integer sums are associative, so any split of the samples over
/// threads, tasks and hosts gives the same bits.
inline constexpr float kFixedPointScale = 0x1p20f;

/// The largest sample: with the scale it fills 30 bits, so that conversion never saturates.
inline constexpr float kMaxSample = 1023.0f;

/// 2^20 samples of 2^30 stay below 2^63 by far.
inline constexpr std::uint32_t kMaxSamples = 1u << 20;

struct FixedSum {
  std::int64_t red = 0, green = 0, blue = 0;

  /// NaN and negative values count as 0, values above kMaxSample as kMaxSample.
  REEVE_HD void add(Vec3 sample) {
    red += to_fixed(sample.x);
    green += to_fixed(sample.y);
    blue += to_fixed(sample.z);
  }
  REEVE_HD Vec3 mean(std::uint32_t samples) const {
    const F32 divisor = from_int(static_cast<std::int32_t>(samples)) * F32(kFixedPointScale);
    return {from_int64(red) / divisor, from_int64(green) / divisor, from_int64(blue) / divisor};
  }

  REEVE_HD static std::int32_t to_fixed(F32 value) {
    return to_int(clamp(value, F32(0), F32(kMaxSample)) * F32(kFixedPointScale));
  }
};

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
