#include <algorithm>

#include "protocol/limits.h"
#include "scheduler/core/bit_classes.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// A task whose leases vanish this often without a word is charged with a failure: it may be what kills its
/// agents.
constexpr std::uint32_t kLostLeases = 5;
/// Agents run tasks in order, so the first ones left are those that ran when the agent vanished.
constexpr std::uint32_t kSuspects = 8;
constexpr std::size_t kLostTasksRemembered = 100'000;

void join_groups(Volatile& live, AgentId id, const AgentSession& agent) {
  live.members[agent.kind].insert(id);
  if (!agent.farm.empty() && agent.role == Role::kAgent) live.farms[{agent.owner, agent.farm}].insert(id);
}

void leave_groups(Volatile& live, AgentId id, const AgentSession& agent) {
  live.members[agent.kind].erase(id);
  const auto farm = live.farms.find({agent.owner, agent.farm});
  if (farm == live.farms.end()) return;
  farm->second.erase(id);
  if (farm->second.empty()) live.farms.erase(farm);
}

ClassId intern_class(Volatile& live, const Capability& capability) {
  const auto [entry, is_new] = live.classes.try_emplace(capability, ClassId(live.class_list.size() + 1));
  if (is_new) live.class_list.push_back(capability);
  return entry->second;
}

/// Which of the tasks an agent says it holds are still wanted from it.
std::vector<TaskRange> adoptable(Region& region, const msg::HeldAttempt& held, PartyId owner) {
  StepQueue* queue = find_queue(region, held.step);
  const StepState* state = region.durable.find_step(held.step);
  if (state != nullptr && state->spec.is_gang())
    return {};  // its other members may not be back: it starts again
  if (queue == nullptr || state == nullptr || held.tasks.count > limits::kTasksPerSection) return {};
  if (held.replica == 0 && queue->fresh.intersects(held.tasks)) return queue->fresh.overlap(held.tasks);
  std::vector<TaskRange> wanted;
  for (TaskIndex task = held.tasks.first; task < held.tasks.end(); ++task) {
    const auto open = state->open.find(task);
    if (open == state->open.end() || !may_run_copy(open->second, owner)) continue;
    const bool queued = queue->special.contains(task) ||
                        std::any_of(queue->by_owner.begin(), queue->by_owner.end(),
                                    [task](const auto& entry) { return entry.second.contains(task); });
    if (queued) wanted.push_back({task, 1});
  }
  return wanted;
}

void take_from_queue(StepQueue& queue, TaskRange tasks) {
  queue.fresh.erase(tasks);
  for (auto next = queue.by_owner.begin(); next != queue.by_owner.end();) {
    next->second.erase(tasks);
    next = next->second.empty() ? queue.by_owner.erase(next) : std::next(next);
  }
  queue.special.erase(queue.special.lower_bound(tasks.first), queue.special.lower_bound(tasks.end()));
}

Lease& add_lease(Region& region, AttemptId attempt, AgentSession& agent, AgentId id, StepRef step,
                 std::uint32_t replica, const std::vector<TaskRange>& tasks) {
  StepQueue& queue = *find_queue(region, step);
  Lease lease{id, agent.owner, step, {}, replica, queue.fresh.intersects(tasks.front()),
              0,  region.now,  {},   {}};
  for (const TaskRange range : tasks)
    lease.left.insert(range);
  lease.tasks = static_cast<std::uint32_t>(lease.left.size());
  agent.outstanding += lease.tasks;
  agent.leases.insert(attempt);
  for (const TaskRange range : tasks)
    take_from_queue(queue, range);
  if (lease.fresh) queue.leased += lease.tasks;
  queue.with_agents += lease.tasks;
  Lease& added = region.live.leases.emplace(attempt, std::move(lease)).first->second;
  region.live.leases_of_step.insert({step, attempt});
  set_deadline(region, attempt, region.now + region.durable.policy.lease);
  index_queue(region, step);
  return added;
}

/// Adopts what was leased before a restart, if the ticket is ours. True when anything of it goes on.
bool adopt(Region& region, AgentId id, AgentSession& agent, const msg::HeldAttempt& held) {
  const std::uint64_t epoch = held.attempt.value() >> kAttemptCounterBits;
  if (epoch >= region.durable.boot_epoch) return false;
  if (!region.prf.ticket_holds(held.ticket, held.attempt, id, held.step, held.tasks, held.replica))
    return false;
  const std::vector<TaskRange> wanted = adoptable(region, held, agent.owner);
  if (wanted.empty()) return false;
  const std::uint64_t count = count_tasks(wanted);
  const bool fresh = find_queue(region, held.step)->fresh.intersects(wanted.front());
  if (fresh && ensure_escrow(region, held.step.job, held.step.step, count) < count) return false;
  add_lease(region, held.attempt, agent, id, held.step, held.replica, wanted);
  return true;
}

