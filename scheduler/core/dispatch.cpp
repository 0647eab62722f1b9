#include <algorithm>
#include <iterator>

#include "protocol/limits.h"
#include "scheduler/core/bit_classes.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/round.h"

namespace reeve::core {
namespace {

/// Bounds of one round; the next Pump goes on where this one stopped.
constexpr std::size_t kCopyStepsPerRound = 64;
constexpr std::size_t kSpecialTasksPerStep = 64;
constexpr std::uint32_t kCopyChunk = 512;
constexpr int kPairingDraws = 32;
constexpr std::size_t kCrowd = 64;

/// What one task asks of an agent besides what its step does.
struct Wants {
  std::optional<std::string> bit_class{};  // absent: any
  std::uint32_t memory_mib = 0;            // after it ran out of less
  JobId unless_blocked{};                  // not from an agent that is blocked for this job; 0: from any
};

bool suits(const Region& region, const Wants& wants, AgentId id, const AgentSession& agent) {
  return (!wants.bit_class || agent.capability.bit_class == *wants.bit_class) &&
         agent.capability.memory_mib >= wants.memory_mib &&
         !(wants.unless_blocked.valid() && is_blocked(region, wants.unless_blocked, id));
}

/// True when some agent that is connected could ever run a copy of `task`, whatever its credit now.
template <class Allowed>
bool somebody_could(const Region& region, NeedId need, Role role, Allowed allowed, const Wants& wants = {}) {
  return std::any_of(region.live.agents.begin(), region.live.agents.end(), [&](const auto& entry) {
    const AgentSession& agent = entry.second;
    if (agent.role != role || agent.paused || !allowed(agent.owner) ||
        !suits(region, wants, entry.first, agent))
      return false;
    const AgentRecord& record = region.durable.agents.at(entry.first);
    return !record.revoked && !record.paused && meets(agent.capability, region.live.needs[need]);
  });
}

/// Blocked agents get what nobody else could run.
template <class Allowed>
Wants unless_blocked(const Region& region, NeedId need, JobId job, Allowed allowed, Wants wants = {}) {
  if (!blocks_agents(region, job)) return wants;
  wants.unless_blocked = job;
  if (!somebody_could(region, need, Role::kAgent, allowed, wants)) wants.unless_blocked = JobId();
  return wants;
}

/// Draws uniformly among the candidates that are allowed and have room. Up to kCrowd candidates are all
/// looked at; of a larger crowd, draws are made until one fits, kPairingDraws at most. Where so few of a
/// crowd fit that none of these does, the next kCrowd candidates are looked at, so that each has its turn in
/// the end.
template <class Allowed>
std::optional<AgentId> draw_agent(Region& region, Round& round, const StepQueue& queue, StepRef step,
                                  TaskIndex task, Role role, Allowed allowed, const Wants& wants = {}) {
  const std::vector<AgentId>& all = round.candidates(queue.need, role);
  const auto fits = [&](AgentId id) {
    const AgentSession& agent = region.live.agents.at(id);
    return allowed(agent.owner) && suits(region, wants, id, agent) && round.room(id, queue) > 0;
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
                                    TaskIndex task, Allowed allowed, const Wants& wants = {}) {
  if (const auto agent = draw_agent(region, round, queue, step, task, Role::kAgent, allowed, wants))
    return agent;
  if (somebody_could(region, queue.need, Role::kAgent, allowed, wants)) return std::nullopt;
  return draw_agent(region, round, queue, step, task, Role::kReferee, allowed, wants);
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
      const StepState& state = *region.durable.find_step(step);
      const std::uint64_t most = std::min<std::uint64_t>(kCopyChunk, may_go_out(region, step));
      if (most == 0) return;
      TaskRange chunk = with_equal_inputs(
          state.spec, up_to_checkpoint(state, bucket->second.front(static_cast<std::uint32_t>(most))));
      const auto others = [owner](PartyId other) { return other != owner; };
      const auto agent = draw_checker(region, round, *queue, step, chunk.first, others,
                                      unless_blocked(region, queue->need, step.job, others));
      if (!agent) break;
      chunk.count =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(chunk.count, round.room(*agent, *queue)));
      const std::size_t held = state.open.at(chunk.first).attempts.size();
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
    if (may_go_out(region, step) == 0) return;
    const StepQueue& queue = *find_queue(region, step);
    const OpenTask& open = region.durable.find_step(step)->open.at(task);
    const auto untried = untried_owners(open);
    const Wants any{classes.of_next_copy(step, queue.need, open), open.memory_mib};
    const Wants wants = unless_blocked(region, queue.need, step.job, untried, any);
    auto agent = draw_checker(region, round, queue, step, task, untried, wants);
    if (!agent && cooled_down(region, step, task) &&
        !somebody_could(region, queue.need, Role::kAgent, untried, wants) &&
        !somebody_could(region, queue.need, Role::kReferee, untried, wants))
      agent = draw_agent(
          region, round, queue, step, task, Role::kAgent,
          [&open](PartyId owner) { return may_run_copy(open, owner); }, any);
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
    if (may_go_out(region, step) == 0) return;
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

/// What a round can give nobody any more.
struct Waiting {
  std::set<NeedId> needs;   // no agent that meets it has room
  std::set<StepRef> steps;  // those with room come after others for this step
};

/// A step that has fresh tasks, of a requester.
struct NextStep {
  PartyId requester;
  NeedId need = 0;
  StepRef step;
};

/// The first step of the requester that has had least of what dispatch gave.
std::optional<NextStep> next_step(const Region& region, const Waiting& waiting) {
  std::optional<NextStep> best;
  std::uint64_t best_used = 0;
  for (const auto& [requester, needs] : region.live.ready) {
    const auto used_entry = region.live.used.find(requester);
    const std::uint64_t used = used_entry == region.live.used.end() ? 0 : used_entry->second;
    if (best && used >= best_used) continue;
    using Step = std::pair<std::int32_t, StepRef>;
    std::optional<std::pair<Step, NeedId>> first;
    for (const auto& [need, steps] : needs) {
      if (waiting.needs.contains(need)) continue;
      const auto step = std::find_if(steps.begin(), steps.end(),
                                     [&waiting](const Step& s) { return !waiting.steps.contains(s.second); });
      if (step != steps.end() && (!first || *step < first->first)) first = {*step, need};
    }
    if (!first) continue;
    best = {requester, first->second, first->first.second};
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
std::optional<AgentId> next_agent(Region& region, Round& round, const StepQueue& queue, const Wants& wants,
                                  const std::optional<std::set<std::string>>& classes) {
  const std::vector<AgentId>& all = round.candidates(queue.need, Role::kAgent);
  if (all.empty()) return std::nullopt;
  AgentId& last = region.live.last_served[queue.need];
  auto start = std::upper_bound(all.begin(), all.end(), last);
  for (std::size_t i = 0; i < all.size(); ++i, ++start) {
    if (start == all.end()) start = all.begin();
    if (round.room(*start, queue) == 0) continue;
    const AgentSession& agent = region.live.agents.at(*start);
    if (!suits(region, wants, *start, agent)) continue;
    if (classes && !classes->contains(agent.capability.bit_class)) continue;
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
  Waiting waiting;
  while (const auto next = next_step(region, waiting)) {
    const auto [requester, need, step] = *next;
    StepQueue& queue = *find_queue(region, step);
    if (region.durable.find_step(step)->spec.is_gang()) {
      if (!dispatch_gang(region, round, requester, step)) waiting.needs.insert(need);
      continue;
    }
    const Wants wants = unless_blocked(region, need, step.job, [](PartyId) { return true; });
    const auto agent = next_agent(region, round, queue, wants, classes.of_first_copy(step, need));
    if (!agent) {
      if (wants.unless_blocked.valid())
        waiting.steps.insert(step);
      else
        waiting.needs.insert(need);
      continue;
    }
    const std::uint64_t sharing = std::max<std::size_t>(1, round.candidates(need, Role::kAgent).size());
    const std::uint64_t share = (queue.fresh.size() + sharing - 1) / sharing;
    const std::uint64_t most = std::min<std::uint64_t>(
        {round.room(*agent, queue), share, limits::kTasksPerSection, may_go_out(region, step)});
    const StepState& state = *region.durable.find_step(step);
    TaskRange chunk = with_equal_inputs(
        state.spec, up_to_checkpoint(state, queue.fresh.front(static_cast<std::uint32_t>(most))));
    chunk.count = static_cast<std::uint32_t>(ensure_escrow(region, step.job, step.step, chunk.count));
    if (chunk.count == 0) continue;
    charge(region, requester, 1 + static_cast<std::uint64_t>(state.task_price) * chunk.count);
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
