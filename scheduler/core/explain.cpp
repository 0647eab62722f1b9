#include <algorithm>

#include "scheduler/core/bit_classes.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/groups.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

std::string need_gap(const Capability& has, const TaskNeed& need) {
  const auto number = [](const char* what, std::uint32_t got, std::uint32_t asked) {
    return std::string(what) + " " + std::to_string(got) + " < " + std::to_string(asked);
  };
  if (!std::binary_search(has.kernels.begin(), has.kernels.end(), need.kernel))
    return "kernel " + need.kernel.name + "/" + std::to_string(need.kernel.contract) +
           " is not among its kernels";
  if (has.cpus < need.cpus) return number("cpus", has.cpus, need.cpus);
  if (has.memory_mib < need.memory_mib) return number("memory MiB", has.memory_mib, need.memory_mib);
  if (has.gpus < need.gpus) return number("gpus", has.gpus, need.gpus);
  if (has.vram_mib < need.vram_mib) return number("vram MiB", has.vram_mib, need.vram_mib);
  for (const std::string& tag : need.tags)
    if (!std::binary_search(has.tags.begin(), has.tags.end(), tag)) return "tag '" + tag + "' is missing";
  return "";
}

void explain_no_agents(const Region& region, StepIndex index, const TaskNeed& need,
                       std::vector<Explanation>& out) {
  std::size_t agents = 0;
  std::vector<std::string> gaps;
  for (const auto& [id, agent] : region.live.agents) {
    if (agent.role != Role::kAgent) continue;
    ++agents;
    const std::string gap = need_gap(agent.capability, need);
    if (gap.empty()) return;
    if (gaps.size() < 5) gaps.push_back(region.durable.agents.at(id).name + ": " + gap);
  }
  if (agents == 0) {
    out.push_back({index, {}, "no agent is connected", "an owner joins one with `reeve agent join`"});
    return;
  }
  std::string reason = "none of the " + std::to_string(agents) + " connected agents has what the step needs";
  for (const std::string& gap : gaps)
    reason += "; " + gap;
  out.push_back({index, {}, reason, "lower the step's requirements, or join an agent that meets them"});
}

void explain_busy(const Region& region, StepIndex index, const StepQueue& queue,
                  std::vector<Explanation>& out) {
  if (queue.fresh.empty()) return;
  std::uint64_t credit = 0;
  std::uint64_t paused = 0;
  std::uint64_t able = 0;
  for (const auto& [id, agent] : region.live.agents) {
    if (agent.role != Role::kAgent || !meets(agent.capability, region.live.needs[queue.need])) continue;
    ++able;
    if (agent.paused || region.durable.agents.at(id).paused)
      ++paused;
    else
      credit += agent.credit();
  }
  if (able == 0) return;
  if (able == paused)
    out.push_back({index,
                   {},
                   "every agent that could run it is paused",
                   "`reeve agent resume`, or `reeve fleet wake`"});
  else
    out.push_back({index,
                   {},
                   std::to_string(queue.fresh.size()) + " tasks wait for a free slot on " +
                       std::to_string(able - paused) + " agents",
                   credit > 0 ? "they go out with the next round" : "join more agents, or wait"});
}

/// What a task that runs on several slots at once lacks.
void explain_gang(const Region& region, StepIndex index, const StepSpec& spec, const StepQueue& queue,
                  std::vector<Explanation>& out) {
  if (queue.fresh.empty() && !queue.wants_copies()) return;
  const GangRoom room = best_gang_room(region, spec.need);
  const std::string needs = "needs " + std::to_string(spec.gang_min) + " slots of one owner's farm at once; ";
  if (room.slots == 0) {
    out.push_back(
        {index,
         {},
         needs + "no agent that could run it offers gangs",
         "an agent is in gangs once it names its farm to the region; or let the task run on one slot"});
  } else if (room.slots < spec.gang_min) {
    out.push_back({index,
                   {},
                   needs + "the most is " + std::to_string(room.slots) + " (" + room.agents + ")",
                   "ask for fewer slots, or have the owner join more agents to that farm"});
  } else {
    const bool drains = std::any_of(
        region.live.holds.begin(), region.live.holds.end(),
        [&](const auto& hold) { return &region.durable.find_step(hold.second.step)->spec == &spec; });
    out.push_back({index,
                   {},
                   needs + "the most that are free at once are " + std::to_string(room.free) + " of " +
                       std::to_string(room.slots) + " (" + room.agents + ")",
                   drains ? "a farm is given no other work until they are free"
                          : "it starts as soon as enough of one farm are free"});
  }
}

