#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/train/train_kernel.h"

namespace reeve::kernels {

/// Hashes of whole outputs of the training kernels: what builds, processors and threads are compared by.
struct GoldenHash {
  std::string name;
  std::uint64_t hash = 0;
};

/// Products of many shapes, each operation alone, then runs of both models. threads: 1..kMaxTrainThreads.
std::vector<GoldenHash> train_golden(const TrainKernel& kernel, unsigned threads);

}  // namespace reeve::kernels
