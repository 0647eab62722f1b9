#pragma once

#include <string>

#include "agent/core/agent_core.h"

namespace reeve::agent {

/// One line of JSON: what `reeve agent status --output json` and /1/summary give.
std::string status_json(const AgentStatus& status, const std::string& name, Time now);

}  // namespace reeve::agent
