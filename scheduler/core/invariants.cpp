#include <algorithm>

#include "scheduler/core/generations.h"
#include "scheduler/core/groups.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

bool shares_an_owner(const OpenTask& open) {
  for (std::size_t i = 1; i < open.attempts.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (open.attempts[i].owner == open.attempts[j].owner) return true;
  return false;
}

/// What is known of who agrees with whom fits the results that are on record.
std::string check_groups(const StepSpec& spec, const OpenTask& open) {
  std::map<Digest, AttemptId> group_of;
  for (const Recorded& r : open.attempts) {
    if (!r.group.valid() && !is_compared(spec)) return "only a compared result has no group";
    const auto [known, is_new] = group_of.try_emplace(r.root, r.group);
    if (!is_new && known->second != r.group) return "equal roots are of one group";
    if (r.group.valid() && open.unlike.contains({r.attempt, r.group}))
      return "a result is not of a group that it is unlike";
  }
  if (const auto* comparing = std::get_if<Comparing>(&open.phase)) {
    const auto pair = next_comparison(open);
    if (!pair || pair->a != comparing->a || pair->b != comparing->b)
      return "what is compared is the next thing to compare";
  }
  return "";
}

/// What tasks to come go on from is there, of what is done, and no more than a window.
std::string check_generations(const StepState& step) {
  const Iteration& iteration = step.spec.iteration;
  if (step.passed.size() > (iteration.staleness + 2ULL) * (iteration.shards + 1))
    return "results that are passed on are of a window of generations";
  if (!goes_on(step)) return "what open tasks go on from is there, and of tasks that are done";
  const IntervalSet open = [&step] {
    IntervalSet tasks;
    for (const TaskRange range : open_tasks(step))
      tasks.insert(range);
    return tasks;
  }();
  for (const auto& [task, record] : step.open)
    if (!open.contains(task)) return "only a task whose inputs are there has been tried";
  return "";
}

std::string check_step(const Job& job, const StepState& step) {
  for (const TaskRange range : step.failed.ranges())
    if (step.done.intersects(range)) return "a task is done or failed, not both";
  for (const IntervalSet& slot : step.slots)
    for (const TaskRange range : slot.ranges())
      if (!step.done.contains(range)) return "a settled task is done";
  IntervalSet uncovered = step.done;
  for (const IntervalSet& slot : step.slots)
    for (const TaskRange range : slot.ranges())
      uncovered.erase(range);
  if (!uncovered.empty()) return "a done task is settled";
  for (const auto& [task, open] : step.open) {
    if (step.done.contains(task) || step.failed.contains(task))
      return "an open task is neither done nor failed";
    if (std::string broken = check_groups(step.spec, open); !broken.empty()) return broken;
    if (shares_an_owner(open)) return "attempts of one task have distinct owners";
  }
  if (!job.live() && !step.open.empty()) return "an ended job has no open task";
  return step.spec.iterates() && job.live() ? check_generations(step) : "";
}

/// Every task of a running step is in exactly one place: done, failed, queued, leased, disputed or being
/// stored.
std::string check_places(const Region& region, StepRef ref, const StepState& step) {
  const auto found = region.live.queues.find(ref);
  if (found == region.live.queues.end()) return "an open step of a live job has a queue";
  const StepQueue& queue = found->second;
  IntervalSet seen;
  std::string twice;
  const auto add_range = [&](const char* place, TaskRange range) {
    if (seen.insert(range) != range.count && twice.empty())
      twice = std::string(place) + " has tasks from " + std::to_string(range.first) +
              " on that are elsewhere too";
  };
  const auto add = [&](const char* place, const IntervalSet& tasks) {
    for (const auto& [first, end] : tasks.map())
      add_range(place, {first, end - first});
  };
  add("done", step.done);
  add("failed", step.failed);
  add("fresh", queue.fresh);
  for (const auto& [owner, tasks] : queue.by_owner)
    add("copies", tasks);
  for (const TaskIndex task : queue.special)
    add_range("special", {task, 1});
  for (const auto& [attempt, lease] : region.live.leases)
    if (lease.step == ref) add("a lease", lease.left);
  for (const auto& [task, open] : step.open)
    if (!std::holds_alternative<Collecting>(open.phase)) add_range("disputes and stores", {task, 1});
  if (!twice.empty()) return "every task is in exactly one place: " + twice;
  if (seen.size() != opened_tasks(step))
    return "every task is somewhere: " + std::to_string(seen.size()) + " of " +
           std::to_string(opened_tasks(step)) + " are";
  return "";
}

/// A gang has all of its members or none: of one owner and one farm, each with a lease, one of them the lead.
std::string check_gangs(const Region& region) {
  std::size_t seats = 0;
  for (const auto& [lead, members] : region.live.gangs) {
    const auto first = region.live.leases.find(lead);
    if (first == region.live.leases.end() || first->second.gang != lead || first->second.left.empty())
      return "a gang has a lead at work";
    if (members.size() + 1 > region.durable.find_step(first->second.step)->spec.gang_max)
      return "a gang has no more members than it may have";
    for (const AttemptId member : members) {
      const auto seat = region.live.leases.find(member);
      if (seat == region.live.leases.end() || seat->second.gang != lead || !seat->second.is_seat())
        return "each member of a gang has a seat";
      if (seat->second.owner != first->second.owner) return "a gang is of one owner";
    }
    seats += members.size();
  }
  for (const auto& [attempt, lease] : region.live.leases)
    if (lease.gang.valid() && !region.live.gangs.contains(lease.gang))
      return "a seat is of a gang that is there";
  const auto taken = std::count_if(region.live.leases.begin(), region.live.leases.end(),
                                   [](const auto& entry) { return entry.second.is_seat(); });
  if (static_cast<std::size_t>(taken) != seats) return "each seat is counted once";
  return "";
}

std::string check_agents(const Region& region) {
  for (const auto& [id, agent] : region.live.agents) {
    std::uint64_t outstanding = 0;
    std::uint32_t gang_slots = 0;
    for (const AttemptId attempt : agent.leases) {
      const auto lease = region.live.leases.find(attempt);
      if (lease == region.live.leases.end() || lease->second.agent != id)
        return "an agent's leases are its own";
      outstanding += lease->second.weight();
      if (lease->second.gang.valid()) ++gang_slots;
    }
    if (gang_slots != agent.gang_slots) return "an agent counts the slots that gangs have";
    if (outstanding != agent.outstanding) return "an agent's outstanding tasks are those of its leases";
  }
  if (std::string broken = check_gangs(region); !broken.empty()) return broken;
  if (region.live.deadlines.size() != region.live.leases.size()) return "every lease has one deadline";
  if (region.live.leases_of_step.size() != region.live.leases.size())
    return "every lease is found by its step";
  for (const auto& [attempt, lease] : region.live.comparison_leases) {
    const auto work = region.live.comparisons.find({lease.step, lease.task});
    if (work == region.live.comparisons.end() || work->second.referee_attempt != attempt)
      return "a referee compares what is to be compared";
  }
  return "";
}

}  // namespace