void explain_copies(const Region& region, StepIndex index, const StepQueue& queue,
                    std::vector<Explanation>& out) {
  for (const auto& [owner, tasks] : queue.by_owner) {
    const bool other =
        std::any_of(region.live.agents.begin(), region.live.agents.end(), [&, id = owner](const auto& entry) {
          return entry.second.owner != id && meets(entry.second.capability, region.live.needs[queue.need]);
        });
    out.push_back({index, tasks.front(1).first,
                   std::to_string(tasks.size()) + " results wait to be checked by an owner other than " +
                       region.durable.parties.at(owner).name,
                   other ? "they are checked as soon as such an agent is free"
                         : "no agent of another owner is connected: join one, or run a referee"});
  }
}

/// Results of programs that wait for another owner's, which must be of a host that gives the same bits.
void explain_classes(const Region& region, StepRef step, const StepQueue& queue,
                     std::vector<Explanation>& out) {
  constexpr std::size_t kMost = 4096;  // tasks that are looked at
  const StepState& state = *region.durable.find_step(step);
  if (!keeps_bit_class(state.spec)) return;
  BitClasses classes(region);
  struct Waiting {
    std::size_t tasks = 0;
    std::size_t stuck = 0;
    TaskIndex first = 0;
  };
  std::map<std::string, Waiting> waiting;
  std::size_t looked_at = 0;
  for (const TaskIndex task : queue.special) {
    if (++looked_at > kMost) break;
    const OpenTask& open = state.open.at(task);
    const auto bit_class = classes.of_next_copy(step, queue.need, open);
    if (!bit_class) continue;
    const bool other =
        std::any_of(region.live.agents.begin(), region.live.agents.end(), [&](const auto& entry) {
          const AgentSession& agent = entry.second;
          return agent.capability.bit_class == *bit_class && may_run_copy(open, agent.owner) &&
                 meets(agent.capability, state.spec.need);
        });
    Waiting& of_class = waiting[*bit_class];
    if (of_class.tasks++ == 0 || (!other && of_class.stuck == 0)) of_class.first = task;
    if (!other) ++of_class.stuck;
  }
  for (const auto& [bit_class, w] : waiting) {
    const std::string of_class =
        bit_class.empty() ? "of an unknown bit class" : "of bit class '" + bit_class + "'";
    if (w.stuck == 0)
      out.push_back({step.step, w.first,
                     std::to_string(w.tasks) + " results wait to be checked by another owner " + of_class,
                     "they are checked as soon as such an agent is free"});
    else
      out.push_back({step.step, w.first,
                     std::to_string(w.stuck) + " results wait for another owner " + of_class +
                         ", whose hosts give the same bits; none is connected",
                     "join such an agent, compare with a tolerance (--compare), or take results unchecked "
                     "(--verify none)"});
  }
}

