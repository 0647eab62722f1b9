#include <algorithm>

#include "scheduler/core/bit_classes.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// Takes a task out of wherever the queue holds it.
void forget_task(StepQueue& queue, TaskIndex task) {
  queue.fresh.erase({task, 1});
  queue.special.erase(task);
  for (auto next = queue.by_owner.begin(); next != queue.by_owner.end();) {
    next->second.erase({task, 1});
    next = next->second.empty() ? queue.by_owner.erase(next) : std::next(next);
  }
}

/// The only owner whose result a task has, if nothing else excludes anybody.
std::optional<PartyId> single_owner(const OpenTask& task) {
  if (task.attempts.size() != 1) return std::nullopt;
  const PartyId owner = task.attempts.front().owner;
  for (const PartyId failed : task.failed_owners)
    if (failed != owner) return std::nullopt;
  return owner;
}

void place_task(const StepState& state, StepQueue& queue, TaskIndex task) {
  if (state.done.contains(task) || state.failed.contains(task)) return;
  const auto found = state.open.find(task);
  if (found == state.open.end()) {
    queue.fresh.insert({task, 1});
    return;
  }
  const OpenTask& open = found->second;
  if (!std::holds_alternative<Collecting>(open.phase) || open.attempts.size() >= open.needed) return;
  // Where classes matter, each task is looked at by itself.
  if (const auto owner = keeps_bit_class(state.spec) ? std::nullopt : single_owner(open))
    queue.by_owner[*owner].insert({task, 1});
  else
    queue.special.insert(task);
}

}  // namespace

NeedId intern_need(Region& region, const StepSpec& spec, bool one_class) {
  const TaskNeed& need = spec.need;
  Writer writer;
  writer(need, spec.gang_min, spec.gang_max, one_class);
  const Bytes key = writer.bytes();
  const auto [entry, is_new] =
      region.live.need_ids.try_emplace(key, static_cast<NeedId>(region.live.needs.size()));
  if (is_new) {
    region.live.needs.push_back(need);
    region.live.need_expected_ns.push_back(0);
  }
  return entry->second;
}

StepQueue* find_queue(Region& region, StepRef step) {
  const auto found = region.live.queues.find(step);
  return found == region.live.queues.end() ? nullptr : &found->second;
}

void requeue(Region& region, StepRef step, TaskRange tasks) {
  StepQueue* queue = find_queue(region, step);
  const StepState* state = region.durable.find_step(step);
  if (queue == nullptr || state == nullptr) return;
  const bool plain = !state->done.intersects(tasks) && !state->failed.intersects(tasks) &&
                     state->open.lower_bound(tasks.first) == state->open.lower_bound(tasks.end());
  if (plain) {
    queue->fresh.insert(tasks);
  } else {
    for (TaskIndex task = tasks.first; task < tasks.end(); ++task) {
      forget_task(*queue, task);
      place_task(*state, *queue, task);
    }
  }
  index_queue(region, step);
}

void requeue(Region& region, StepRef step, TaskIndex task) {
  requeue(region, step, TaskRange{task, 1});
}

void unqueue(Region& region, StepRef step, TaskIndex task) {
  StepQueue* queue = find_queue(region, step);
  if (queue == nullptr) return;
  forget_task(*queue, task);
  index_queue(region, step);
}

std::uint64_t may_go_out(const Region& region, StepRef step) {
  const std::uint64_t most = region.durable.find_step(step)->spec.most_at_once;
  if (most == 0) return ~std::uint64_t{0};
  const auto queue = region.live.queues.find(step);
  return most - std::min(most, queue->second.with_agents);
}

void index_queue(Region& region, StepRef step) {
  const StepQueue* queue = find_queue(region, step);
  const Job* job = region.durable.find_job(step.job);
  if (queue == nullptr || job == nullptr) return;
  const bool runs = job->state == msg::JobState::kRunning && may_go_out(region, step) > 0;
  Volatile& live = region.live;

  if (runs && queue->wants_copies())
    live.copies.insert(step);
  else
    live.copies.erase(step);

  const std::pair key{-job->priority, step};
  if (runs && !queue->fresh.empty()) {
    live.ready[job->requester][queue->need].insert(key);
    return;
  }
  const auto requester = live.ready.find(job->requester);
  if (requester == live.ready.end()) return;
  const auto need = requester->second.find(queue->need);
  if (need == requester->second.end()) return;
  need->second.erase(key);
  if (need->second.empty()) requester->second.erase(need);
  if (requester->second.empty()) live.ready.erase(requester);
}

void drop_queue(Region& region, StepRef step) {
  StepQueue* queue = find_queue(region, step);
  if (queue == nullptr) return;
  queue->fresh = IntervalSet();
  queue->by_owner.clear();
  queue->special.clear();
  index_queue(region, step);
  region.live.queues.erase(step);
}

void rebuild_queues(Region& region, JobId id) {
  const Job* job = region.durable.find_job(id);
  if (job == nullptr) return;
  for (StepIndex i = 0; i < job->steps.size(); ++i) {
    const StepRef step{id, i};
    const StepState& state = job->steps[i];
    drop_queue(region, step);
    if (!state.opened || !job->live()) continue;
    StepQueue queue;
    queue.need = intern_need(region, state.spec, starts_in_class(*job, state.spec));
    queue.expected_ns = region.live.need_expected_ns[queue.need];
    IntervalSet taken;
    const auto& all = region.live.leases_of_step;
    for (auto next = all.lower_bound({step, AttemptId()}); next != all.end() && next->first == step; ++next) {
      const Lease& lease = region.live.leases.at(next->second);
      if (lease.fresh) queue.leased += lease.left.size();
      queue.with_agents += lease.left.size();
      for (const TaskRange range : lease.left.ranges())
        taken.insert(range);
    }
    for (const TaskRange open : open_tasks(state))
      queue.fresh.insert(open);
    for (const IntervalSet* gone : {&state.done, &state.failed, static_cast<const IntervalSet*>(&taken)})
      for (const TaskRange range : gone->ranges())
        queue.fresh.erase(range);
    for (const auto& [task, open] : state.open) {
      queue.fresh.erase({task, 1});
      if (!taken.contains(task)) place_task(state, queue, task);
    }
    region.live.queues.emplace(step, std::move(queue));
    index_queue(region, step);
  }
}

}  // namespace reeve::core
