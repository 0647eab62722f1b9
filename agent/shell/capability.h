#pragma once

#include "agent/shell/agent_config.h"
#include "agent/shell/devices.h"
#include "protocol/jobs.h"

namespace reeve::agent {

struct SlotPlan {
  std::uint32_t slots = 1;
  std::uint32_t cpus_per_slot = 1;
  Capability capability;          // of each slot
  bool compares = false;          // results of programs, were it a referee's
  std::vector<std::string> gpus;  // of each slot, as its worker is told: "UUID=MINOR,…"
};

/// What of a machine decides which bits a program gives: instruction set and vendor (libraries choose their
/// code by both), the C library, and of GPUs the driver and the model. Hosts of which it is equal form a
/// class.
std::string bit_class(const Devices& devices, const std::string& c_library);

/// What jobs may ask for by name: the owner's tags, then as many of the programs' as an agent may have.
/// Sorted.
std::vector<std::string> agent_tags(std::vector<std::string> tags,
                                    const std::vector<InstalledProgram>& programs);

/// Shares a machine out among slots.
SlotPlan plan_slots(const AgentSettings& settings, const Devices& devices);

}  // namespace reeve::agent
