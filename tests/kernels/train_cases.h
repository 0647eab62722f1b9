#pragma once

#include <cstdint>
#include <vector>

#include "kernels/train/train.h"

namespace reeve::kernels {

/// Small runs that train in milliseconds, with data that can be learned.
TrainSpec tiny_mlp();
TrainSpec tiny_gpt();
std::vector<std::uint8_t> tiny_images();
std::vector<std::uint8_t> tiny_text();

/// The set that a tiny spec reads; its spans lie in static memory.
Dataset tiny_dataset(const TrainSpec& spec);

/// The state after `generations` generations; fails the test on an error.
TrainBytes train_for(const TrainSpec& spec, const Dataset& dataset, std::uint32_t generations,
                     const TrainOptions& options = {});

/// All gradients of a generation from the state that it is taken at.
std::vector<TrainBytes> gradients_of(const TrainSpec& spec, const Dataset& dataset, const TrainBytes& state,
                                     std::uint32_t generation, const TrainOptions& options = {});
std::vector<std::span<const std::uint8_t>> spans_of(const std::vector<TrainBytes>& results);

}  // namespace reeve::kernels
