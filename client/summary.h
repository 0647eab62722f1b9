#pragma once

#include "client/output.h"
#include "openjd/job.h"

namespace reeve::client {

/// What a job would run: its parameters, its steps in the order in which they can run, each with its tasks,
/// needs and environments, and the files and folders that its parameters name.
View summary_view(const openjd::Job& job, const Style& style);

}  // namespace reeve::client
