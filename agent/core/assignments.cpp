#include <algorithm>

#include "agent/core/agent_core.h"
#include "agent/core/bounds.h"
#include "agent/core/ranges.h"

namespace reeve::agent {

void AgentCore::receive(const msg::Assign& message) {
  std::map<StepRef, StepPtr> steps;
  for (const msg::StepInfo& step : message.steps)
    steps.emplace(step.step, std::make_shared<const StepWork>(StepWork{step}));
  for (const msg::Assignment& assignment : message.assignments) {
    const auto step = steps.find(assignment.step);
    accept(assignment, step == steps.end() ? nullptr : step->second);
  }
  for (const msg::LeafAssignment& work : message.leaves) {
    const auto step = steps.find(work.step);
    if (step != steps.end()) accept_leaves(work, step->second);
  }
  for (const msg::ComparisonAssignment& work : message.comparisons) {
    const auto step = steps.find(work.step);
    accept_comparison(work, step == steps.end() ? nullptr : step->second);
  }
}

namespace {

/// Results that tasks go on from are inputs of theirs. Two shards may have given the same bytes.
void pass_on(StepWork& own, const std::vector<Digest>& results) {
  own.passed = results;
  for (const Digest& digest : results)
    if (std::find(own.inputs.begin(), own.inputs.end(), digest) == own.inputs.end())
      own.inputs.push_back(digest);
}

/// The step with what the assignment adds to it.
StepPtr work_of(const msg::Assignment& assignment, const StepPtr& step) {
  const bool goes_on = assignment.checkpoint != Digest{};
  if (!step || (!goes_on && assignment.memory_mib == 0 && assignment.inputs.empty())) return step;
  auto own = std::make_shared<StepWork>(*step);
  own->memory_mib = assignment.memory_mib;
  own->checkpoint = assignment.checkpoint;
  if (goes_on) own->inputs.push_back(assignment.checkpoint);
  pass_on(*own, assignment.inputs);
  return own;
}

StepPtr work_of(const msg::LeafAssignment& work, const StepPtr& step) {
  if (work.inputs.empty()) return step;
  auto own = std::make_shared<StepWork>(*step);
  pass_on(*own, work.inputs);
  return own;
}

}  // namespace

void AgentCore::accept(const msg::Assignment& assignment, const StepPtr& of_all) {
  const StepPtr step = work_of(assignment, of_all);
  received_ += assignment.tasks.count;
  if (assignment.tasks.count == 0 || leases_.contains(assignment.attempt)) return;
  Lease& lease = leases_[assignment.attempt];
  lease.assignment = assignment;
  lease.step = step;
  lease.open = assignment.tasks.count;
  lease.valid_until = now_ + assignment.lease;
  const auto refuse = [&](msg::FailureReason reason, const char* why) {
    report(lease, assignment.tasks, msg::FailedTasks{reason, why});
  };
  if (!step) {
    auto unknown = std::make_shared<StepWork>();
    unknown->step = assignment.step;
    lease.step = std::move(unknown);
    return refuse(msg::FailureReason::kRefused, "the assignment came without its step");
  }
  if (stopping_) return refuse(msg::FailureReason::kAgentLeaving, "the agent is stopping");
  if (in_hand_ + assignment.tasks.count > 2 * std::uint64_t{limits::kCreditPerAgent})
    return refuse(msg::FailureReason::kRefused, "more tasks than this agent gave credit for");
  lease.unfinished = assignment.tasks.count;
  in_hand_ += assignment.tasks.count;
  use_inputs(step->inputs);
  if (assignment.gang.is_gang())
    gang_queue_.push_back(assignment.attempt);
  else
    queue_.push({assignment.attempt, step, assignment.tasks, nullptr}, inputs_ready(step->inputs));
}

void AgentCore::accept_leaves(const msg::LeafAssignment& work, const StepPtr& of_all) {
  const StepPtr step = work_of(work, of_all);
  if (stopping_ || leaf_leases_.contains(work.attempt)) return;
  if (leaf_leases_.size() >= bounds::kWaitingLeaves) {
    log(Severity::kWarning, "too many recomputations wait; one was dropped");
    return;
  }
  use_inputs(step->inputs);
  leaf_leases_.emplace(work.attempt, LeafLease{work, step, false});
  leaf_queue_.push_back(work.attempt);
}

bool AgentCore::inputs_ready(const std::vector<Digest>& inputs) const {
  return std::all_of(inputs.begin(), inputs.end(), [this](const Digest& digest) {
    const auto found = inputs_.find(digest);
    return found != inputs_.end() && found->second.ready;
  });
}

void AgentCore::use_inputs(const std::vector<Digest>& inputs) {
  for (const Digest& digest : inputs) {
    NeededInput& input = inputs_[digest];
    if (input.users++ == 0) effects_.push_back(FetchInput{digest});
  }
}

void AgentCore::release_inputs(const std::vector<Digest>& inputs) {
  for (const Digest& digest : inputs) {
    const auto input = inputs_.find(digest);
    if (input == inputs_.end() || --input->second.users > 0) continue;
    inputs_.erase(input);
    effects_.push_back(ReleaseInput{digest});
  }
}

void AgentCore::on(const InputReady& in) {
  const auto input = inputs_.find(in.digest);
  if (input == inputs_.end()) return;
  input->second.ready = true;
  queue_.release([this](const msg::StepInfo& step) { return inputs_ready(step.inputs); });
}

void AgentCore::on(const InputFailed& in) {
  const auto needs = [&in](const msg::StepInfo& step) {
    return std::find(step.inputs.begin(), step.inputs.end(), in.digest) != step.inputs.end();
  };
  log(Severity::kError, "an input of a step is missing: " + in.why);
  hand_back(queue_.remove_waiting([&](const BatchItem& item) { return needs(*item.step); }),
            msg::FailureReason::kInputMissing, in.why);
  hand_back(drain_gangs(&in.digest), msg::FailureReason::kInputMissing, in.why);
  std::vector<AttemptId> hopeless;
  for (const auto& [attempt, lease] : leaf_leases_) {
    if (!lease.handed && needs(*lease.step)) hopeless.push_back(attempt);
  }
  for (const AttemptId attempt : hopeless)
    cancel_leaves(attempt);
  lose_input_of_comparisons(in.digest);
}

void AgentCore::receive(const msg::CancelAttempts& message) {
  for (const msg::CancelAttempts::Item& item : message.items)
    cancel(item.attempt, item.tasks);
}

void AgentCore::cancel(AttemptId attempt, TaskRange tasks) {
  const auto found = leases_.find(attempt);
  if (found == leases_.end()) return cancel_leaves(attempt);
  Lease& lease = found->second;
  std::uint32_t gone = 0;
  for (const BatchItem& item : queue_.remove(attempt, tasks))
    gone += item.tasks.count;
  if (leave_gang(attempt)) gone += lease.unfinished;
  for (SlotIndex i = 0; i < slots_.size(); ++i) {
    for (const Batch& batch : slots_[i].batches) {
      bool hit = false;
      for (const BatchItem& item : batch.items) {
        const TaskRange both = intersection(item.tasks, tasks);
        if (item.attempt != attempt || both.count == 0) continue;
        for (const TaskRange fresh : without(both, lease.cancelled)) {
          gone += fresh.count;
          lease.cancelled.push_back(fresh);
          drop_checkpoints(lease, fresh);
          hit = true;
        }
      }
      if (hit) effects_.push_back(CancelBatch{i, batch.id, {}});
    }
  }
  retire(lease, gone);
  close(lease, gone);
}

void AgentCore::cancel_leaves(AttemptId attempt) {
  const auto found = leaf_leases_.find(attempt);
  if (found == leaf_leases_.end()) return cancel_comparison(attempt);
  release_inputs(found->second.step->inputs);
  leaf_leases_.erase(found);
  leaf_queue_.erase(std::remove(leaf_queue_.begin(), leaf_queue_.end(), attempt), leaf_queue_.end());
  for (SlotIndex i = 0; i < slots_.size(); ++i) {
    for (const Batch& batch : slots_[i].batches) {
      if (batch.leaves == attempt) effects_.push_back(CancelBatch{i, batch.id, {}});
    }
  }
}

void AgentCore::hand_back(std::vector<BatchItem> items, msg::FailureReason reason, const std::string& why) {
  for (const BatchItem& item : items) {
    const auto found = leases_.find(item.attempt);
    if (found == leases_.end()) continue;
    retire(found->second, item.tasks.count);
    report(found->second, item.tasks, msg::FailedTasks{reason, why.substr(0, limits::kTextBytes)});
  }
}

void AgentCore::hand_back_everything(const std::string& why) {
  hand_back(queue_.drain(), msg::FailureReason::kAgentLeaving, why);
  hand_back(drain_gangs(nullptr), msg::FailureReason::kAgentLeaving, why);
  const std::deque<AttemptId> waiting = leaf_queue_;
  for (const AttemptId attempt : waiting)
    cancel_leaves(attempt);
  const std::deque<AttemptId> uncompared = comparison_queue_;
  for (const AttemptId attempt : uncompared)
    end_comparison(attempt);
}

/// `tasks` more of a lease will not run here any more, or have run.
void AgentCore::retire(Lease& lease, std::uint32_t tasks) {
  if (tasks == 0) return;
  lease.unfinished -= tasks;
  in_hand_ -= tasks;
  if (lease.unfinished == 0) release_inputs(lease.step->inputs);
}

/// `tasks` more of a lease need nothing any more.
void AgentCore::close(Lease& lease, std::uint32_t tasks) {
  lease.open -= std::min(lease.open, tasks);
  if (lease.open > 0 || lease.unfinished > 0) return;
  drop_checkpoints(lease, lease.assignment.tasks);
  leases_.erase(lease.assignment.attempt);
}

}  // namespace reeve::agent