/// So many tasks of a lease are with its agent no longer.
void return_tasks(Region& region, const Lease& lease, std::uint64_t tasks) {
  StepQueue* queue = find_queue(region, lease.step);
  if (queue == nullptr || tasks == 0) return;
  if (lease.fresh) queue->leased -= tasks;
  queue->with_agents -= tasks;
  if (region.durable.find_step(lease.step)->spec.most_at_once > 0) index_queue(region, lease.step);
}

void cancel_lease(Region& region, AttemptId attempt) {
  const Lease& lease = region.live.leases.at(attempt);
  msg::CancelAttempts cancel;
  for (const TaskRange range : lease.left.ranges())
    cancel.items.push_back({attempt, range});
  if (!cancel.items.empty()) region.effect(SendCancel{lease.agent, std::move(cancel)});
}

/// Of an agent that is here: what its leases are of it.
void count_lease(AgentSession& agent, const Lease& lease) {
  agent.outstanding += lease.weight();
  if (lease.gang.valid()) ++agent.gang_slots;
}

/// True while a referee is to recompute a leaf, or to compare, under this attempt.
bool referees(const Region& region, AgentId agent, AttemptId attempt) {
  const auto leaf = region.live.leaf_leases.find(attempt);
  if (leaf != region.live.leaf_leases.end() && leaf->second.agent == agent) return true;
  const auto comparison = region.live.comparison_leases.find(attempt);
  return comparison != region.live.comparison_leases.end() && comparison->second.agent == agent;
}

}  // namespace

AttemptId grant_lease(Region& region, AgentId id, StepRef step, TaskRange tasks, std::uint32_t replica) {
  AgentSession& agent = region.live.agents.at(id);
  const AttemptId attempt = region.new_attempt();
  agent.sent += tasks.count;
  add_lease(region, attempt, agent, id, step, replica, {tasks});
  return attempt;
}

AttemptId grant_seat(Region& region, AgentId id, StepRef step, AttemptId lead, std::uint32_t rank) {
  AgentSession& agent = region.live.agents.at(id);
  const AttemptId attempt = region.new_attempt();
  ++agent.sent;
  Lease seat{id, agent.owner, step, {}, 0, false, 0, region.now, {}, {}, lead, rank};
  count_lease(agent, seat);
  agent.leases.insert(attempt);
  region.live.leases.emplace(attempt, std::move(seat));
  region.live.leases_of_step.insert({step, attempt});
  region.live.gangs.at(lead).push_back(attempt);
  set_deadline(region, attempt, region.now + region.durable.policy.lease);
  return attempt;
}

void lead_gang(Region& region, AttemptId lead) {
  Lease& lease = region.live.leases.at(lead);
  lease.gang = lead;
  ++region.live.agents.at(lease.agent).gang_slots;
  region.live.gangs[lead];
}

void lose_lease(Region& region, AttemptId attempt) {
  const auto found = region.live.leases.find(attempt);
  if (found == region.live.leases.end()) return;  // it went with its gang
  if (found->second.is_seat()) {
    attempt = found->second.gang;
    cancel_lease(region, attempt);
  }
  const Lease lease = region.live.leases.at(attempt);
  end_lease(region, attempt);
  for (const TaskRange range : lease.left.ranges())
    requeue(region, lease.step, range);
  const TaskRange suspects = lease.left.front(kSuspects);
  for (TaskIndex task = suspects.first; task < suspects.end(); ++task) {
    if (region.live.lost.size() >= kLostTasksRemembered) region.live.lost.clear();
    if (++region.live.lost[{lease.step, task}] < kLostLeases) continue;
    region.live.lost.erase({lease.step, task});
    fail_attempts(region, attempt, lease, {task, 1}, msg::FailureReason::kCrashed,
                  "the agents that ran it vanished " + std::to_string(kLostLeases) + " times");
  }
}

/// An agent fetches a step's image, gigabytes of it, and unpacks it (a quarter of an hour at most) before the
/// first task's time begins. Were it taken for a stall, the next attempt would begin anew with both.
constexpr Duration kImagePreparation = seconds(1800);

/// Results of earlier tasks come to the agent at this rate at least.
constexpr std::int64_t kPassedBytesPerMs = 1 << 10;

