#include "scheduler/core/bit_classes.h"

#include <algorithm>

#include "scheduler/core/groups.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// The most results of one class that agree.
std::uint32_t votes_of(const Region& region, const OpenTask& open, const std::string& bit_class) {
  std::map<AttemptId, std::uint32_t> votes;
  std::uint32_t most = 0;
  for (const Recorded& r : open.attempts)
    if (bit_class_of(region, r.agent) == bit_class) most = std::max(most, ++votes[r.group]);
  return most;
}

/// Owners that have agents of a class and have not had their turn at the task.
std::uint32_t untried(const OpenTask& open, const std::set<PartyId>& owners) {
  return static_cast<std::uint32_t>(std::count_if(owners.begin(), owners.end(), [&open](PartyId owner) {
    const auto& failed = open.failed_owners;
    return may_run_copy(open, owner) && std::find(failed.begin(), failed.end(), owner) == failed.end();
  }));
}

std::uint32_t owners_wanted(const Job& job) {
  return job.verify.mode == VerifyMode::kQuorum ? job.verify.quorum : 2;
}

}  // namespace

bool keeps_bit_class(const StepSpec& spec) {
  return is_program(spec.need.kernel) && !is_compared(spec);
}

bool starts_in_class(const Job& job, const StepSpec& spec) {
  return keeps_bit_class(spec) && job.verify.mode == VerifyMode::kQuorum;
}

std::string bit_class_of(const Region& region, AgentId agent) {
  const auto found = region.durable.bit_classes.find(agent);
  return found == region.durable.bit_classes.end() ? "" : found->second;
}

const BitClasses::Owners& BitClasses::owners(const TaskNeed& need, NeedId id) {
  const auto [entry, is_new] = owners_.try_emplace(id);
  if (!is_new) return entry->second;
  for (const auto& [kind, members] : region_.live.members) {
    const Capability& capability = region_.live.class_list[kind.value() - 1];
    if (!meets(capability, need)) continue;
    for (const AgentId member : members) {
      const AgentSession& agent = region_.live.agents.at(member);
      const AgentRecord& record = region_.durable.agents.at(member);
      if (agent.role == Role::kAgent && !agent.paused && !record.paused && !record.revoked)
        entry->second[capability.bit_class].insert(agent.owner);
    }
  }
  return entry->second;
}

std::optional<std::string> BitClasses::of_next_copy(StepRef step, NeedId need, const OpenTask& open) {
  const StepSpec& spec = region_.durable.find_step(step)->spec;
  if (!keeps_bit_class(spec) || open.attempts.empty()) return std::nullopt;
  const std::uint32_t wanted = owners_wanted(*region_.durable.find_job(step.job));
  const Owners& all = owners(spec.need, need);
  const auto free = [&](const std::string& bit_class) {
    const auto found = all.find(bit_class);
    return found == all.end() ? 0 : untried(open, found->second);
  };
  for (const Recorded& r : open.attempts) {
    const std::string bit_class = bit_class_of(region_, r.agent);
    const std::uint32_t votes = votes_of(region_, open, bit_class);
    const std::uint32_t left = free(bit_class);
    if (left > 0 && votes + left >= wanted) return bit_class;
  }
  for (const auto& [bit_class, owners] : all)
    if (untried(open, owners) >= wanted) return bit_class;
  return bit_class_of(region_, open.attempts.front().agent);
}

std::optional<std::set<std::string>> BitClasses::of_first_copy(StepRef step, NeedId need) {
  const Job& job = *region_.durable.find_job(step.job);
  const StepSpec& spec = job.steps[step.step].spec;
  if (!starts_in_class(job, spec)) return std::nullopt;
  std::set<std::string> enough;
  for (const auto& [bit_class, owners] : owners(spec.need, need))
    if (owners.size() >= owners_wanted(job)) enough.insert(bit_class);
  if (enough.empty()) return std::nullopt;
  return enough;
}

}  // namespace reeve::core
