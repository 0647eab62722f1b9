#pragma once

#include <filesystem>

#include "client/context.h"
#include "client/train/model_folder.h"
#include "protocol/jobs.h"

namespace reeve::client {

struct TrainWatchOptions {
  bool progress = true;
  std::filesystem::path folder;  // where the curve goes as it grows, and the model in the end; empty: nowhere
};

/// Follows a training run: its generations and its loss as they come, then its model. Ctrl-C ends the
/// watching only.
Result<ExitCode> watch_training(Context& context, JobId job, const kernels::TrainSpec& spec,
                                const TrainWatchOptions& options);

}  // namespace reeve::client
