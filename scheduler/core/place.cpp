#include <algorithm>

#include "scheduler/core/rooms.h"

namespace reeve::core {

bool meets(const Capability& capability, const TaskNeed& need) {
  if (capability.cpus < need.cpus || capability.memory_mib < need.memory_mib) return false;
  if (capability.gpus < need.gpus || capability.vram_mib < need.vram_mib) return false;
  if (!std::includes(capability.tags.begin(), capability.tags.end(), need.tags.begin(), need.tags.end()))
    return false;
  return std::binary_search(capability.kernels.begin(), capability.kernels.end(), need.kernel);
}

bool may_run_copy(const OpenTask& task, PartyId owner) {
  return std::none_of(task.attempts.begin(), task.attempts.end(),
                      [owner](const Recorded& r) { return r.owner == owner; });
}

std::uint64_t work_in_hand(const AgentSession& agent, std::int64_t expected_ns, Duration target) {
  constexpr std::int64_t kMostPerSlot = 100'000;
  const std::uint32_t slots = agent.slots - std::min(agent.slots, agent.gang_slots);
  if (expected_ns <= 0) return 2ULL * slots;
  const std::int64_t per_slot = std::clamp<std::int64_t>(target.ns / expected_ns, 1, kMostPerSlot);
  return static_cast<std::uint64_t>(per_slot + 1) * slots;
}

}  // namespace reeve::core
