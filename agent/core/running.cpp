#include <algorithm>

#include "agent/core/agent_core.h"
#include "agent/core/bounds.h"
#include "agent/core/ranges.h"
#include "agent/core/sections.h"

namespace reeve::agent {

void AgentCore::on(const SlotUp& in) {
  if (in.slot < slots_.size()) slots_[in.slot].up = true;
}

/// What the lost worker had in hand runs again elsewhere, first of all; what was cancelled does not.
void AgentCore::on(const SlotDown& in) {
  if (in.slot >= slots_.size()) return;
  Slot& slot = slots_[in.slot];
  slot.up = false;
  std::deque<Batch> lost;
  lost.swap(slot.batches);
  std::vector<BatchItem> again;
  for (const Batch& batch : lost) {
    if (const auto leaf = leaf_leases_.find(batch.leaves); leaf != leaf_leases_.end()) {
      leaf->second.handed = false;
      leaf_queue_.push_front(batch.leaves);
    }
    if (const auto lease = comparisons_.find(batch.comparison); lease != comparisons_.end()) {
      lease->second.handed = false;
      comparison_queue_.push_front(batch.comparison);
    }
    for (const BatchItem& item : batch.items) {
      const auto lease = leases_.find(item.attempt);
      if (lease == leases_.end()) continue;
      for (const TaskRange left : without(item.tasks, lease->second.cancelled))
        again.push_back({item.attempt, item.step, left, item.gang});
    }
  }
  if (stopping_)
    return hand_back(std::move(again), msg::FailureReason::kAgentLeaving, "the agent is stopping");
  for (auto item = again.rbegin(); item != again.rend(); ++item)
    put_first(std::move(*item));
  if (!in.why.empty()) log(Severity::kWarning, "worker " + std::to_string(in.slot) + " ended: " + in.why);
}

AgentCore::Batch* AgentCore::find_batch(SlotIndex slot, BatchId batch) {
  if (slot >= slots_.size()) return nullptr;
  for (Batch& candidate : slots_[slot].batches) {
    if (candidate.id == batch) return &candidate;
  }
  return nullptr;
}

/// Notes that a worker is through with `tasks`; false if it was not given them (it was replaced meanwhile).
bool AgentCore::advance(SlotIndex slot, BatchId batch_id, AttemptId attempt, TaskRange tasks) {
  Batch* batch = find_batch(slot, batch_id);
  if (!batch || batch->items.empty()) return false;
  TaskRange& left = batch->items.front().tasks;
  if (batch->items.front().attempt != attempt || left.first != tasks.first || left.count < tasks.count)
    return false;
  left = {tasks.end(), left.count - tasks.count};
  if (left.count == 0) batch->items.erase(batch->items.begin());
  if (batch->items.empty()) end_batch(slot, batch_id);
  return true;
}

void AgentCore::on(const TasksFinished& in) {
  if (in.tasks.count == 0 || !advance(in.slot, in.batch, in.attempt, in.tasks)) return;
  pace_.observe(in.spent, in.tasks.count);
  totals_.tasks_finished += in.tasks.count;
  const bool rooted = std::holds_alternative<msg::RootedResults>(in.results);
  const auto found = leases_.find(in.attempt);
  if (found == leases_.end()) {  // cancelled, every task of it
    if (rooted) effects_.push_back(Forget{in.attempt, in.tasks});
    return;
  }
  Lease& lease = found->second;
  msg::ReportSection section{in.attempt,         lease.assignment.step,   in.tasks,
                             lease.step->kernel, lease.assignment.ticket, {}};
  std::visit([&section](const auto& results) { section.outcome = results; }, in.results);
  if (lease.cancelled.empty()) return finish(lease, in.tasks, section);
  const std::vector<TaskRange> wanted = without(in.tasks, lease.cancelled);
  if (rooted) {
    for (const TaskRange unwanted : without(in.tasks, wanted))
      effects_.push_back(Forget{in.attempt, unwanted});
  }
  for (const TaskRange part : wanted)
    finish(lease, part, section_part(section, part));
}

void AgentCore::finish(Lease& lease, TaskRange tasks, const msg::ReportSection& section) {
  retire(lease, tasks.count);
  report(lease, tasks, section.outcome);
}

/// Takes one task out of a batch, wherever it stands: a crash may have lost the results before it.
bool AgentCore::strike(SlotIndex slot, BatchId batch_id, AttemptId attempt, TaskRange task) {
  if (advance(slot, batch_id, attempt, task)) return true;
  Batch* batch = find_batch(slot, batch_id);
  if (!batch) return false;
  for (auto item = batch->items.begin(); item != batch->items.end(); ++item) {
    if (item->attempt != attempt || intersection(item->tasks, task).count == 0) continue;
    const BatchItem whole = *item;
    item = batch->items.erase(item);
    for (const TaskRange left : without(whole.tasks, task))
      item = std::next(batch->items.insert(item, {whole.attempt, whole.step, left}));
    if (batch->items.empty()) end_batch(slot, batch_id);
    return true;
  }
  return false;
}

void AgentCore::end_batch(SlotIndex slot, BatchId batch) {
  auto& batches = slots_[slot].batches;
  batches.erase(std::find_if(batches.begin(), batches.end(), [&](const Batch& b) { return b.id == batch; }));
}

void AgentCore::on(const TaskFailed& in) {
  const TaskRange task{in.task, 1};
  if (!strike(in.slot, in.batch, in.attempt, task)) return;
  ++totals_.tasks_failed;
  const auto found = leases_.find(in.attempt);
  if (found == leases_.end() || without(task, found->second.cancelled).empty()) return;
  // Whoever stops the agent may have stopped its tasks' processes too.
  const auto reason = stopping_ ? msg::FailureReason::kAgentLeaving : in.reason;
  log(Severity::kWarning, "task " + std::to_string(in.task) + " of job " +
                              std::to_string(found->second.assignment.step.job.value()) +
                              (stopping_ ? " was cut short: " : " failed: ") + in.message);
  retire(found->second, 1);
  report(found->second, task, msg::FailedTasks{reason, in.message.substr(0, limits::kTextBytes)});
}

void AgentCore::on(const LeavesFinished& in) {
  Batch* batch = find_batch(in.slot, in.batch);
  if (!batch || batch->leaves != in.attempt) return;
  end_batch(in.slot, in.batch);
  const auto found = leaf_leases_.find(in.attempt);
  if (found == leaf_leases_.end()) return;
  const msg::LeafAssignment& work = found->second.work;
  release_inputs(found->second.step->inputs);
  outbox_.add_leaves(now_, now_ + work.lease, {work.attempt, work.step, work.task, work.leaves, in.hashes});
  leaf_leases_.erase(found);
}

void AgentCore::report(Lease& lease, TaskRange tasks, decltype(msg::ReportSection::outcome) outcome) {
  drop_checkpoints(lease, tasks);
  const msg::Assignment& a = lease.assignment;
  SpooledSection held{{a.attempt, a.step, tasks, lease.step->kernel, a.ticket, std::move(outcome)},
                      a.tasks,
                      a.replica,
                      lease.step->leaf_bytes,
                      false};
  outbox_.add(now_, std::move(held), effects_);
}

/// Gives work to the slots: first to those that have none, then, if tasks are short, one hand-off ahead.
void AgentCore::place() {
  if (stopping_) return;
  seat_gangs();
  for (std::uint32_t depth = 0; depth < bounds::kBatchesPerSlot; ++depth) {
    if (depth > 0 && !pace_.short_tasks()) return;
    for (SlotIndex i = 0; i < slots_.size(); ++i) {
      if (queue_.ready_tasks() == 0 && leaf_queue_.empty() && comparison_queue_.empty()) return;
      const auto& batches = slots_[i].batches;
      if (!slots_[i].up || batches.size() != depth || (depth > 0 && batches.back().gang)) continue;
      if (!give(i, slots_[i])) break;
    }
  }
}

bool AgentCore::give(SlotIndex index, Slot& slot) {
  const auto leaf = std::find_if(leaf_queue_.begin(), leaf_queue_.end(), [this](AttemptId attempt) {
    return inputs_ready(leaf_leases_.at(attempt).step->inputs);
  });
  if (leaf != leaf_queue_.end() && slot.batches.empty()) {
    LeafLease& lease = leaf_leases_.at(*leaf);
    slot.batches.push_back({next_batch_, {}, *leaf, {}, false});
    effects_.push_back(RunLeaves{index, next_batch_++, lease.step, lease.work});
    lease.handed = true;
    leaf_queue_.erase(leaf);
    return true;
  }
  if (give_comparison(index, slot)) return true;
  const std::uint32_t share = (queue_.ready_tasks() + slots_up() - 1) / slots_up();
  std::vector<BatchItem> items = queue_.take(std::min(pace_.batch(), std::max(share, 1U)));
  if (items.empty()) return false;
  slot.batches.push_back({next_batch_, {items.begin(), items.end()}, {}, {}, false});
  effects_.push_back(RunBatch{index, next_batch_++, std::move(items)});
  return true;
}

void AgentCore::flush() {
  if (link_ != Link::kUp) return;
  while (outbox_.due(now_, idle())) {
    std::optional<SendReport> report = outbox_.next(now_);
    if (!report) return;
    effects_.push_back(std::move(*report));
  }
}

/// True if nothing is about to finish that a report could wait for.
bool AgentCore::idle() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.batches.empty(); });
}

std::uint32_t AgentCore::slots_up() const {
  return static_cast<std::uint32_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.up; }));
}

}  // namespace reeve::agent