std::string broken_invariant(const Durable& state, bool ended_jobs_too) {
  if (std::string broken = state.ledger.broken_invariant(); !broken.empty()) return broken;
  std::map<JobId, std::uint64_t> unvested;
  for (const auto& [id, owner] : state.owners) {
    MicroCredits held = 0;
    for (const Unvested& entry : owner.unvested) {
      unvested[entry.step.job] += entry.count;
      held += (entry.price - entry.fee) * static_cast<MicroCredits>(entry.count);
    }
    if (state.ledger.account({AccountKind::kHeld, id.value()}).balance() != held)
      return "an owner's held credits are those of what has not vested";
  }
  for (const auto& [id, amount] : state.lent)
    if (const Job* job = state.find_job(id); job == nullptr || !job->live())
      return "an ended job owes the insurance nothing";
  for (const auto& [id, job] : state.jobs) {
    if (!ended_jobs_too && !job.live()) continue;
    for (const StepState& step : job.steps)
      if (std::string broken = check_step(job, step); !broken.empty()) return broken;
    const auto counted = unvested.find(id);
    if (job.unvested != (counted == unvested.end() ? 0 : counted->second))
      return "a job counts what has not vested of it";
    const Account escrow = state.ledger.account({AccountKind::kEscrow, id.value()});
    if (!job.live() && (escrow.balance() != 0 || escrow.debits_pending != 0))
      return "an ended job holds zero";
  }
  return "";
}

std::string broken_region_invariant(const Region& region, bool ended_jobs_too) {
  if (std::string broken = broken_invariant(region.durable, ended_jobs_too); !broken.empty()) return broken;
  for (const auto& [id, job] : region.durable.jobs) {
    if (!job.live()) continue;
    for (StepIndex i = 0; i < job.steps.size(); ++i)
      if (job.steps[i].opened) {
        for (const auto& [task, open] : job.steps[i].open)
          if (std::holds_alternative<Comparing>(open.phase) &&
              !region.live.comparisons.contains({StepRef{id, i}, task}))
            return "every comparison is pursued";
        if (std::string broken = check_places(region, {id, i}, job.steps[i]); !broken.empty())
          return broken + " in job " + std::to_string(id.value()) + " step " + std::to_string(i);
      }
  }
  return check_agents(region);
}

}  // namespace reeve::core
