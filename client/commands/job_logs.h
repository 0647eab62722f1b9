#pragma once

#include "client/command_line.h"

namespace reeve::client {

/// `reeve job logs` and `reeve job metrics`.
void add_job_logs(CommandLine& line, const Verb& job);

}  // namespace reeve::client
