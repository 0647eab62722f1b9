#include <algorithm>
#include <iterator>

#include "protocol/limits.h"
#include "scheduler/core/bit_classes.h"
#include "scheduler/core/round.h"

namespace reeve::core {
namespace {

/// Bounds of one round; the next Pump goes on where this one stopped.
constexpr std::size_t kCopyStepsPerRound = 64;
constexpr std::size_t kSpecialTasksPerStep = 64;
constexpr std::uint32_t kCopyChunk = 512;
constexpr int kPairingDraws = 32;
constexpr std::size_t kCrowd = 64;

/// The bit class that a copy must be of; absent: any.
using InClass = std::optional<std::string>;

bool is_in(const InClass& in_class, const AgentSession& agent) {
  return !in_class || agent.capability.bit_class == *in_class;
}

/// True when some agent that is connected could ever run a copy of `task`, whatever its credit now.
template <class Allowed>
bool somebody_could(const Region& region, NeedId need, Role role, Allowed allowed,
                    const InClass& in_class = {}) {
  return std::any_of(region.live.agents.begin(), region.live.agents.end(), [&](const auto& entry) {
    const AgentSession& agent = entry.second;
    if (agent.role != role || agent.paused || !allowed(agent.owner) || !is_in(in_class, agent)) return false;
    const AgentRecord& record = region.durable.agents.at(entry.first);
    return !record.revoked && !record.paused && meets(agent.capability, region.live.needs[need]);
  });
}

/// Draws uniformly among the candidates that are allowed and have room. Up to kCrowd candidates are all
/// looked at; of a larger crowd, draws are made until one fits, kPairingDraws at most. Where so few of a
/// crowd fit that none of these does, the next kCrowd candidates are looked at, so that each has its turn in
/// the end.
template <class Allowed>
std::optional<AgentId> draw_agent(Region& region, Round& round, const StepQueue& queue, StepRef step,
                                  TaskIndex task, Role role, Allowed allowed, const InClass& in_class = {}) {
  const std::vector<AgentId>& all = round.candidates(queue.need, role);
  const auto fits = [&](AgentId id) {
    const AgentSession& agent = region.live.agents.at(id);
    return allowed(agent.owner) && is_in(in_class, agent) && round.room(id, queue) > 0;
  };
  const auto draw = [&](std::size_t bound, int again) {
    const auto domain = static_cast<std::uint32_t>(Draw::kPairing);
    return region.prf.below(bound, domain, step.job.value(), step.step, task, region.live.attempts, again);
  };
  std::vector<AgentId> fitting;
  if (all.size() > kCrowd) {
    for (int i = 0; i < kPairingDraws; ++i)
      if (const AgentId id = all[draw(all.size(), i)]; fits(id)) return id;
    std::uint64_t& next = region.live.crowd_cursor;
    for (std::size_t i = 0; i < kCrowd; ++i, ++next)
      if (const AgentId id = all[next % all.size()]; fits(id)) fitting.push_back(id);
  } else {
    std::copy_if(all.begin(), all.end(), std::back_inserter(fitting), fits);
  }
  if (fitting.empty()) return std::nullopt;
  return fitting[draw(fitting.size(), 0)];
}

/// The agents of other owners first; the referee stands in where no other owner could.
template <class Allowed>
std::optional<AgentId> draw_checker(Region& region, Round& round, const StepQueue& queue, StepRef step,
                                    TaskIndex task, Allowed allowed, const InClass& in_class = {}) {
  if (const auto agent = draw_agent(region, round, queue, step, task, Role::kAgent, allowed, in_class))
    return agent;
  if (somebody_could(region, queue.need, Role::kAgent, allowed, in_class)) return std::nullopt;
  return draw_agent(region, round, queue, step, task, Role::kReferee, allowed, in_class);
}

void place_single_owner_copies(Region& region, Round& round, StepRef step) {
  std::vector<PartyId> owners;
  for (const auto& [owner, tasks] : find_queue(region, step)->by_owner)
    owners.push_back(owner);
  for (const PartyId owner : owners) {
    for (;;) {
      StepQueue* queue = find_queue(region, step);
      const auto bucket = queue->by_owner.find(owner);
      if (bucket == queue->by_owner.end()) break;
      TaskRange chunk = bucket->second.front(kCopyChunk);
      const auto agent = draw_checker(region, round, *queue, step, chunk.first,
                                      [owner](PartyId other) { return other != owner; });
      if (!agent) break;
      chunk.count =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(chunk.count, round.room(*agent, *queue)));
      const std::size_t held = region.durable.find_step(step)->open.at(chunk.first).attempts.size();
      round.give(*agent, step, chunk, static_cast<std::uint32_t>(held));
    }
  }
}

/// An owner that failed a task tries it again only after a pause: others may come back meanwhile.
bool cooled_down(const Region& region, StepRef step, TaskIndex task) {
  const auto found = region.live.cooling.find({step, task});
  return found == region.live.cooling.end() || found->second <= region.now;
}

/// Some of the tasks that are looked at one by one, from where the walk over them stopped.
std::vector<TaskIndex> next_special(StepQueue& queue) {
  std::vector<TaskIndex> tasks;
  auto next = queue.special.lower_bound(queue.special_cursor);
  for (std::size_t i = 0; i < std::min(queue.special.size(), kSpecialTasksPerStep); ++i) {
    if (next == queue.special.end()) next = queue.special.begin();
    tasks.push_back(*next++);
  }
  if (!tasks.empty()) queue.special_cursor = tasks.back() + 1;
  return tasks;
}

/// Owners that have neither a result of the task nor a failure.
std::function<bool(PartyId)> untried_owners(const OpenTask& open) {
  return [&open](PartyId owner) {
    const auto& failed = open.failed_owners;
    return may_run_copy(open, owner) && std::find(failed.begin(), failed.end(), owner) == failed.end();
  };
}

void place_special_tasks(Region& region, Round& round, BitClasses& classes, StepRef step) {
  for (const TaskIndex task : next_special(*find_queue(region, step))) {
    const StepQueue& queue = *find_queue(region, step);
    const OpenTask& open = region.durable.find_step(step)->open.at(task);
    const auto untried = untried_owners(open);
    const InClass in_class = classes.of_next_copy(step, queue.need, open);
    auto agent = draw_checker(region, round, queue, step, task, untried, in_class);
    if (!agent && cooled_down(region, step, task) &&
        !somebody_could(region, queue.need, Role::kAgent, untried, in_class) &&
        !somebody_could(region, queue.need, Role::kReferee, untried, in_class))
      agent = draw_agent(
          region, round, queue, step, task, Role::kAgent,
          [&open](PartyId owner) { return may_run_copy(open, owner); }, in_class);
    if (agent) round.give(*agent, step, {task, 1}, static_cast<std::uint32_t>(open.attempts.size()));
  }
}

/// Gives a gang its place, or lets it wait for one.
bool place_gang(Region& region, Round& round, StepRef step, TaskIndex task, std::uint32_t replica,
                const std::function<bool(PartyId)>& allowed) {
  const auto place = find_gang_place(region, step, allowed);
  if (!place) {
    wait_for_gang_place(region, step, allowed);
    return false;
  }
  const AgentSession& first = region.live.agents.at(place->front());
  region.live.last_gang_farm = {first.owner, first.farm};
  round.give_gang(*place, step, task, replica);
  StepQueue& queue = *find_queue(region, step);
  queue.gang_waits = Time{};
  std::erase_if(region.live.holds, [step](const auto& entry) { return entry.second.step == step; });
  return true;
}

/// Second attempts of gangs, as of other tasks: first on owners that have not tried.
void place_gang_copies(Region& region, Round& round, StepRef step) {
  std::vector<TaskIndex> tasks = next_special(*find_queue(region, step));
  for (const auto& [owner, waiting] : find_queue(region, step)->by_owner)
    tasks.push_back(waiting.front(1).first);
  for (const TaskIndex task : tasks) {
    const StepQueue& queue = *find_queue(region, step);
    const OpenTask& open = region.durable.find_step(step)->open.at(task);
    auto allowed = untried_owners(open);
    if (cooled_down(region, step, task) && !somebody_could(region, queue.need, Role::kAgent, allowed))
      allowed = [&open](PartyId owner) { return may_run_copy(open, owner); };
    place_gang(region, round, step, task, static_cast<std::uint32_t>(open.attempts.size()), allowed);
  }
}

void dispatch_copies(Region& region, Round& round, BitClasses& classes) {
  std::vector<StepRef> steps;
  const auto& copies = region.live.copies;
  auto next = copies.lower_bound(region.live.copies_cursor);
  for (std::size_t i = 0; i < std::min(copies.size(), kCopyStepsPerRound); ++i) {
    if (next == copies.end()) next = copies.begin();
    steps.push_back(*next++);
  }
  region.live.copies_cursor = next == copies.end() ? StepRef{} : *next;
  for (const StepRef step : steps) {
    if (find_queue(region, step) == nullptr || !copies.contains(step)) continue;
    if (region.durable.find_step(step)->spec.is_gang()) {
      place_gang_copies(region, round, step);
      continue;
    }
    place_single_owner_copies(region, round, step);
    place_special_tasks(region, round, classes, step);
  }
}

/// The requester that has had least of what dispatch gave, among those with a need that is not blocked.
std::optional<std::pair<PartyId, NeedId>> next_need(const Region& region, const std::set<NeedId>& blocked) {
  std::optional<std::pair<PartyId, NeedId>> best;
  std::uint64_t best_used = 0;
  for (const auto& [requester, needs] : region.live.ready) {
    const auto used_entry = region.live.used.find(requester);
    const std::uint64_t used = used_entry == region.live.used.end() ? 0 : used_entry->second;
    if (best && used >= best_used) continue;
    std::optional<NeedId> first;
    for (const auto& [need, steps] : needs)
      if (!blocked.contains(need) && (!first || *steps.begin() < *needs.at(*first).begin())) first = need;
    if (!first) continue;
    best = {requester, *first};
    best_used = used;
  }
  return best;
}

/// A requester that comes back from idleness starts level with the others: idle time earns no arrears.
void charge(Region& region, PartyId requester, std::uint64_t cost) {
  std::uint64_t least = ~0ULL;
  for (const auto& [other, needs] : region.live.ready) {
    const auto used = region.live.used.find(other);
    if (other != requester && used != region.live.used.end()) least = std::min(least, used->second);
  }
  std::uint64_t& used = region.live.used[requester];
  if (used == 0 && least != ~0ULL) used = least;
  used += cost;
}

///   classes  bit classes that it may be of; absent: any
std::optional<AgentId> next_agent(Region& region, Round& round, const StepQueue& queue,
                                  const std::optional<std::set<std::string>>& classes) {
  const std::vector<AgentId>& all = round.candidates(queue.need, Role::kAgent);
  if (all.empty()) return std::nullopt;
  AgentId& last = region.live.last_served[queue.need];
  auto start = std::upper_bound(all.begin(), all.end(), last);
  for (std::size_t i = 0; i < all.size(); ++i, ++start) {
    if (start == all.end()) start = all.begin();
    if (round.room(*start, queue) == 0) continue;
    if (classes && !classes->contains(region.live.agents.at(*start).capability.bit_class)) continue;
    last = *start;
    return last;
  }
  return std::nullopt;
}

/// One fresh task of a gang step; false where it has to wait.
bool dispatch_gang(Region& region, Round& round, PartyId requester, StepRef step) {
  const auto anybody = [](PartyId) { return true; };
  if (!find_gang_place(region, step, anybody)) {
    wait_for_gang_place(region, step, anybody);
    return false;
  }
  const TaskIndex task = find_queue(region, step)->fresh.front(1).first;
  if (ensure_escrow(region, step.job, step.step, 1) == 0) return true;  // the job pauses
  charge(region, requester, 1 + static_cast<std::uint64_t>(region.durable.find_step(step)->task_price));
  return place_gang(region, round, step, task, 0, anybody);
}

void dispatch_fresh(Region& region, Round& round, BitClasses& classes) {
  std::set<NeedId> blocked;
  while (const auto next = next_need(region, blocked)) {
    const auto [requester, need] = *next;
    const StepRef step = region.live.ready.at(requester).at(need).begin()->second;
    StepQueue& queue = *find_queue(region, step);
    if (region.durable.find_step(step)->spec.is_gang()) {
      if (!dispatch_gang(region, round, requester, step)) blocked.insert(need);
      continue;
    }
    const auto agent = next_agent(region, round, queue, classes.of_first_copy(step, need));
    if (!agent) {
      blocked.insert(need);
      continue;
    }
    const std::uint64_t sharing = std::max<std::size_t>(1, round.candidates(need, Role::kAgent).size());
    const std::uint64_t share = (queue.fresh.size() + sharing - 1) / sharing;
    const std::uint64_t most =
        std::min<std::uint64_t>({round.room(*agent, queue), share, limits::kTasksPerSection});
    TaskRange chunk = queue.fresh.front(static_cast<std::uint32_t>(most));
    chunk.count = static_cast<std::uint32_t>(ensure_escrow(region, step.job, step.step, chunk.count));
    if (chunk.count == 0) continue;
    const MicroCredits price = region.durable.find_step(step)->task_price;
    charge(region, requester, 1 + static_cast<std::uint64_t>(price) * chunk.count);
    round.give(*agent, step, chunk, 0);
  }
}

}  // namespace

void dispatch(Region& region) {
  if (region.live.agents.empty()) return;
  review_holds(region);
  Round round(region);
  BitClasses classes(region);
  dispatch_copies(region, round, classes);
  dispatch_fresh(region, round, classes);
  round.send_all();
  pursue_disputes(region);
  pursue_comparisons(region);
}

}  // namespace reeve::core
