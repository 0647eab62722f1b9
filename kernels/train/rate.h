#pragma once

#include "kernels/core/math.h"
#include "kernels/train/train_spec.h"

namespace reeve::kernels {

/// The learning rate of a generation; see RateSpec.
inline float learning_rate(const TrainSpec& spec, std::uint32_t generation) {
  const RateSpec& rate = spec.rate;
  const auto number = [](std::uint32_t value) { return from_int(static_cast<std::int32_t>(value)); };
  if (generation < rate.warm_up)
    return (F32(rate.peak) * (number(generation + 1) / number(rate.warm_up))).value;
  if (rate.shape == RateShape::kConstant) return rate.peak;
  const std::uint32_t steps = spec.generations - rate.warm_up;  // at least 1: generation is one of them
  const F32 done = steps > 1 ? number(generation - rate.warm_up) / number(steps - 1) : F32(0);
  const F32 part = F32(0.5f) * (F32(1) + sin_cos_pi(done).cos);
  return fma(F32(rate.peak) - F32(rate.last), part, F32(rate.last)).value;
}

}  // namespace reeve::kernels
