#include "scheduler/shell/blob_keeper.h"

#include <algorithm>

#include "protocol/limits.h"

namespace reeve::shell {
namespace {

/// Small blobs cost a file each.
constexpr std::uint64_t kLeastCharge = 4096;

/// One task less of which the blob is one; the last takes it out.
void drop_use(std::map<Digest, std::uint32_t>& uses, const Digest& blob) {
  if (const auto found = uses.find(blob); --found->second == 0) uses.erase(found);
}

std::string mib(std::uint64_t bytes) {
  return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

}  // namespace

Result<void> BlobKeeper::expect_upload(PartyId sender, const Digest& digest, std::uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  if (unnamed_.contains(digest)) return {};
  const std::uint64_t charge = std::max(size_bytes, kLeastCharge);
  std::uint64_t& charged = charged_bytes_[sender];
  if (charge > quota_bytes_ || charged > quota_bytes_ - charge)
    return Error{
        ErrorCode::kExhausted,
        "size: with these " + mib(size_bytes) + " more, " + mib(charged + charge) +
            " of yours would lie here that no job names; the quota is " + mib(quota_bytes_),
        "submit the jobs that use what you sent, or wait: after an hour unused blobs are removed; the "
        "operator sets upload_quota_mib in region.toml"};
  charged += charge;
  unnamed_[digest] = {sender, charge};
  return {};
}

void BlobKeeper::forget_upload(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  uncount(digest);
}

void BlobKeeper::uncount(const Digest& digest) {
  const auto found = unnamed_.find(digest);
  if (found == unnamed_.end()) return;
  const auto charged = charged_bytes_.find(found->second.sender);
  charged->second -= found->second.charge_bytes;
  if (charged->second == 0) charged_bytes_.erase(charged);
  unnamed_.erase(found);
}

Result<void> BlobKeeper::check_reserve() const {
  const std::uint64_t free = store_.free_bytes();
  if (free >= reserve_bytes_) return {};
  return Error{ErrorCode::kExhausted,
               "the region's disk has " + std::to_string(free >> 20) + " MiB left, below its reserve of " +
                   std::to_string(reserve_bytes_ >> 20) + " MiB",
               "the operator frees space or lowers disk_reserve_mib in region.toml"};
}

bool BlobKeeper::claim(const Digest& digest, Time now) {
  const std::lock_guard lock(mutex_);
  if (!store_.has(digest)) return false;
  claimed_[digest] = now;
  return true;
}

void BlobKeeper::add_job(JobId job, PartyId requester, const std::vector<Digest>& inputs) {
  if (inputs.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const Digest& digest : inputs) {
    inputs_[digest][job] = requester;
    uncount(digest);
  }
  std::vector<Digest>& mine = of_job_[job];
  mine.insert(mine.end(), inputs.begin(), inputs.end());
}

void BlobKeeper::drop_job(JobId job) {
  const std::lock_guard lock(mutex_);
  const auto found = of_job_.find(job);
  if (found == of_job_.end()) return;
  for (const Digest& digest : found->second) {
    inputs_[digest].erase(job);
    if (inputs_[digest].empty()) inputs_.erase(digest);
  }
  of_job_.erase(found);
}

void BlobKeeper::add_candidate(StepRef step, TaskIndex task, const Digest& blob) {
  const std::lock_guard lock(mutex_);
  if (candidates_[{step, task}].insert(blob).second) ++candidate_uses_[blob];
}

void BlobKeeper::drop_candidates(StepRef step, std::uint64_t first, std::uint64_t end) {
  const std::lock_guard lock(mutex_);
  auto next = candidates_.lower_bound({step, static_cast<TaskIndex>(first)});
  while (next != candidates_.end() && next->first.first == step && next->first.second < end) {
    for (const Digest& blob : next->second)
      drop_use(candidate_uses_, blob);
    next = candidates_.erase(next);
  }
}

void BlobKeeper::drop_candidates(JobId job) {
  std::set<StepRef> steps;
  {
    const std::lock_guard lock(mutex_);
    for (auto next = candidates_.lower_bound({{job, 0}, 0});
         next != candidates_.end() && next->first.first.job == job; ++next)
      steps.insert(next->first.first);
  }
  for (const StepRef& step : steps)
    drop_candidates(step, 0, std::uint64_t{limits::kTasksPerStep});
}

void BlobKeeper::doom(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  doomed_.push_back(digest);
}

std::vector<Digest> BlobKeeper::take_doomed() {
  const std::lock_guard lock(mutex_);
  return std::exchange(doomed_, {});
}

Result<bool> BlobKeeper::remove_unless_wanted(const Digest& digest, Time now) {
  const std::lock_guard lock(mutex_);
  if (wanted(digest, now) || !store_.has(digest)) return false;
  if (Result<void> done = store_.remove(digest); !done) return done.error();
  uncount(digest);
  return true;
}

void BlobKeeper::set_checkpoint(const CheckpointKey& key, const Digest& blob) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = checkpoints_.try_emplace(key, blob);
  if (!is_new && entry->second == blob) return;
  if (!is_new) {
    drop_use(checkpoint_uses_, entry->second);
    doomed_.push_back(std::exchange(entry->second, blob));
  }
  ++checkpoint_uses_[blob];
}

void BlobKeeper::drop_checkpoints(const CheckpointKey& first, const CheckpointKey& end) {
  const std::lock_guard lock(mutex_);
  auto next = checkpoints_.lower_bound(first);
  while (next != checkpoints_.end() && next->first < end) {
    drop_use(checkpoint_uses_, next->second);
    doomed_.push_back(next->second);
    next = checkpoints_.erase(next);
  }
}

void BlobKeeper::pass_on(StepRef step, TaskIndex task, const Digest& blob) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = passed_.try_emplace({step, task}, blob);
  if (!is_new) drop_use(passed_uses_, std::exchange(entry->second, blob));
  ++passed_uses_[blob];
}

