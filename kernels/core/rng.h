#pragma once

#include "kernels/core/f32.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

struct Random4 {
  std::uint32_t word[4];
};

REEVE_HD std::uint32_t multiply_high(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((std::uint64_t{a} * b) >> 32);
}

/// Philox4x32-10: a bijection of 128-bit counters under a 64-bit key; counters need no state and no order.
/// Source: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
REEVE_HD_CALL Random4 philox(Random4 counter, std::uint64_t key) {
  std::uint32_t key_low = static_cast<std::uint32_t>(key);
  std::uint32_t key_high = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint32_t high0 = multiply_high(0xD2511F53u, counter.word[0]);
    const std::uint32_t low0 = 0xD2511F53u * counter.word[0];
    const std::uint32_t high1 = multiply_high(0xCD9E8D57u, counter.word[2]);
    const std::uint32_t low1 = 0xCD9E8D57u * counter.word[2];
    counter = {{high1 ^ counter.word[1] ^ key_low, low1, high0 ^ counter.word[3] ^ key_high, low0}};
    key_low += 0x9E3779B9u;
    key_high += 0xBB67AE85u;
  }
  return counter;
}

/// Uniform in [0, 1): 24 bits, which convert exactly.
REEVE_HD F32 to_unit(std::uint32_t word) {
  return from_int(static_cast<std::int32_t>(word >> 8)) * F32(0x1p-24f);
}

/// The random numbers of one sample of one pixel: the same whatever tile, thread or host computes it.
struct SampleRandom {
  std::uint64_t job_key;
  std::uint32_t frame;
  std::uint32_t pixel;  ///< y · image width + x
  std::uint32_t sample;

  REEVE_HD Random4 draw(std::uint32_t dimension) const {
    return philox({{dimension, sample, pixel, frame}}, job_key);
  }
};

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