/// Time that passes before the first task's begins.
Duration preparation_of(const StepState& step, const Lease& lease) {
  const std::vector<std::string>& tags = step.spec.need.tags;
  Duration needed;
  if (std::find(tags.begin(), tags.end(), kImageTag) != tags.end()) needed = kImagePreparation;
  if (!step.spec.iterates() || lease.left.empty()) return needed;
  std::uint64_t bytes = 0;
  for (const TaskIndex input : inputs_of(step.spec.iteration, lease.left.front(1).first))
    if (const auto passed = step.passed.find(input); passed != step.passed.end())
      bytes += passed->second.size_bytes;
  needed.ns += milliseconds(static_cast<std::int64_t>(bytes) / kPassedBytesPerMs).ns;
  return needed;
}

/// When the agent must have reported something: no task may take longer than its limit, so silence past it is
/// a stall.
Time stalls_at(const Region& region, const Lease& lease) {
  const auto agent = region.live.agents.find(lease.agent);
  const Time progress =
      agent == region.live.agents.end() ? lease.sent : std::max(lease.sent, agent->second.last_report);
  const StepState& step = *region.durable.find_step(lease.step);
  return progress + preparation_of(step, lease) + step.spec.time_limit + region.durable.policy.lease;
}

void set_deadline(Region& region, AttemptId attempt, Time renewed) {
  Lease& lease = region.live.leases.at(attempt);
  region.live.deadlines.erase({lease.deadline, attempt});
  lease.renewed = renewed;
  lease.deadline = std::min(renewed, stalls_at(region, lease));
  region.live.deadlines.insert({lease.deadline, attempt});
}

void end_lease(Region& region, AttemptId attempt) {
  const auto found = region.live.leases.find(attempt);
  if (found == region.live.leases.end()) return;
  const Lease& lease = found->second;
  region.live.deadlines.erase({lease.deadline, attempt});
  return_tasks(region, lease, lease.left.size());
  const auto agent = region.live.agents.find(lease.agent);
  if (agent != region.live.agents.end()) {
    agent->second.outstanding -= lease.weight();
    if (lease.gang.valid()) --agent->second.gang_slots;
    agent->second.leases.erase(attempt);
  }
  region.live.leases_of_step.erase({lease.step, attempt});
  const AttemptId lead = lease.gang;
  region.live.leases.erase(found);
  if (lead == attempt && lead.valid()) disband(region, lead);
}

void shrink_lease(Region& region, AttemptId attempt, TaskRange tasks) {
  Lease& lease = region.live.leases.at(attempt);
  const std::uint64_t taken = lease.left.erase(tasks);
  return_tasks(region, lease, taken);
  for (TaskIndex task = tasks.first; !lease.offered.empty() && task < tasks.end(); ++task)
    lease.offered.erase(task);
  const auto agent = region.live.agents.find(lease.agent);
  if (agent != region.live.agents.end()) agent->second.outstanding -= taken;
  if (lease.left.empty()) end_lease(region, attempt);
}

void on_agent_connected(Region& region, const AgentConnected& input) {
  const auto record = region.durable.agents.find(input.agent);
  if (record == region.durable.agents.end() || record->second.revoked) return;
  const std::string& bit_class = input.hello.capability.bit_class;
  if (bit_class_of(region, input.agent) != bit_class) region.emit(BitClassSeen{input.agent, bit_class});
  Volatile& live = region.live;
  live.silent.erase(input.agent);
  live.departed.erase(input.agent);
  std::set<AttemptId> held;
  for (const msg::HeldAttempt& attempt : input.hello.held)
    held.insert(attempt.attempt);
  std::set<AttemptId> kept;
  if (const auto old = live.agents.find(input.agent); old != live.agents.end()) {
    const std::set<AttemptId> leases = old->second.leases;
    for (const AttemptId attempt : leases)
      if (held.contains(attempt))
        kept.insert(attempt);
      else
        lose_lease(region, attempt);
    std::erase_if(kept, [&live](AttemptId attempt) { return !live.leases.contains(attempt); });
    leave_groups(live, input.agent, old->second);
  }
  AgentSession& agent = live.agents[input.agent];
  agent = AgentSession{};
  agent.connection = input.from;
  agent.owner = record->second.owner;
  agent.role = record->second.role;
  agent.capability = input.hello.capability;
  agent.slots = std::clamp(input.hello.slots, 1U, limits::kSlotsPerAgent);
  agent.kind = intern_class(live, input.hello.capability);
  agent.last_seen = agent.last_report = region.now;
  agent.farm = input.hello.farm;
  agent.gang_endpoint = input.hello.gang_endpoint;
  agent.leases = kept;
  for (const AttemptId attempt : kept)
    count_lease(agent, live.leases.at(attempt));
  join_groups(live, input.agent, agent);

  msg::CancelAttempts cancel;
  for (const msg::HeldAttempt& attempt : input.hello.held)
    if (!kept.contains(attempt.attempt) && !adopt(region, input.agent, agent, attempt))
      cancel.items.push_back({attempt.attempt, attempt.tasks});
  if (!cancel.items.empty()) region.effect(SendCancel{input.agent, std::move(cancel)});
  ask_again(region, input.agent);
}

