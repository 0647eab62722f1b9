#include "protocol/limits.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// Between two checkpoints of one task: a program that leaves them faster only loses a little more of its
/// work.
constexpr Duration kEvery = seconds(4);
/// An upload that was asked for and does not come, for this time.
constexpr Duration kUploadTime = seconds(600);

/// Whose attempts may go on from what this owner's left. Where owners check each other, no one's work may
/// rest on another's word.
PartyId goes_to(const Job& job, PartyId owner) {
  return job.verify.mode == VerifyMode::kNone ? PartyId() : owner;
}

}  // namespace

const Checkpoint* checkpoint_for(const Region& region, StepRef step, TaskIndex task, PartyId owner) {
  const auto& all = region.durable.find_step(step)->checkpoints;
  if (all.empty()) return nullptr;
  const auto found = all.find({task, goes_to(*region.durable.find_job(step.job), owner)});
  return found == all.end() ? nullptr : &found->second;
}

TaskRange up_to_checkpoint(const StepState& state, TaskRange tasks) {
  const auto next = state.checkpoints.lower_bound({tasks.first, PartyId()});
  if (next == state.checkpoints.end() || next->first.first >= tasks.end()) return tasks;
  const TaskIndex with = next->first.first;
  return {tasks.first, std::max(with - tasks.first, 1U)};
}

bool drop_lost_checkpoint(Region& region, const Lease& lease, TaskRange tasks) {
  if (lease.goes_on_from == Digest{}) return false;
  const Checkpoint* last = checkpoint_for(region, lease.step, tasks.first, lease.owner);
  if (last != nullptr && last->blob == lease.goes_on_from)
    region.emit(CheckpointStored{lease.step,
                                 tasks.first,
                                 goes_to(*region.durable.find_job(lease.step.job), lease.owner),
                                 last->attempt,
                                 {},
                                 0,
                                 region.now});
  requeue(region, lease.step, tasks);
  return true;
}

void on_checkpoint_offered(Region& region, const CheckpointOffered& input) {
  hear(region, input.agent);
  const msg::CheckpointMade& made = input.made;
  const auto found = region.live.leases.find(made.attempt);
  if (found == region.live.leases.end()) return;
  Lease& lease = found->second;
  if (lease.agent != input.agent || lease.step != made.step || !lease.left.contains(made.task)) return;
  const StepState& state = *region.durable.find_step(made.step);
  if (made.size_bytes == 0 || made.size_bytes > std::uint64_t{state.spec.checkpoint_mib} << 20) return;
  if (state.checkpoints.size() >= limits::kCheckpointsPerStep &&
      checkpoint_for(region, made.step, made.task, lease.owner) == nullptr)
    return;
  OfferedCheckpoint& offered = lease.offered[made.task];
  if (region.now < offered.next) return;
  offered = {made.root, region.now + kUploadTime};
  region.effect(
      AskUpload{input.agent, {made.attempt, made.step, made.task, true}, made.root, made.size_bytes, 0});
}

void on_checkpoint_upload(Region& region, const UploadFinished& input) {
  const auto found = region.live.leases.find(input.attempt);
  if (found == region.live.leases.end()) return;
  Lease& lease = found->second;
  const auto offered = lease.offered.find(input.task);
  if (offered == lease.offered.end() || lease.step != input.step || !lease.left.contains(input.task)) return;
  const bool came = input.ok && input.root == offered->second.root;
  offered->second = {{}, region.now + kEvery};
  if (!came) return;
  const Job& job = *region.durable.find_job(input.step.job);
  region.emit(CheckpointStored{input.step, input.task, goes_to(job, lease.owner), input.attempt, input.blob,
                               input.size_bytes, region.now});
}

}  // namespace reeve::core
