#include "kernels/render/kernel_table.h"

#include <array>

#include "kernels/render/isa_kernel.h"

#if defined(__x86_64__)
REEVE_DECLARE_ISA_KERNEL(x86_64_v3)
REEVE_DECLARE_ISA_KERNEL(x86_64_v4)
#endif

namespace reeve::kernels {
namespace {

bool runs_anywhere() {
  return true;
}

#if defined(__x86_64__)
// The features that distinguish processors in the field; the levels' other ones come with them.
bool runs_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}
bool runs_v4() {
  return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512cd");
}

constexpr std::array<KernelTable, 3> kKernels{{
    {"x86-64", runs_anywhere, portable::render_leaf_bytes, portable::trace_rays, portable::block_rays},
    {"x86-64-v3", runs_v3, x86_64_v3::render_leaf_bytes, x86_64_v3::trace_rays, x86_64_v3::block_rays},
    {"x86-64-v4", runs_v4, x86_64_v4::render_leaf_bytes, x86_64_v4::trace_rays, x86_64_v4::block_rays},
}};
#else
constexpr std::array<KernelTable, 1> kKernels{{
    {"aarch64", runs_anywhere, portable::render_leaf_bytes, portable::trace_rays, portable::block_rays},
}};
#endif

}  // namespace

std::span<const KernelTable> all_kernels() {
  return kKernels;
}

const KernelTable& best_kernel() {
  std::size_t best = 0;
  for (std::size_t i = 0; i < kKernels.size(); ++i) {
    if (kKernels[i].runs_here()) best = i;
  }
  return kKernels[best];
}

}  // namespace reeve::kernels
