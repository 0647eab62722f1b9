#include "scheduler/core/round.h"

#include "protocol/limits.h"
#include "scheduler/core/groups.h"

namespace reeve::core {
namespace {

/// Names and endpoints of gangs' members take up to 140 bytes each: half a message of them.
constexpr std::size_t kMembersPerMessage = limits::kControlMessageBytes / 2 / 140;

}  // namespace

void Round::put(AgentId agent, StepRef step, msg::Assignment assignment) {
  Box& box = boxes_[agent];
  if (box.steps.insert(step).second) {
    const StepSpec& spec = region_.durable.find_step(step)->spec;
    box.assign.steps.push_back({step, spec.need.kernel, spec.leaf_bytes, spec.max_result_bytes,
                                spec.time_limit, spec.script, spec.inputs, is_compared(spec),
                                std::uint64_t{spec.checkpoint_mib} << 20});
  }
  box.members += assignment.gang.members.size();
  box.assign.assignments.push_back(std::move(assignment));
  if (box.assign.assignments.size() >= limits::kAssignmentsPerMessage || box.members >= kMembersPerMessage)
    send(agent, box);
}

/// What the tasks have of their step, and the one task of earlier attempts.
msg::Assignment Round::assignment(AttemptId attempt, AgentId agent, StepRef step, TaskRange tasks,
                                  std::uint32_t replica) {
  const StepState& state = *region_.durable.find_step(step);
  msg::Assignment made{attempt,
                       step,
                       tasks,
                       replica,
                       region_.durable.policy.lease,
                       region_.prf.ticket(attempt, agent, step, tasks, replica)};
  made.memory_mib = state.spec.need.memory_mib;
  if (tasks.count > 1) return made;
  const auto open = state.open.find(tasks.first);
  if (open != state.open.end() && open->second.memory_mib > 0) made.memory_mib = open->second.memory_mib;
  Lease& lease = region_.live.leases.at(attempt);
  if (const Checkpoint* last = checkpoint_for(region_, step, tasks.first, lease.owner))
    made.checkpoint = lease.goes_on_from = last->blob;
  return made;
}

void Round::give(AgentId agent, StepRef step, TaskRange tasks, std::uint32_t replica) {
  const AttemptId attempt = grant_lease(region_, agent, step, tasks, replica);
  put(agent, step, assignment(attempt, agent, step, tasks, replica));
}

void Round::give_gang(const GangPlace& place, StepRef step, TaskIndex task, std::uint32_t replica) {
  const TaskRange tasks{task, 1};
  const AttemptId lead = grant_lease(region_, place.front(), step, tasks, replica);
  lead_gang(region_, lead);
  msg::GangSeat seat{lead, 0, region_.prf.gang_secret(lead), {}};
  for (const AgentId agent : place)
    seat.members.push_back(
        {region_.durable.agents.at(agent).name, region_.live.agents.at(agent).gang_endpoint});
  for (; seat.rank < place.size(); ++seat.rank) {
    const AgentId agent = place[seat.rank];
    const AttemptId attempt = seat.rank == 0 ? lead : grant_seat(region_, agent, step, lead, seat.rank);
    msg::Assignment part = assignment(attempt, agent, step, tasks, replica);
    part.gang = seat;
    put(agent, step, std::move(part));
  }
}

void Round::send_all() {
  for (auto& [agent, box] : boxes_)
    if (!box.assign.assignments.empty()) send(agent, box);
}

const std::vector<AgentId>& Round::candidates(NeedId need, Role role) {
  const auto [entry, is_new] = candidates_.try_emplace({need, role});
  if (!is_new) return entry->second;
  for (const auto& [kind, members] : region_.live.members) {
    if (!meets(region_.live.class_list[kind.value() - 1], region_.live.needs[need])) continue;
    for (const AgentId id : members) {
      const AgentSession& agent = region_.live.agents.at(id);
      if (agent.role == role && usable(id, agent)) entry->second.push_back(id);
    }
  }
  std::sort(entry->second.begin(), entry->second.end());
  return entry->second;
}

std::uint64_t Round::room(AgentId id, const StepQueue& queue) const {
  const AgentSession& agent = region_.live.agents.at(id);
  const std::uint64_t target = work_in_hand(agent, queue.expected_ns, region_.durable.policy.work_in_hand);
  const std::uint64_t tasks = agent.outstanding - agent.gang_slots;
  if (tasks >= target) return 0;
  return std::min(target - tasks, agent.credit());
}

bool Round::usable(AgentId id, const AgentSession& agent) const {
  const AgentRecord& record = region_.durable.agents.at(id);
  return !agent.paused && !record.paused && !record.revoked && agent.credit() > 0 &&
         !region_.live.holds.contains({agent.owner, agent.farm});
}

void Round::send(AgentId agent, Box& box) {
  region_.effect(SendAssign{agent, std::move(box.assign)});
  box = Box{};
}

}  // namespace reeve::core