/// A task that failed somewhere, or whose results were rejected: who is left to run it.
Explanation explain_struck(const Region& region, StepRef step, TaskIndex task, const OpenTask& open,
                           const TaskNeed& need) {
  const auto struck = [&open](PartyId owner) {
    return std::find(open.failed_owners.begin(), open.failed_owners.end(), owner) != open.failed_owners.end();
  };
  const bool somebody_left =
      std::any_of(region.live.agents.begin(), region.live.agents.end(), [&](const auto& entry) {
        const AgentSession& agent = entry.second;
        return !agent.paused && !region.durable.agents.at(entry.first).paused && !struck(agent.owner) &&
               may_run_copy(open, agent.owner) && meets(agent.capability, need);
      });
  std::string names;
  for (const PartyId owner : open.failed_owners)
    names += (names.empty() ? "" : ", ") + region.durable.parties.at(owner).name;
  const std::string reason = names + " failed this task or had its result rejected";
  if (somebody_left) return {step.step, task, reason, "it is tried again on another owner"};
  return {step.step, task, reason + "; no other owner that could run it is connected",
          "join an agent of another owner, or run a referee; meanwhile it goes back to them after a pause"};
}

/// A task that ran out of memory, and needs more than its step asked for.
Explanation explain_memory(const Region& region, StepRef step, TaskIndex task, std::uint32_t memory_mib,
                           const TaskNeed& need) {
  std::uint32_t most = 0;
  for (const auto& [id, agent] : region.live.agents)
    if (agent.role == Role::kAgent && meets(agent.capability, need))
      most = std::max(most, agent.capability.memory_mib);
  const std::string reason = "it ran out of memory and has " + std::to_string(memory_mib) + " MiB next";
  if (most >= memory_mib) return {step.step, task, reason, "it is tried again on an agent that has as much"};
  return {
      step.step, task,
      reason + "; the most that an agent that could run it has is " + std::to_string(most) + " MiB a slot",
      "join an agent with more memory a slot, or submit it with a lower `--mem-max`"};
}

/// Agents that get tasks of the job only where nobody else could run them.
void explain_blocked(const Region& region, JobId job, std::vector<Explanation>& out) {
  std::string names;
  for (const auto& [id, agent] : region.live.agents)
    if (is_blocked(region, job, id)) names += (names.empty() ? "" : ", ") + region.durable.agents.at(id).name;
  if (!names.empty())
    out.push_back({0,
                   {},
                   "failed several tasks of this job in a row, and come after all others: " + names,
                   "`reeve job tasks` shows why; `reeve job retry` forgets it"});
}

/// What two results that are to be compared wait for, by name.
Explanation explain_comparison(const Region& region, StepRef step, TaskIndex task, const OpenTask& open,
                               const Comparing& comparing) {
  const auto name_of = [&](AttemptId attempt) {
    const Recorded* r = find_recorded(open, attempt);
    return r == nullptr ? std::string("?") : region.durable.parties.at(r->owner).name;
  };
  const std::string& compare = region.durable.find_step(step)->spec.compare;
  const std::string both = "the results of " + name_of(comparing.a) + " and " + name_of(comparing.b);
  for (const AttemptId attempt : {comparing.a, comparing.b})
    if (const Recorded* r = find_recorded(open, attempt); r != nullptr && r->blob == Digest{})
      return {step.step, task, both + " are to be compared; " + name_of(attempt) + " is asked to upload",
              "who does not upload by the deadline is out, and another owner is asked"};
  const auto work = region.live.comparisons.find({step, task});
  if (work != region.live.comparisons.end() && work->second.referee_attempt.valid())
    return {step.step, task, both + " are being compared ('" + compare + "') by a referee", ""};
  if (find_comparer(region))
    return {step.step, task, both + " go to a referee", "they go out with the next round"};
  return {step.step, task,
          both + " wait to be compared ('" + compare +
              "'); no referee that offers the kernel compare/1 is connected",
          "the operator runs one, with reeve-compare and a sandbox; or submit with --compare exact or "
          "--verify none"};
}

/// Where an iterating step stands, and on whose word its generations rest.
void explain_generation(const Job& job, StepIndex index, std::vector<Explanation>& out) {
  const StepState& state = job.steps[index];
  const Iteration& iteration = state.spec.iteration;
  const std::uint32_t generation = generations_done(state);
  if (!state.spec.iterates() || generation == iteration.generations) return;
  const std::uint64_t shards = count_tasks(state.done.overlap(iteration.shards_of(generation)));
  const bool unchecked = job.verify.mode == VerifyMode::kNone;
  out.push_back(
      {index,
       {},
       "generation " + std::to_string(generation + 1) + " of " + std::to_string(iteration.generations) +
           ", " + std::to_string(shards) + " of " + std::to_string(iteration.shards) + " gradients" +
           (unchecked ? "; taken unchecked (--verify none): one wrong result spoils all that follow" : ""),
       ""});
}

