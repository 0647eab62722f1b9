#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "kernels/train/train_spec.h"
#include "protocol/result.h"

namespace reeve::client {

/// What a run's file says: what is trained, and how it is shared out.
struct TrainConfig {
  std::string name;              // of the job; empty: the file's
  kernels::TrainSpec spec;       // features and classes of an MLP may be 0: as the data has them
  std::uint32_t keep_every = 0;  // generations whose state stays a result; 0: the last alone
};

/// Reads a run's TOML. Every table and key is listed in docs/guides/training.md; an unknown one is an error.
/// Errors: kNotFound; kInvalid names line or key, its value and the remedy.
Result<TrainConfig> load_train_config(const std::filesystem::path& file);

}  // namespace reeve::client
