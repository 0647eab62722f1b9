#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/train/train_spec.h"

namespace reeve::kernels {

/// The mean cross entropy of a model in binary64, written plainly from its definition: what kernels/train is
/// measured against. values and targets as kernels/train/model.h has them.
double reference_loss(const TrainSpec& spec, const std::vector<double>& parameters,
                      std::span<const std::uint8_t> values, std::span<const std::uint8_t> targets,
                      std::uint32_t samples);

}  // namespace reeve::kernels
