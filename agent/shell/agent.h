#pragma once

#include <functional>
#include <memory>

#include "agent/shell/agent_config.h"
#include "agent/shell/runner.h"

namespace reeve::agent {

/// Runs the agent of `config.home` until it is told to stop (SIGTERM, SIGINT) or has no place in its region
/// any more.
///   decorate  wraps the runner: what a test puts between the workers' results and their hashes
///   returns   the exit code (protocol/exit_codes.h), other than 0 with a line on stderr
int run_agent(const AgentConfig& config,
              const std::function<std::unique_ptr<Runner>(std::unique_ptr<Runner>)>& decorate = {});

}  // namespace reeve::agent
