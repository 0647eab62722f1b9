#include <algorithm>

#include "agent/core/agent_core.h"
#include "agent/core/bounds.h"

namespace reeve::agent {
namespace {

/// What must be here before a worker can compare.
std::vector<Digest> inputs_of(const msg::ComparisonAssignment& work, const StepPtr& step) {
  std::vector<Digest> inputs{work.a, work.b};
  if (step) inputs.insert(inputs.end(), step->inputs.begin(), step->inputs.end());
  return inputs;
}

}  // namespace

void AgentCore::accept_comparison(const msg::ComparisonAssignment& work, const StepPtr& step) {
  if (stopping_ || comparisons_.contains(work.attempt)) return;
  if (comparisons_.size() >= bounds::kWaitingComparisons) {
    log(Severity::kWarning, "too many comparisons wait; one was dropped");
    return;
  }
  comparisons_.emplace(work.attempt, ComparisonLease{work, step, now_ + work.lease, false, false});
  comparison_queue_.push_back(work.attempt);
}

/// Drops what the region has taken back by now, and fetches the results that are compared next.
void AgentCore::advance_comparisons() {
  const std::deque<AttemptId> waiting = comparison_queue_;
  std::size_t ahead = slots_.size() + bounds::kComparisonsAhead;
  for (const AttemptId attempt : waiting) {
    ComparisonLease& lease = comparisons_.at(attempt);
    if (lease.deadline - bounds::kComparisonMargin <= now_) {
      end_comparison(attempt);
      continue;
    }
    if (ahead == 0) continue;
    --ahead;
    if (lease.fetched) continue;
    lease.fetched = true;
    use_inputs(inputs_of(lease.work, lease.step));
  }
}

/// Of those that no worker has: the time at which one is of no use any more.
Time AgentCore::soonest_comparison() const {
  Time soonest{INT64_MAX};
  for (const AttemptId attempt : comparison_queue_)
    soonest = std::min(soonest, comparisons_.at(attempt).deadline - bounds::kComparisonMargin);
  return soonest;
}

void AgentCore::end_comparison(AttemptId attempt) {
  const auto found = comparisons_.find(attempt);
  if (found == comparisons_.end()) return;
  if (found->second.fetched) release_inputs(inputs_of(found->second.work, found->second.step));
  comparisons_.erase(found);
  comparison_queue_.erase(std::remove(comparison_queue_.begin(), comparison_queue_.end(), attempt),
                          comparison_queue_.end());
}

void AgentCore::cancel_comparison(AttemptId attempt) {
  if (!comparisons_.contains(attempt)) return;
  end_comparison(attempt);
  for (SlotIndex i = 0; i < slots_.size(); ++i) {
    for (const Batch& batch : slots_[i].batches) {
      if (batch.comparison == attempt) effects_.push_back(CancelBatch{i, batch.id, {}});
    }
  }
}

/// Says nothing about the results: the region gives them to a referee again.
void AgentCore::lose_input_of_comparisons(const Digest& digest) {
  const std::deque<AttemptId> waiting = comparison_queue_;
  for (const AttemptId attempt : waiting) {
    const ComparisonLease& lease = comparisons_.at(attempt);
    const std::vector<Digest> inputs = inputs_of(lease.work, lease.step);
    if (lease.fetched && std::find(inputs.begin(), inputs.end(), digest) != inputs.end())
      end_comparison(attempt);
  }
}

bool AgentCore::give_comparison(SlotIndex index, Slot& slot) {
  if (!slot.batches.empty()) return false;
  const auto next = std::find_if(comparison_queue_.begin(), comparison_queue_.end(), [this](AttemptId waits) {
    const ComparisonLease& lease = comparisons_.at(waits);
    return lease.fetched && inputs_ready(inputs_of(lease.work, lease.step));
  });
  if (next == comparison_queue_.end()) return false;
  ComparisonLease& lease = comparisons_.at(*next);
  const Duration left = lease.deadline - bounds::kComparisonMargin - now_;
  slot.batches.push_back({next_batch_, {}, {}, *next});
  effects_.push_back(
      RunComparison{index, next_batch_++, lease.step, lease.work, std::min(left, bounds::kComparisonTime)});
  lease.handed = true;
  comparison_queue_.erase(next);
  return true;
}

void AgentCore::on(const ComparisonFinished& in) {
  const Batch* batch = find_batch(in.slot, in.batch);
  if (!batch || batch->comparison != in.attempt) return;
  end_batch(in.slot, in.batch);
  const auto found = comparisons_.find(in.attempt);
  if (found == comparisons_.end()) return;  // cancelled meanwhile
  const msg::ComparisonAssignment work = found->second.work;
  const Time deadline = found->second.deadline;
  end_comparison(in.attempt);
  if (!in.verdict) {
    log(Severity::kError,
        "cannot compare two results of job " + std::to_string(work.step.job.value()) + " here: " + in.why);
    return;
  }
  outbox_.add_comparison(
      now_, deadline,
      {work.attempt, work.step, work.task, *in.verdict, in.why.substr(0, limits::kTextBytes)});
}

}  // namespace reeve::agent