void hear(Region& region, AgentId id) {
  const auto found = region.live.silent.find(id);
  if (found == region.live.silent.end()) return;
  AgentSession session = found->second;
  region.live.silent.erase(found);
  const AgentRecord& record = region.durable.agents.at(id);
  if (record.revoked || region.live.agents.contains(id)) return;
  session.last_seen = session.last_report = region.now;
  join_groups(region.live, id, session);
  region.live.departed.erase(id);
  region.live.agents.emplace(id, std::move(session));
  ask_again(region, id);
}

void on_agent_gone(Region& region, AgentId id) {
  region.live.silent.erase(id);
  const auto found = region.live.agents.find(id);
  if (found == region.live.agents.end()) return;
  const std::set<AttemptId> leases = found->second.leases;
  for (const AttemptId attempt : leases)
    lose_lease(region, attempt);
  leave_groups(region.live, id, found->second);
  region.live.departed[id] = std::move(found->second);
  region.live.agents.erase(id);
  std::vector<AttemptId> leaves;
  for (const auto& [attempt, lease] : region.live.leaf_leases)
    if (lease.agent == id) leaves.push_back(attempt);
  for (const AttemptId attempt : leaves) {
    const LeafLease& lease = region.live.leaf_leases.at(attempt);
    const auto dispute = region.live.disputes.find({lease.step, lease.task});
    if (dispute != region.live.disputes.end()) dispute->second.referee_attempt = AttemptId();
    region.live.leaf_leases.erase(attempt);
  }
  drop_comparison_leases(region, id);
}

void on_credit(Region& region, const CreditGranted& input) {
  hear(region, input.agent);
  const auto found = region.live.agents.find(input.agent);
  if (found == region.live.agents.end()) return;
  AgentSession& agent = found->second;
  agent.last_seen = region.now;
  agent.granted = std::min(input.granted_total, agent.sent + limits::kCreditPerAgent);
}

void on_heartbeat(Region& region, const HeartbeatReceived& input) {
  hear(region, input.agent);
  const auto found = region.live.agents.find(input.agent);
  if (found == region.live.agents.end()) return;
  AgentSession& agent = found->second;
  agent.last_seen = region.now;
  agent.paused = input.heartbeat.paused;
  msg::CancelAttempts cancel;
  for (const AttemptId attempt : input.heartbeat.held)
    if (agent.leases.contains(attempt))
      set_deadline(region, attempt, region.now + region.durable.policy.lease);
    else if (!referees(region, input.agent, attempt))
      cancel.items.push_back({attempt, {0, limits::kTasksPerStep}});  // ended here, and nobody told it
  if (!cancel.items.empty()) region.effect(SendCancel{input.agent, std::move(cancel)});
  drop_forgotten_comparisons(region, input.agent, input.heartbeat.held);
}

void expire_leases(Region& region) {
  Volatile& live = region.live;
  while (!live.deadlines.empty() && live.deadlines.begin()->first <= region.now) {
    const AttemptId attempt = live.deadlines.begin()->second;
    const Lease lease = live.leases.at(attempt);
    const bool stalled = stalls_at(region, lease) <= region.now;
    if (!stalled && lease.renewed > region.now) {  // the agent made progress since
      set_deadline(region, attempt, lease.renewed);
      continue;
    }
    if (!stalled || lease.is_seat()) {  // a gang that stalls does so by its lead's lease too
      cancel_lease(region, attempt);
      lose_lease(region, attempt);
      continue;
    }
    take_back(region, attempt, "not finished within its time limit");
  }
}

void take_back(Region& region, AttemptId attempt, const std::string& why) {
  const Lease lease = region.live.leases.at(attempt);
  cancel_lease(region, attempt);
  end_lease(region, attempt);
  for (const TaskRange range : lease.left.ranges())
    requeue(region, lease.step, range);
  fail_attempts(region, attempt, lease, lease.left.front(1), msg::FailureReason::kTimeLimit, why);
}

void lost_agents(Region& region) {
  std::vector<AgentId> lost;
  for (const auto& [id, agent] : region.live.agents)
    if (agent.last_seen + region.durable.policy.agent_timeout < region.now) lost.push_back(id);
  for (const AgentId id : lost) {
    const AgentSession session = region.live.agents.at(id);
    on_agent_gone(region, id);
    AgentSession& silent = region.live.silent[id] = session;
    silent.leases.clear();
    silent.outstanding = 0;
    silent.gang_slots = 0;
  }
}

}  // namespace reeve::core