void explain_open(const Region& region, StepRef step, std::vector<Explanation>& out) {
  constexpr std::size_t kMost = 20;
  const StepState& state = *region.durable.find_step(step);
  const bool referee = std::any_of(region.live.agents.begin(), region.live.agents.end(),
                                   [](const auto& entry) { return entry.second.role == Role::kReferee; });
  for (const auto& [task, open] : state.open) {
    if (out.size() >= kMost) return;
    if (const auto* disputed = std::get_if<Disputed>(&open.phase))
      out.push_back({step.step, task,
                     disputed->leaf ? "two owners disagree; leaf " + std::to_string(*disputed->leaf) +
                                          " goes to a referee"
                                    : "two owners disagree; both were asked to open their results",
                     referee || !disputed->leaf ? "it is decided within minutes"
                                                : "no referee is connected: the operator runs one"});
    if (const auto* comparing = std::get_if<Comparing>(&open.phase))
      out.push_back(explain_comparison(region, step, task, open, *comparing));
    if (std::holds_alternative<Storing>(open.phase))
      out.push_back({step.step, task, "the agreed result is being uploaded", ""});
    if (open.memory_mib > 0 && std::holds_alternative<Collecting>(open.phase))
      out.push_back(explain_memory(region, step, task, open.memory_mib, state.spec.need));
    if (!open.failed_owners.empty() && std::holds_alternative<Collecting>(open.phase))
      out.push_back(explain_struck(region, step, task, open, state.spec.need));
  }
}

}  // namespace

std::vector<Explanation> explain_job(const Region& region, JobId id) {
  std::vector<Explanation> out;
  const Job* job = region.durable.find_job(id);
  if (job == nullptr) return out;
  if (job->state == msg::JobState::kPaused) {
    out.push_back(
        {0,
         {},
         "the job is paused: " + (job->reason.empty() ? std::string("by its requester") : job->reason),
         job->out_of_funds ? "ask the region's operator to fund your account: `reeve region fund`"
                           : "`reeve job resume`"});
    return out;
  }
  if (!job->live()) return out;
  if (job->state == msg::JobState::kQueued)
    for (const JobId other : job->after)
      out.push_back({0, {}, "it comes after job " + std::to_string(other.value()), ""});
  for (StepIndex i = 0; i < job->steps.size(); ++i) {
    const StepState& state = job->steps[i];
    if (state.complete()) continue;
    if (!state.opened) {
      for (const StepIndex other : state.spec.depends_on)
        if (!job->steps[other].complete())
          out.push_back(
              {i, {}, "it depends on step '" + job->steps[other].spec.name + "', which is not done", ""});
      continue;
    }
    const auto queue = region.live.queues.find(StepRef{id, i});
    if (queue == region.live.queues.end()) continue;
    explain_generation(*job, i, out);
    explain_no_agents(region, i, state.spec.need, out);
    if (state.spec.is_gang())
      explain_gang(region, i, state.spec, queue->second, out);
    else if (may_go_out(region, {id, i}) > 0)
      explain_busy(region, i, queue->second, out);
    explain_copies(region, i, queue->second, out);
    explain_classes(region, {id, i}, queue->second, out);
    explain_open(region, {id, i}, out);
    const std::uint64_t with_agents = queue->second.with_agents;
    if (with_agents > 0)
      out.push_back({i,
                     {},
                     std::to_string(with_agents) + " tasks are with agents",
                     may_go_out(region, {id, i}) > 0 ? "" : "the job allows no more of them at one time"});
  }
  explain_blocked(region, id, out);
  return out;
}

}  // namespace reeve::core
