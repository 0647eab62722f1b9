#pragma once

#include <string>

#include "agent/core/agent_core.h"

namespace reeve::agent {

/// One line of JSON: what `reeve agent status --output json` and /1/summary give.
/// `why_no_programs` is empty where programs run.
std::string status_json(const AgentStatus& status, const std::string& name,
                        const std::string& why_no_programs, Time now);

}  // namespace reeve::agent
