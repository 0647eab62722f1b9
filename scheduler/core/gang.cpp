#include <algorithm>

#include "protocol/limits.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// Small tasks end within this time and leave slots free by themselves.
constexpr Duration kPatience = seconds(5);
/// A farm drains for a gang this long at most, and then has its rest: neither starves the other for ever.
constexpr Duration kLongestHold = seconds(600);
constexpr Duration kRest = seconds(600);
/// Of a farm's agents, how many are named to people.
constexpr std::size_t kNamed = 5;

std::uint64_t free_slots(const AgentSession& agent) {
  const std::uint64_t taken = std::min<std::uint64_t>(agent.slots, agent.outstanding);
  return std::min(agent.slots - taken, agent.credit());
}

bool may_serve(const Region& region, AgentId id, const TaskNeed& need) {
  const AgentSession& agent = region.live.agents.at(id);
  const AgentRecord& record = region.durable.agents.at(id);
  return !agent.paused && !record.paused && !record.revoked && meets(agent.capability, need);
}

/// What a farm has for one need.
struct FarmRoom {
  std::uint64_t slots = 0;
  std::uint64_t free = 0;
};

FarmRoom room_of(const Region& region, const std::set<AgentId>& agents, const TaskNeed& need) {
  FarmRoom room;
  for (const AgentId id : agents) {
    if (!may_serve(region, id, need)) continue;
    const AgentSession& agent = region.live.agents.at(id);
    room.slots += agent.slots;
    room.free += free_slots(agent);
  }
  return room;
}

/// Few agents rather than many: those with the most free slots first, so that ranks that are near in number
/// are near in space.
GangPlace seats_of(const Region& region, const std::set<AgentId>& agents, const TaskNeed& need,
                   std::uint64_t size) {
  std::vector<std::pair<std::uint64_t, AgentId>> order;
  for (const AgentId id : agents)
    if (may_serve(region, id, need)) order.emplace_back(free_slots(region.live.agents.at(id)), id);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  GangPlace place;
  for (const auto& [free, id] : order)
    for (std::uint64_t slot = 0; slot < free && place.size() < size; ++slot)
      place.push_back(id);
  return place;
}

bool held_for_another(const Region& region, const FarmKey& farm, StepRef step) {
  const auto hold = region.live.holds.find(farm);
  return hold != region.live.holds.end() && hold->second.step != step;
}

bool still_waits(const Region& region, StepRef step) {
  const auto queue = region.live.queues.find(step);
  const Job* job = region.durable.find_job(step.job);
  return queue != region.live.queues.end() && job != nullptr && job->state == msg::JobState::kRunning &&
         (!queue->second.fresh.empty() || queue->second.wants_copies());
}

}  // namespace

std::optional<GangPlace> find_gang_place(const Region& region, StepRef step,
                                         const std::function<bool(PartyId)>& allowed) {
  const StepSpec& spec = region.durable.find_step(step)->spec;
  std::uint64_t most = 0;
  const FarmKey* best = nullptr;
  bool best_is_next = false;  // after the one that was served last, in the round
  for (const auto& [farm, agents] : region.live.farms) {
    if (!allowed(farm.first) || held_for_another(region, farm, step)) continue;
    const std::uint64_t fit = std::min<std::uint64_t>(room_of(region, agents, spec.need).free, spec.gang_max);
    if (fit < spec.gang_min || fit < most) continue;
    const bool is_next = farm > region.live.last_gang_farm;
    if (fit == most && (best_is_next || !is_next)) continue;
    most = fit;
    best = &farm;
    best_is_next = is_next;
  }
  if (best == nullptr) return std::nullopt;
  return seats_of(region, region.live.farms.at(*best), spec.need, most);
}

void wait_for_gang_place(Region& region, StepRef step, const std::function<bool(PartyId)>& allowed) {
  StepQueue& queue = *find_queue(region, step);
  if (queue.gang_waits == Time{}) queue.gang_waits = region.now;
  if (region.now < queue.gang_waits + kPatience) return;
  for (const auto& [farm, hold] : region.live.holds)
    if (hold.step == step) return;
  const StepSpec& spec = region.durable.find_step(step)->spec;
  const FarmKey* best = nullptr;
  std::uint64_t most = 0;
  for (const auto& [farm, agents] : region.live.farms) {
    if (!allowed(farm.first) || region.live.holds.contains(farm)) continue;
    const FarmRoom room = room_of(region, agents, spec.need);
    if (room.slots < spec.gang_min || (best != nullptr && room.free <= most)) continue;
    best = &farm;
    most = room.free;
  }
  if (best != nullptr) region.live.holds[*best] = {step, region.now + kLongestHold};
}

void review_holds(Region& region) {
  auto& holds = region.live.holds;
  for (auto next = holds.begin(); next != holds.end();) {
    const FarmHold hold = next->second;
    if (still_waits(region, hold.step) && region.now < hold.until) {
      ++next;
      continue;
    }
    if (StepQueue* queue = find_queue(region, hold.step)) queue->gang_waits = region.now + kRest;
    next = holds.erase(next);
  }
}

void disband(Region& region, AttemptId lead) {
  const auto found = region.live.gangs.find(lead);
  if (found == region.live.gangs.end()) return;
  const std::vector<AttemptId> seats = std::move(found->second);
  region.live.gangs.erase(found);
  std::map<AgentId, msg::CancelAttempts> cancels;
  for (const AttemptId seat : seats) {
    const auto lease = region.live.leases.find(seat);
    if (lease == region.live.leases.end()) continue;
    cancels[lease->second.agent].items.push_back({seat, {0, limits::kTasksPerStep}});
    end_lease(region, seat);
  }
  for (auto& [agent, cancel] : cancels)
    region.effect(SendCancel{agent, std::move(cancel)});
}

GangRoom best_gang_room(const Region& region, const TaskNeed& need) {
  GangRoom best;
  for (const auto& [farm, agents] : region.live.farms) {
    const FarmRoom room = room_of(region, agents, need);
    best.free = std::max(best.free, room.free);
    if (room.slots <= best.slots) continue;
    best.slots = room.slots;
    best.agents.clear();
    std::size_t named = 0;
    for (const AgentId id : agents) {
      if (!may_serve(region, id, need)) continue;
      if (++named > kNamed) {
        best.agents += " …";
        break;
      }
      best.agents += (named > 1 ? ", " : "") + region.durable.agents.at(id).name;
    }
  }
  return best;
}

void on_seat_report(Region& region, AttemptId attempt, const msg::ReportSection& section) {
  const Lease seat = region.live.leases.at(attempt);
  const auto* failed = std::get_if<msg::FailedTasks>(&section.outcome);
  if (failed == nullptr) {  // its part is done; its slot is free
    std::erase(region.live.gangs.at(seat.gang), attempt);
    return end_lease(region, attempt);
  }
  if (failed->reason == msg::FailureReason::kAgentLeaving) return lose_lease(region, attempt);
  const Lease lead = region.live.leases.at(seat.gang);
  msg::CancelAttempts cancel;
  for (const TaskRange range : lead.left.ranges())
    cancel.items.push_back({seat.gang, range});
  region.effect(SendCancel{lead.agent, std::move(cancel)});
  end_lease(region, seat.gang);
  fail_attempts(region, seat.gang, lead, lead.left.front(1), failed->reason,
                "rank " + std::to_string(seat.rank) + " on " + region.durable.agents.at(seat.agent).name +
                    ": " + failed->message);
}

}  // namespace reeve::core
