#pragma once

#include "agent/shell/agent_config.h"
#include "agent/shell/devices.h"
#include "protocol/jobs.h"

namespace reeve::agent {

struct SlotPlan {
  std::uint32_t slots = 1;
  std::uint32_t cpus_per_slot = 1;
  Capability capability;  // of each slot
  bool compares = false;  // results of programs, were it a referee's
};

/// Shares a machine out among slots.
SlotPlan plan_slots(const AgentSettings& settings, const Devices& devices);

}  // namespace reeve::agent
