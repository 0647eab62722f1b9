#include <algorithm>

#include "scheduler/core/bit_classes.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

enum class Await { kReady, kWaits, kNever };

/// Whether the jobs that this one comes after have all succeeded.
Await awaited_jobs(const Region& region, const Job& job) {
  Await answer = Await::kReady;
  for (const JobId awaited : job.after) {
    if (region.durable.ended_badly.contains(awaited)) return Await::kNever;
    const Job* other = region.durable.find_job(awaited);
    if (other == nullptr || other->state == msg::JobState::kSucceeded) continue;
    if (!other->live()) return Await::kNever;
    answer = Await::kWaits;
  }
  return answer;
}

bool dependencies_done(const Job& job, const StepState& step) {
  return std::all_of(step.spec.depends_on.begin(), step.spec.depends_on.end(), [&job](StepIndex other) {
    return job.steps[other].opened && job.steps[other].done.size() == job.steps[other].spec.task_count;
  });
}

void open_step(Region& region, StepRef ref) {
  region.emit(StepOpened{ref});
  const StepState& state = *region.durable.find_step(ref);
  StepQueue queue;
  queue.need =
      intern_need(region, state.spec, starts_in_class(*region.durable.find_job(ref.job), state.spec));
  queue.expected_ns = region.live.need_expected_ns[queue.need];
  for (const TaskRange open : open_tasks(state))
    queue.fresh.insert(open);
  region.live.queues.emplace(ref, std::move(queue));
  index_queue(region, ref);
}

void wake_waiting_jobs(Region& region, JobId awaited) {
  auto& woken = region.live.woken;
  auto& waiting = region.live.waiting;
  for (auto next = waiting.lower_bound({awaited, JobId(0)}); next != waiting.end() && next->first == awaited;)
    woken.push_back(next->second), next = waiting.erase(next);
  if (region.live.waking) return;  // the loop below goes on with them: a long chain needs no deep stack
  region.live.waking = true;
  while (!woken.empty()) {
    const JobId id = woken.front();
    woken.pop_front();
    open_ready_steps(region, id);
  }
  region.live.waking = false;
}

/// True once nothing more will come of a step: of one that iterates, because a task failed that others go on
/// from.
bool is_over(const StepState& step) {
  return step.complete() || (step.spec.iterates() && !step.failed.empty());
}

std::uint64_t failed_tasks(const Job& job) {
  std::uint64_t failed = 0;
  for (const StepState& step : job.steps)
    failed += step.failed.size();
  return failed;
}

}  // namespace

void open_ready_steps(Region& region, JobId id) {
  const Job* job = region.durable.find_job(id);
  if (job == nullptr || !job->live() || job->state == msg::JobState::kPaused) return;
  switch (awaited_jobs(region, *job)) {
    case Await::kNever:
      return end_job(region, id, msg::JobState::kFailed, "a job that it comes after did not succeed", {});
    case Await::kWaits:
      for (const JobId awaited : job->after)
        region.live.waiting.insert({awaited, id});
      return;
    case Await::kReady: break;
  }
  for (StepIndex i = 0; i < job->steps.size(); ++i)
    if (!job->steps[i].opened && dependencies_done(*job, job->steps[i])) open_step(region, {id, i});
}

void finish_if_done(Region& region, JobId id) {
  const Job* job = region.durable.find_job(id);
  if (job == nullptr || !job->live()) return;
  bool all_done = true;
  for (const StepState& step : job->steps) {
    all_done = all_done && step.complete();
    if (step.opened && !is_over(step)) return;
  }
  if (!all_done) {
    open_ready_steps(region, id);
    job = region.durable.find_job(id);
    if (job == nullptr || !job->live() || job->state == msg::JobState::kPaused) return;
    for (const StepState& step : job->steps)
      if (step.opened && !is_over(step)) return;
  }
  const std::uint64_t failed = failed_tasks(*job);
  if (failed == 0 && !all_done) return;  // what is left waits for another job
  if (failed == 0)
    end_job(region, id, msg::JobState::kSucceeded, "", {});
  else
    end_job(region, id, msg::JobState::kFailed, std::to_string(failed) + " tasks failed", {});
}

