#include <algorithm>

#include "scheduler/core/applier.h"
#include "scheduler/core/groups.h"

namespace reeve::core {
namespace {

constexpr std::uint32_t kReplicaSlots = 1024;  // of one task; in truth a handful

/// Tasks of `range` that no slot holds any more leave `done`.
void undo_unheld(StepState& step, TaskRange range) {
  IntervalSet unheld(range);
  for (const IntervalSet& slot : step.slots)
    for (const TaskRange held : slot.overlap(range))
      unheld.erase(held);
  for (const TaskRange lost : unheld.ranges())
    step.done.erase(lost);
}

/// Takes the owner's attempts out of every open task.
void forget_attempts(Durable& state, PartyId owner) {
  for (auto& [id, job] : state.jobs) {
    for (StepState& step : job.steps) {
      for (auto next = step.open.begin(); next != step.open.end();) {
        OpenTask& open = next->second;
        const auto removed =
            std::erase_if(open.attempts, [owner](const Recorded& r) { return r.owner == owner; });
        if (removed > 0) {
          open.phase = Collecting{};
          sort_groups(open, is_compared(step.spec));
        }
        next = open.is_fresh() ? step.open.erase(next) : std::next(next);
      }
    }
  }
}

}  // namespace

void Applier::operator()(const Settled& e) {
  StepState& state = step(e.step);
  require(e.slot < kReplicaSlots, "a task has few replica slots");
  if (state.slots.size() <= e.slot) state.slots.resize(e.slot + 1);
  for (const TaskRange range : e.tasks) {
    require_tasks(state, range);
    require(!state.slots[e.slot].intersects(range), "at most one settlement per (task, replica slot)");
    require(!state.failed.intersects(range), "a failed task is not settled");
    state.slots[e.slot].insert(range);
    state.done.insert(range);
    state.open.erase(state.open.lower_bound(range.first), state.open.lower_bound(range.end()));
    drop_checkpoints(state, range);
  }
  post(e.chain);
  const std::uint64_t count = count_tasks(e.tasks);
  OwnerRecord& owner = s_.owners[e.owner];
  owner.accepted += count;
  owner.validated += e.checked;
  owner.unvested.push_back(Unvested{e.step, e.attempt, e.agent, e.slot, e.tasks,
                                    static_cast<std::uint32_t>(count), e.price, e.fee, owner.accepted, e.at});
  Job& settled_job = job(e.step.job);
  settled_job.unvested += count;
  settled_job.spent += e.price * static_cast<MicroCredits>(count);
  if (e.slot == 0) s_.settled_tasks += count;
  saw(e.at);
}

void Applier::operator()(const Vested& e) {
  OwnerRecord& owner = s_.owners.at(e.owner);
  require(e.entries <= owner.unvested.size(), "only what was settled vests");
  for (std::uint32_t i = 0; i < e.entries; ++i) {
    job(owner.unvested.front().step.job).unvested -= owner.unvested.front().count;
    owner.unvested.pop_front();
  }
  post(e.chain);
  saw(e.at);
}

void Applier::operator()(const OwnerConvicted& e) {
  post(e.chain);
  OwnerRecord& owner = s_.owners[e.owner];
  owner.convicted = true;
  for (const Unvested& entry : owner.unvested) {
    StepState& state = step(entry.step);
    Job& hit = job(entry.step.job);
    const std::uint64_t done_before = state.done.size();
    for (const TaskRange range : entry.tasks) {
      state.slots.at(entry.slot).erase(range);
      undo_unheld(state, range);
    }
    hit.reopened += done_before - state.done.size();
    hit.unvested -= entry.count;
    hit.spent -= entry.price * static_cast<MicroCredits>(entry.count);
  }
  owner.unvested.clear();
  s_.parties.at(e.owner).revoked = true;
  for (auto& [id, agent] : s_.agents)
    if (agent.owner == e.owner) agent.revoked = true;
  std::erase_if(s_.tokens, [&e](const auto& entry) { return entry.second.owner == e.owner; });
  forget_attempts(s_, e.owner);
  saw(e.at);
}

}  // namespace reeve::core
