#include <algorithm>

#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// Tasks of an owner's unvested entries that nobody else's settlement confirms, per step. A cancelled job
/// wants none of them.
std::map<StepRef, IntervalSet> unconfirmed(const Region& region, const OwnerRecord& owner) {
  std::map<StepRef, IntervalSet> lost;
  for (const Unvested& entry : owner.unvested) {
    const Job& job = *region.durable.find_job(entry.step.job);
    if (job.state == msg::JobState::kCancelled) continue;
    const StepState& state = job.steps[entry.step.step];
    for (const TaskRange range : entry.tasks) {
      IntervalSet unheld(range);
      for (std::size_t slot = 0; slot < state.slots.size(); ++slot)
        if (slot != entry.slot)
          for (const TaskRange held : state.slots[slot].overlap(range))
            unheld.erase(held);
      for (const TaskRange gone : unheld.ranges())
        lost[entry.step].insert(gone);
    }
  }
  return lost;
}

/// What they can cost, per job. Those of a step that iterates are not computed again.
std::map<JobId, MicroCredits> cost_to_reopen(const Region& region,
                                             const std::map<StepRef, IntervalSet>& lost) {
  std::map<JobId, MicroCredits> cost;
  for (const auto& [step, tasks] : lost) {
    const Job& job = *region.durable.find_job(step.job);
    const StepState& state = job.steps[step.step];
    cost[step.job] +=
        state.spec.iterates() ? 0 : static_cast<MicroCredits>(tasks.size()) * worst_case(job, state);
  }
  return cost;
}

/// What went on from a lost result cannot be told from what would have come of the right one: such a job
/// fails, and begins anew where it is retried.
void fail_iterations(Region& region, const std::map<StepRef, IntervalSet>& lost) {
  for (const auto& [step, tasks] : lost) {
    const StepSpec& spec = region.durable.find_step(step)->spec;
    if (!spec.iterates()) continue;
    const std::uint32_t generation = spec.iteration.generation_of(tasks.front(1).first);
    for (const TaskRange range : tasks.ranges())
      region.emit(TasksFailed{step, range,
                              "all who confirmed it were convicted of wrong results: what came after "
                              "generation " +
                                  std::to_string(generation + 1) + " cannot be trusted"});
    finish_if_done(region, step.job);
  }
}

/// Builds one chain, keeping a running idea of what the accounts that it debits still hold.
class Clawback {
 public:
  explicit Clawback(const Region& region) : region_(region), next_(region.durable.ledger.next_id()) {}

  /// Moves up to `amount`; returns what was there to move.
  MicroCredits move(AccountKey from, AccountKey to, MicroCredits amount, TransferCode code) {
    MicroCredits& taken = taken_[from];
    const MicroCredits there = region_.durable.ledger.account(from).available() - taken;
    const MicroCredits moved = std::min(amount, there);
    if (moved <= 0) return 0;
    taken += moved;
    chain_.push_back(posted(next_++, from, to, moved, code));
    return moved;
  }
  void release(TransferId pending) { chain_.push_back(VoidPending{next_++, pending}); }
  Chain take() { return std::move(chain_); }

 private:
  const Region& region_;
  TransferId next_;
  Chain chain_;
  std::map<AccountKey, MicroCredits> taken_;
};

OwnerConvicted judgement(const Region& region, PartyId id, StepRef step, TaskIndex task,
                         const std::map<JobId, MicroCredits>& reopened) {
  Clawback clawback(region);
  OwnerConvicted event{id, step, task, 0, 0, {}, region.now};
  const AccountKey stake{AccountKind::kStake, id.value()};
  event.slashed = clawback.move(stake, {AccountKind::kInsurance, 0},
                                region.durable.ledger.account(stake).balance(), TransferCode::kSlash);
  for (const Unvested& entry : region.durable.owners.at(id).unvested) {
    const Job& job = *region.durable.find_job(entry.step.job);
    const bool needs_funds = job.live() || reopened.contains(entry.step.job);
    const AccountKey to = needs_funds ? AccountKey{AccountKind::kEscrow, entry.step.job.value()}
                                      : AccountKey{AccountKind::kAvailable, job.requester.value()};
    const auto count = static_cast<MicroCredits>(entry.count);
    event.clawed_back += clawback.move({AccountKind::kHeld, id.value()}, to,
                                       (entry.price - entry.fee) * count, TransferCode::kClawback);
    clawback.move({AccountKind::kFee, 0}, to, entry.fee * count, TransferCode::kClawback);
  }
  for (const auto& [job_id, job] : region.durable.jobs)
    for (const StepState& state : job.steps)
      for (const auto& [index, open] : state.open) {
        const auto* storing = std::get_if<Storing>(&open.phase);
        const bool involved = std::any_of(open.attempts.begin(), open.attempts.end(),
                                          [id](const Recorded& r) { return r.owner == id; });
        if (storing != nullptr && involved)
          for (const TransferId reserved : storing->reserved)
            clawback.release(reserved);
      }
  event.chain = clawback.take();
  return event;
}

