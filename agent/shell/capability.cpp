#include "agent/shell/capability.h"

#include <algorithm>

#include "protocol/limits.h"

namespace reeve::agent {

SlotPlan plan_slots(const AgentSettings& settings, const Devices& devices) {
  SlotPlan plan;
  plan.cpus_per_slot = std::max(settings.cpus_per_slot, 1U);
  plan.slots = settings.slots != 0 ? settings.slots : std::max(devices.threads / plan.cpus_per_slot, 1U);
  plan.slots = std::min(plan.slots, limits::kSlotsPerAgent);
  Capability& capability = plan.capability;
  capability.cpus = plan.cpus_per_slot;
  capability.memory_mib = static_cast<std::uint32_t>(devices.memory_mib / plan.slots);
  capability.gpus = static_cast<std::uint32_t>(devices.gpus.size()) / plan.slots;
  if (capability.gpus > 0) {
    const auto smallest =
        std::min_element(devices.gpus.begin(), devices.gpus.end(),
                         [](const Gpu& a, const Gpu& b) { return a.memory_mib < b.memory_mib; });
    capability.vram_mib = static_cast<std::uint32_t>(smallest->memory_mib);
  }
  capability.tags = settings.tags;
  capability.kernels = {{"render.path", 1}, {"sha256", 1}, {"spin", 1}};
  if (devices.sandbox_note.empty()) capability.kernels.insert(capability.kernels.begin(), {"program", 1});
  return plan;
}

}  // namespace reeve::agent
