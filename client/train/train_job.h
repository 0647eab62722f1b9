#pragma once

#include <string>

#include "client/job_builder.h"
#include "client/train/train_config.h"

namespace reeve::client {

/// The job of a training run: one step that iterates, of the kernel `train`.
///   data  as load_train_data() gives it
/// Errors: kInvalid names what the configuration or the data break, and the remedy; kExhausted where a state
/// or a gradient is larger than a task's result may be.
Result<BuiltJob> build_training(const TrainConfig& config, Bytes data, const SubmitOptions& options);

}  // namespace reeve::client