/// The insurance lends what the escrow lacks, beyond what it holds for other tasks, to compute again for
/// `cost` at most. It gets back what is not spent, before the requester does.
void reopen(Region& region, JobId id, MicroCredits cost) {
  const Job& job = *region.durable.find_job(id);
  const AccountKey escrow{AccountKind::kEscrow, id.value()};
  const MicroCredits short_by =
      committed(region, id) + cost - region.durable.ledger.account(escrow).balance();
  Clawback insurance(region);
  insurance.move({AccountKind::kInsurance, 0}, escrow, short_by, TransferCode::kInsurance);
  if (!job.live()) ++region.live.open_jobs[job.requester];
  region.emit(JobReopened{id, insurance.take()});
}

/// Their leases return.
void drop_agents(Region& region, PartyId owner) {
  std::vector<AgentId> agents;
  for (const auto& [id, agent] : region.live.agents)
    if (agent.owner == owner) agents.push_back(id);
  for (const AgentId id : agents)
    on_agent_gone(region, id);
}

/// Connections, disputes and stores that the conviction made void.
void drop_work(Region& region, PartyId owner) {
  for (const auto& [key, peer] : region.durable.peers)
    if (peer.party == owner)
      region.effect(DropPeer{key, {ErrorCode::kNotAllowed, "this owner was convicted of wrong results", ""}});

  std::vector<TaskKey> touched;
  for (const auto& [key, work] : region.live.disputes)
    touched.push_back(key);
  for (const auto& [key, work] : region.live.stores)
    touched.push_back(key);
  for (const auto& [key, work] : region.live.comparisons)
    touched.push_back(key);
  for (const TaskKey& key : touched) {
    const StepState* state = region.durable.find_step(key.first);
    const auto open = state->open.find(key.second);
    const bool stands = open != state->open.end() && !std::holds_alternative<Collecting>(open->second.phase);
    if (stands) continue;
    if (const auto dispute = region.live.disputes.find(key); dispute != region.live.disputes.end())
      region.live.leaf_leases.erase(dispute->second.referee_attempt);
    region.live.disputes.erase(key);
    region.live.stores.erase(key);
    drop_comparison(region, key);
    decide(region, key.first, key.second);
  }
}

}  // namespace

void convict(Region& region, PartyId owner, StepRef step, TaskIndex task) {
  drop_agents(region, owner);  // first: what his leases reserved is free again
  const auto lost = unconfirmed(region, region.durable.owners.at(owner));
  const auto reopened = cost_to_reopen(region, lost);
  std::vector<JobId> touched;
  for (const Unvested& entry : region.durable.owners.at(owner).unvested)
    touched.push_back(entry.step.job);
  region.emit(judgement(region, owner, step, task, reopened));
  for (const auto& [job, cost] : reopened)
    reopen(region, job, cost);
  fail_iterations(region, lost);
  for (const JobId id : touched)  // of what others confirmed, his share may have been the last to vest
    if (const Job& job = *region.durable.find_job(id);
        job.state == msg::JobState::kSucceeded && job.unvested == 0)
      region.live.final_jobs.push_back(id);
  std::vector<JobId> live;
  for (const auto& [id, job] : region.durable.jobs)
    if (job.live()) live.push_back(id);
  for (const JobId id : live)
    rebuild_queues(region, id);
  drop_work(region, owner);
  for (const auto& [job, cost] : reopened)
    notify_job(region, job);
}

}  // namespace reeve::core
