#pragma once

#include <filesystem>
#include <string>

#include "agent/shell/agent_config.h"
#include "protocol/messages.h"

namespace reeve::agent {

struct JoinRequest {
  std::filesystem::path home;
  std::string invitation;  // reeve://…
  AgentSettings settings;  // its region follows from the invitation
};

/// Makes this home an agent of the region: keys are made and kept here, the token is spent, agent.toml is
/// written. Errors say what is wrong with the token, the region or the home. A home that joined already is
/// kConflict.
Result<msg::Enrolled> join_region(const JoinRequest& request);

}  // namespace reeve::agent
