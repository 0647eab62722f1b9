#pragma once

#include <string>
#include <vector>

#include "client/connection.h"
#include "protocol/jobs.h"
#include "protocol/result.h"

namespace reeve::client {

/// A sentence for each step that no agent of the region meets now, naming what is missing. An agent may still
/// come: such a step waits.
Result<std::vector<std::string>> unmet_steps(Connection& connection, const JobSpec& job);

/// What one slot lacks for a need, in words; empty where it meets it.
std::string missing_of(const Capability& offer, const TaskNeed& need);

}  // namespace reeve::client