void BlobKeeper::drop_passed(std::pair<StepRef, std::uint64_t> first, std::pair<StepRef, std::uint64_t> end) {
  const std::lock_guard lock(mutex_);
  for (auto next = passed_.lower_bound(first); next != passed_.end() && next->first < end;) {
    drop_use(passed_uses_, next->second);
    next = passed_.erase(next);
  }
}

void BlobKeeper::doom_spent(const std::vector<Digest>& results) {
  const std::lock_guard lock(mutex_);
  for (const Digest& digest : results) {
    claimed_.erase(digest);
    doomed_.push_back(digest);
  }
}

void BlobKeeper::load(const core::Durable& state) {
  for (const auto& [id, job] : state.jobs)
    for (StepIndex i = 0; i < job.steps.size(); ++i) {
      add_job(id, job.requester, job.steps[i].spec.inputs);
      if (job.steps[i].spec.iterates()) iterating_.insert({id, i});
      for (const auto& [task, result] : job.steps[i].passed)
        pass_on({id, i}, task, result.blob);
      for (const auto& [task, open] : job.steps[i].open)
        for (const core::Recorded& recorded : open.attempts)
          if (recorded.blob != Digest{}) add_candidate({id, i}, task, recorded.blob);
      for (const auto& [key, checkpoint] : job.steps[i].checkpoints)
        set_checkpoint({{id, i}, key.first, key.second}, checkpoint.blob);
    }
}

