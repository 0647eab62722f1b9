#pragma once

#include <memory>

#include "agent/worker/task_kernel.h"

namespace reeve::agent::worker {

/// Steps that run a program of their own, in a sandbox. A task's result is a bundle (protocol/bundle.h).
Result<std::unique_ptr<TaskKernel>> bind_program(const StepDocument& document, openjd::StepScript script,
                                                 WorkerContext& context);

}  // namespace reeve::agent::worker
