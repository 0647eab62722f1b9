#include "kernels/train/train_kernel.h"

#include <array>

#include "kernels/core/processor.h"
#include "kernels/train/isa_train.h"

#if defined(__x86_64__)
REEVE_DECLARE_TRAIN_OPS(x86_64_v3)
REEVE_DECLARE_TRAIN_OPS(x86_64_v4)
#endif

namespace reeve::kernels {
namespace {

#if defined(__x86_64__)
constexpr std::array<TrainKernel, 3> kKernels{{
    {"x86-64", runs_anywhere, &portable::train_ops},
    {"x86-64-v3", runs_v3, &x86_64_v3::train_ops},
    {"x86-64-v4", runs_v4, &x86_64_v4::train_ops},
}};
#else
constexpr std::array<TrainKernel, 1> kKernels{{{"aarch64", runs_anywhere, &portable::train_ops}}};
#endif

}  // namespace

std::span<const TrainKernel> all_train_kernels() {
  return kKernels;
}

const TrainKernel& best_train_kernel() {
  std::size_t best = 0;
  for (std::size_t i = 0; i < kKernels.size(); ++i) {
    if (kKernels[i].runs_here()) best = i;
  }
  return kKernels[best];
}

}  // namespace reeve::kernels
