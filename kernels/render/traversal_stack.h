#pragma once

#include "kernels/render/view.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

REEVE_HD std::uint32_t lowest_bit(std::uint32_t mask) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__ffs(static_cast<int>(mask)) - 1);
#else
  return static_cast<std::uint32_t>(__builtin_ctz(mask));
#endif
}

/// Nodes and leaves yet to visit, each with a t at or before the one at which the ray enters it. Eight lanes
/// may be stored at once from `size` on, of which only those count that `size` then takes in.
struct TraversalStack {
  float enter[kTraversalStack + kWidth];
  std::int32_t child[kTraversalStack + kWidth];
  std::uint32_t size = 0;

  REEVE_HD void push(float t, std::int32_t c) {
    enter[size] = t;
    child[size] = c;
    ++size;
  }
  /// Inserts among the entries from `first` on, which stay sorted: the nearest is on top.
  REEVE_HD void push_sorted(std::uint32_t first, float t, std::int32_t c) {
    std::uint32_t at = size++;
    for (; at > first && enter[at - 1] < t; --at) {
      enter[at] = enter[at - 1];
      child[at] = child[at - 1];
    }
    enter[at] = t;
    child[at] = c;
  }
};

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
