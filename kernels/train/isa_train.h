#pragma once

#include "kernels/core/platform.h"
#include "kernels/train/train_kernel.h"

#define REEVE_DECLARE_TRAIN_OPS(isa)     \
  namespace reeve::kernels::inline isa { \
  extern const TrainOps train_ops;       \
  }

REEVE_DECLARE_TRAIN_OPS(REEVE_KERNEL_ISA)
