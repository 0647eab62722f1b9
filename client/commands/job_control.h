#pragma once

#include "client/command_line.h"

namespace reeve::client {

/// `job cancel`, `pause`, `resume`, `retry`, `priority`.
void add_job_control(CommandLine& line, const Verb& job);

}  // namespace reeve::client
