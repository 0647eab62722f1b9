#include "agent/shell/capability.h"

#include <gnu/libc-version.h>

#include <algorithm>

#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::agent {

std::string bit_class(const Devices& devices, const std::string& c_library) {
  std::string text = devices.isa;
  if (!devices.cpu_vendor.empty()) text += " " + devices.cpu_vendor;
  text += " " + c_library;
  if (!devices.gpus.empty()) {
    // Only equal cards make a class: of others it is not known which one a task gets.
    for (const Gpu& gpu : devices.gpus)
      if (text.find(gpu.name) == std::string::npos) text += " " + gpu.name;
    text += " " + devices.gpu_driver;
  }
  if (text.size() <= limits::kNameBytes) return text;
  const std::string digest = to_hex(sha256(as_bytes(text))).substr(0, 16);
  return text.substr(0, limits::kNameBytes - digest.size() - 1) + "~" + digest;
}

std::vector<std::string> agent_tags(std::vector<std::string> tags,
                                    const std::vector<InstalledProgram>& programs) {
  for (std::string& tag : program_tags(programs))
    if (tags.size() < limits::kTagsPerAgent && std::find(tags.begin(), tags.end(), tag) == tags.end())
      tags.push_back(std::move(tag));
  std::sort(tags.begin(), tags.end());
  return tags;
}

namespace {

/// Each slot has as many cards as any other, and none has another's.
std::vector<std::string> share_gpus(const std::vector<Gpu>& gpus, std::uint32_t slots) {
  const std::size_t each = gpus.size() / slots;
  std::vector<std::string> shares(slots);
  for (std::size_t i = 0; i < each * slots; ++i) {
    std::string& share = shares[i / each];
    if (gpus[i].minor < 0) continue;
    share += (share.empty() ? "" : ",") + gpus[i].uuid + "=" + std::to_string(gpus[i].minor);
  }
  return shares;
}

/// The words that jobs ask by: the owner's, and the agent's own.
std::vector<std::string> tags_of(const AgentSettings& settings, const Devices& devices) {
  std::vector<std::string> tags = settings.tags;
  std::erase(tags, kImageTag);  // nobody says so but the machine
  if (devices.image_note.empty()) tags.emplace_back(kImageTag);
  return agent_tags(std::move(tags), devices.programs);
}

}  // namespace

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
  plan.gpus = share_gpus(devices.gpus, plan.slots);
  capability.tags = tags_of(settings, devices);
  capability.bit_class = bit_class(devices, std::string("glibc-") + gnu_get_libc_version());
  capability.kernels = {{"render.path", 1}, {"sha256", 1}, {"spin", 1}, {"train", 1}};
  if (devices.sandbox_note.empty()) capability.kernels.insert(capability.kernels.begin(), {"program", 1});
  return plan;
}

}  // namespace reeve::agent
