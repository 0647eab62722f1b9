#include <algorithm>

#include "agent/core/agent_core.h"

namespace reeve::agent {

/// Each seat takes a slot that has nothing else in hand: two seats of one gang on a slot would wait for each
/// other. The region has counted the slots; one of them may still be clearing away what ran before.
void AgentCore::seat_gangs() {
  for (auto next = gang_queue_.begin(); next != gang_queue_.end();) {
    const Lease& lease = leases_.at(*next);
    const auto slot =
        std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return s.up && s.batches.empty(); });
    if (slot == slots_.end()) return;
    if (!inputs_ready(lease.step->inputs)) {
      ++next;
      continue;
    }
    const BatchItem item{lease.assignment.attempt, lease.step, lease.assignment.tasks,
                         std::make_shared<const msg::GangSeat>(lease.assignment.gang)};
    slot->batches.push_back({next_batch_, {item}, {}, {}, true});
    const auto index = static_cast<SlotIndex>(slot - slots_.begin());
    effects_.push_back(RunBatch{index, next_batch_++, {item}});
    next = gang_queue_.erase(next);
  }
}

/// True if a seat of this attempt waited for its slot.
bool AgentCore::leave_gang(AttemptId attempt) {
  return std::erase(gang_queue_, attempt) > 0;
}

/// Seats that wait: all, or those that need an input.
std::vector<BatchItem> AgentCore::drain_gangs(const Digest* input) {
  std::vector<BatchItem> drained;
  std::erase_if(gang_queue_, [&](AttemptId attempt) {
    const Lease& lease = leases_.at(attempt);
    const auto& inputs = lease.step->inputs;
    if (input != nullptr && std::find(inputs.begin(), inputs.end(), *input) == inputs.end()) return false;
    drained.push_back({attempt, lease.step, lease.assignment.tasks, nullptr});
    return true;
  });
  return drained;
}

/// What lost its worker before it began.
void AgentCore::put_first(BatchItem item) {
  if (item.gang)
    gang_queue_.push_front(item.attempt);
  else
    queue_.push_front(std::move(item));
}

}  // namespace reeve::agent