void BlobKeeper::follow(const core::Event& event) {
  if (const auto* job = std::get_if<core::JobAccepted>(&event))
    for (StepIndex i = 0; i < job->spec.steps.size(); ++i) {
      add_job(job->job, job->requester, job->spec.steps[i].inputs);
      if (job->spec.steps[i].iterates()) iterating_.insert({job->job, i});
    }
  if (const auto* job = std::get_if<core::JobForgotten>(&event)) {
    const StepRef first{job->job, 0};
    const StepRef end{JobId(job->job.value() + 1), 0};
    drop_job(job->job);
    drop_passed({first, 0}, {end, 0});
    iterating_.erase(iterating_.lower_bound(first), iterating_.lower_bound(end));
  }
  if (const auto* spent = std::get_if<core::ResultsSpent>(&event))
    for (const auto* ranges : {&spent->dropped, &spent->kept})
      for (const TaskRange tasks : *ranges)
        drop_passed({spent->step, tasks.first}, {spent->step, tasks.end()});
  if (const auto* candidate = std::get_if<core::CandidateStored>(&event))
    add_candidate(candidate->step, candidate->task, candidate->blob);
  if (const auto* stored = std::get_if<core::ResultStored>(&event)) {
    claim(stored->blob, stored->at);  // until those who collect know it as a result
    drop_candidates(stored->step, stored->task, std::uint64_t{stored->task} + 1);
    if (iterating_.contains(stored->step)) pass_on(stored->step, stored->task, stored->blob);
  }
  if (const auto* failed = std::get_if<core::TasksFailed>(&event)) {
    drop_candidates(failed->step, failed->tasks.first, failed->tasks.end());
    drop_checkpoints({failed->step, failed->tasks.first, {}}, {failed->step, failed->tasks.end(), {}});
  }
  if (const auto* settled = std::get_if<core::Settled>(&event))
    for (const TaskRange tasks : settled->tasks)
      drop_checkpoints({settled->step, tasks.first, {}}, {settled->step, tasks.end(), {}});
  if (const auto* left = std::get_if<core::CheckpointStored>(&event)) {
    const CheckpointKey key{left->step, left->task, left->owner};
    if (left->blob == Digest{})
      drop_checkpoints(key, {left->step, left->task, PartyId(left->owner.value() + 1)});
    else
      set_checkpoint(key, left->blob);
  }
  if (const auto* job = std::get_if<core::JobEnded>(&event)) {
    drop_candidates(job->job);
    drop_checkpoints({{job->job, 0}, 0, {}}, {{JobId(job->job.value() + 1), 0}, 0, {}});
  }
}

bool BlobKeeper::names(const Digest& digest, PartyId requester) const {
  const std::lock_guard lock(mutex_);
  if (!requester.valid() && (checkpoint_uses_.contains(digest) || passed_uses_.contains(digest))) return true;
  const auto found = inputs_.find(digest);
  if (found == inputs_.end()) return false;
  if (!requester.valid()) return true;
  for (const auto& [job, of] : found->second)
    if (of == requester) return true;
  return false;
}

bool BlobKeeper::wanted(const Digest& digest, Time now) const {
  if (inputs_.contains(digest) || candidate_uses_.contains(digest) || checkpoint_uses_.contains(digest) ||
      passed_uses_.contains(digest))
    return true;
  const auto claim = claimed_.find(digest);
  return claim != claimed_.end() && now - claim->second < kGrace;
}

Result<std::size_t> BlobKeeper::collect(const std::set<Digest>& results, Time now) {
  std::vector<Digest> old;
  Result<void> listed = store_.list([&](const BlobInfo& blob) {
    if (now - blob.stored > kGrace && !results.contains(blob.digest)) old.push_back(blob.digest);
    return true;
  });
  if (!listed) return listed.error();
  std::size_t removed = 0;
  for (const Digest& digest : old) {
    const std::lock_guard lock(mutex_);
    if (wanted(digest, now)) continue;
    if (Result<void> done = store_.remove(digest); !done) return done.error();
    uncount(digest);
    ++removed;
  }
  if (Result<void> done = store_.sweep(now - kGrace); !done) return done.error();
  const std::lock_guard lock(mutex_);
  std::vector<Digest> given_up;
  for (const auto& [digest, blob] : unnamed_)
    if (!store_.has(digest) && !store_.has_partial(digest)) given_up.push_back(digest);
  for (const Digest& digest : given_up)
    uncount(digest);
  std::erase_if(claimed_, [now](const auto& entry) { return now - entry.second >= kGrace; });
  return removed;
}

}  // namespace reeve::shell