void cancel_leases(Region& region, JobId id) {
  std::map<AgentId, msg::CancelAttempts> cancels;
  std::vector<AttemptId> ended;
  const std::set<std::pair<StepRef, AttemptId>>& all = region.live.leases_of_step;
  for (auto next = all.lower_bound({{id, 0}, AttemptId()}); next != all.end() && next->first.job == id;
       ++next) {
    const AttemptId attempt = next->second;
    const Lease& lease = region.live.leases.at(attempt);
    ended.push_back(attempt);
    for (const TaskRange range : lease.left.ranges())
      cancels[lease.agent].items.push_back({attempt, range});
  }
  for (const AttemptId attempt : ended)
    end_lease(region, attempt);
  const auto of_job = [id](const auto& entry) { return entry.second.step.job == id; };
  std::erase_if(region.live.leaf_leases, of_job);
  for (const auto& [attempt, lease] : region.live.comparison_leases)
    if (lease.step.job == id) cancels[lease.agent].items.push_back({attempt, {lease.task, 1}});
  std::erase_if(region.live.comparison_leases, of_job);
  for (auto& [agent, cancel] : cancels)
    region.effect(SendCancel{agent, std::move(cancel)});
}

void end_job(Region& region, JobId id, msg::JobState state, const std::string& reason,
             const CommandRef& ref) {
  region.emit(JobEnded{id, state, reason, refund_chain(region, id), region.now, ref});
  --region.live.open_jobs.at(region.durable.find_job(id)->requester);
  cancel_leases(region, id);
  const Job& job = *region.durable.find_job(id);
  for (StepIndex i = 0; i < job.steps.size(); ++i)
    drop_queue(region, {id, i});
  const TaskKey first{{id, 0}, 0};
  const TaskKey beyond{{JobId(id.value() + 1), 0}, 0};
  const auto forget = [&](auto& by_task) {
    by_task.erase(by_task.lower_bound(first), by_task.lower_bound(beyond));
  };
  forget(region.live.disputes);
  forget(region.live.stores);
  forget(region.live.comparisons);
  forget(region.live.lost);
  forget(region.live.cooling);
  const auto& replaced = region.live.replaced;
  region.live.replaced.erase(replaced.lower_bound(first), replaced.lower_bound(beyond));
  region.live.unfunded.erase(id);
  clear_blocklist(region, id);
  notify_job(region, id);
  region.live.subscribers.erase(id);
  region.live.inline_results.erase(id);
  if (state != msg::JobState::kSucceeded) region.live.ended_badly.insert({region.now, id});
  if (job.unvested == 0 && state == msg::JobState::kSucceeded) region.live.final_jobs.push_back(id);
  wake_waiting_jobs(region, id);
}

void rebuild_all(Region& region) {
  for (const auto& [id, job] : region.durable.jobs) {
    if (job.live()) {
      ++region.live.open_jobs[job.requester];
      rebuild_queues(region, id);
      if (job.out_of_funds) region.live.unfunded.insert(id);
    } else if (job.state != msg::JobState::kSucceeded) {
      region.live.ended_badly.insert({job.ended, id});
    } else if (job.unvested == 0) {
      region.live.final_jobs.push_back(id);
    }
    for (StepIndex i = 0; i < job.steps.size(); ++i) {
      for (const auto& [task, open] : job.steps[i].open) {
        const TaskKey key{{id, i}, task};
        if (std::holds_alternative<Disputed>(open.phase))
          region.live.disputes[key].deadline = region.now + region.durable.policy.opening_deadline;
        if (std::holds_alternative<Storing>(open.phase))
          region.live.stores[key].deadline = region.now + region.durable.policy.upload_deadline;
        if (std::holds_alternative<Comparing>(open.phase))
          region.live.comparisons[key].upload_deadline = region.now + region.durable.policy.upload_deadline;
      }
    }
  }
  std::vector<JobId> queued;
  for (const auto& [id, job] : region.durable.jobs)
    if (job.state == msg::JobState::kQueued) queued.push_back(id);
  for (const JobId id : queued)
    open_ready_steps(region, id);
}

void notify_job(Region& region, JobId id) {
  const auto subscribers = region.live.subscribers.find(id);
  const Job* job = region.durable.find_job(id);
  if (subscribers == region.live.subscribers.end() || job == nullptr) return;
  region.live.changed.erase(id);
  msg::JobUpdate update{id, job->state, 0, 0, 0, {}};
  for (const StepState& step : job->steps) {
    update.tasks += step.spec.task_count;
    update.settled += step.done.size();
    update.failed += step.failed.size();
  }
  const auto result = region.live.inline_results.find(id);
  if (result != region.live.inline_results.end()) update.inline_result = result->second;
  region.effect(NotifyJob{subscribers->second, std::move(update)});
}

}  // namespace reeve::core
