#include <algorithm>
#include <utility>

#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// Ended jobs that did not succeed stay this long, so that their failures can be retried.
constexpr Duration kKeepEnded = hours(7 * 24);
constexpr std::size_t kVestedAtOnce = 4096;

bool has_vested(const Region& region, const OwnerRecord& owner, const Unvested& entry) {
  const Policy& policy = region.durable.policy;
  return owner.accepted - entry.accepted_before >= policy.vest_tasks ||
         entry.at + policy.vest_age <= region.now;
}

Chain vesting_chain(const Region& region, PartyId owner, MicroCredits amount) {
  const AccountKey held{AccountKind::kHeld, owner.value()};
  const AccountKey stake{AccountKind::kStake, owner.value()};
  const MicroCredits missing =
      region.durable.policy.stake_target - region.durable.ledger.account(stake).balance();
  const MicroCredits withheld = std::clamp<MicroCredits>(missing, 0, amount);
  Chain chain;
  TransferId next = region.durable.ledger.next_id();
  if (withheld > 0) chain.push_back(posted(next++, held, stake, withheld, TransferCode::kStakeWithheld));
  if (amount > withheld)
    chain.push_back(
        posted(next++, held, {AccountKind::kPayable, owner.value()}, amount - withheld, TransferCode::kVest));
  return chain;
}

/// Vests the owner's oldest entries that are due; what is over kVestedAtOnce has its turn later.
void vest(Region& region, PartyId id) {
  const auto found = region.durable.owners.find(id);
  if (found == region.durable.owners.end()) return;
  const OwnerRecord& owner = found->second;
  Vested event{id, 0, {}, region.now};
  MicroCredits amount = 0;
  std::map<AgentId, msg::Verdicts> released;
  std::vector<JobId> jobs;
  for (const Unvested& entry : owner.unvested) {
    if (event.entries == kVestedAtOnce || !has_vested(region, owner, entry)) break;
    ++event.entries;
    amount += (entry.price - entry.fee) * static_cast<MicroCredits>(entry.count);
    for (const TaskRange range : entry.tasks)
      released[entry.agent].items.push_back(
          {entry.attempt, entry.step, range, msg::VerdictKind::kReleased, 0});
    jobs.push_back(entry.step.job);
  }
  if (event.entries == 0) return;
  if (event.entries == kVestedAtOnce) region.live.vest_due.insert(id);
  event.chain = vesting_chain(region, id, amount);
  region.emit(std::move(event));
  for (auto& [agent, verdicts] : released)
    region.effect(SendVerdicts{agent, std::move(verdicts)});
  for (const JobId job_id : jobs) {
    const Job* job = region.durable.find_job(job_id);
    if (job != nullptr && job->state == msg::JobState::kSucceeded && job->unvested == 0)
      region.live.final_jobs.push_back(job_id);
  }
}

}  // namespace

void vest_due(Region& region) {
  for (const PartyId owner : std::exchange(region.live.vest_due, {}))
    vest(region, owner);
}

void vest_by_age(Region& region) {
  std::vector<PartyId> due;
  for (const auto& [id, owner] : region.durable.owners)
    if (!owner.unvested.empty() && has_vested(region, owner, owner.unvested.front())) due.push_back(id);
  for (const PartyId id : due)
    vest(region, id);
}

void forget_final_jobs(Region& region) {
  auto& old = region.live.ended_badly;
  while (!old.empty() && old.begin()->first + kKeepEnded <= region.now) {
    const Job* job = region.durable.find_job(old.begin()->second);
    if (job != nullptr && !job->live() && job->unvested == 0)
      region.live.final_jobs.push_back(old.begin()->second);
    old.erase(old.begin());
  }
  for (const JobId id : region.live.final_jobs) {
    const Job* job = region.durable.find_job(id);
    if (job != nullptr && !job->live() && job->unvested == 0) region.emit(JobForgotten{id});
  }
  region.live.final_jobs.clear();
}

}  // namespace reeve::core
