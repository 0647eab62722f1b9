#include "agent/core/agent_core.h"
#include "agent/core/ranges.h"

namespace reeve::agent {

bool AgentCore::in_hand(SlotIndex slot, AttemptId attempt, TaskIndex task) const {
  if (slot >= slots_.size()) return false;
  for (const Batch& batch : slots_[slot].batches)
    for (const BatchItem& item : batch.items)
      if (item.attempt == attempt && intersection(item.tasks, {task, 1}).count > 0) return true;
  return false;
}

void AgentCore::on(const CheckpointLeft& in) {
  const auto found = leases_.find(in.attempt);
  Checkpoint left{in.file, in.root, in.size_bytes};
  if (found == leases_.end() || !in_hand(in.slot, in.attempt, in.task) ||
      without({in.task, 1}, found->second.cancelled).empty())
    return drop(left);
  Checkpoints& of_task = found->second.checkpoints[in.task];
  if (of_task.uploading) {
    drop(of_task.next);
    of_task.next = std::move(left);
    return;
  }
  drop(of_task.offered);
  of_task.offered = std::move(left);
  offer(found->second, in.task);
}

void AgentCore::on(const CheckpointUploaded& in) {
  const auto found = leases_.find(in.attempt);
  if (found == leases_.end() || !found->second.checkpoints.contains(in.task)) return;
  Checkpoints& of_task = found->second.checkpoints.at(in.task);
  drop(of_task.offered);
  of_task.uploading = false;
  if (of_task.next.file.empty()) return;
  of_task.offered = std::exchange(of_task.next, {});
  offer(found->second, in.task);
}

void AgentCore::offer(const Lease& lease, TaskIndex task) {
  const Checkpoint& made = lease.checkpoints.at(task).offered;
  if (link_ != Link::kUp || made.file.empty()) return;
  const msg::Assignment& a = lease.assignment;
  effects_.push_back(Send{msg::CheckpointMade{a.attempt, a.step, task, made.root, made.size_bytes}});
}

/// A new conversation knows nothing of what was offered in the last one.
void AgentCore::offer_checkpoints() {
  for (const auto& [attempt, lease] : leases_)
    for (const auto& [task, of_task] : lease.checkpoints)
      if (!of_task.uploading) offer(lease, task);
}

/// Of a task that is over there is none: the region finds out by itself.
void AgentCore::upload_checkpoint(const msg::UploadRequest& request) {
  const auto found = leases_.find(request.attempt);
  if (found == leases_.end()) return;
  const auto of_task = found->second.checkpoints.find(request.task);
  if (of_task == found->second.checkpoints.end() || of_task->second.offered.file.empty()) return;
  of_task->second.uploading = true;
  effects_.push_back(Upload{request, of_task->second.offered.file});
}

void AgentCore::drop_checkpoints(Lease& lease, TaskRange tasks) {
  auto& all = lease.checkpoints;
  for (auto next = all.lower_bound(tasks.first); next != all.end() && next->first < tasks.end();) {
    drop(next->second.offered);
    drop(next->second.next);
    next = all.erase(next);
  }
}

void AgentCore::drop(Checkpoint& checkpoint) {
  if (!checkpoint.file.empty()) effects_.push_back(DropFile{checkpoint.file});
  checkpoint = {};
}

}  // namespace reeve::agent
