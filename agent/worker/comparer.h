#pragma once

#include "agent/worker/protocol.h"
#include "agent/worker/task_kernel.h"

namespace reeve::agent::worker {

/// Runs a comparator over two results, in the sandbox: reeve-compare from beside this program, or for
/// `command:` a program of the requester's among the step's inputs. Results and inputs are read-only, and
/// there is no network. A comparator that crashes, or goes beyond a bound, has found them undecidable.
Compared compare_in_sandbox(const RunComparison& work, WorkerContext& context);

}  // namespace reeve::agent::worker
