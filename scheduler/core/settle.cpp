#include <algorithm>

#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

constexpr MicroCredits kBasisPoints = 10'000;

std::uint32_t most_attempts(const VerifyPolicy& verify) {
  switch (verify.mode) {
    case VerifyMode::kAdaptive: return 2;
    case VerifyMode::kQuorum: return verify.quorum;
    case VerifyMode::kNone: return 1;
  }
  return 1;
}

/// What tasks in leases and with open records can still cost, over all steps.
MicroCredits committed(const Region& region, JobId id, const Job& job) {
  MicroCredits sum = 0;
  for (StepIndex i = 0; i < job.steps.size(); ++i) {
    const auto queue = region.live.queues.find(StepRef{id, i});
    const std::uint64_t leased = queue == region.live.queues.end() ? 0 : queue->second.leased;
    sum += static_cast<MicroCredits>(leased + job.steps[i].open.size()) * worst_case(job, job.steps[i]);
  }
  return sum;
}

void pause_for_funds(Region& region, JobId id, const std::string& reason) {
  region.emit(JobPaused{id, reason, true, {}});
  region.live.unfunded.insert(id);
  const Job* job = region.durable.find_job(id);
  for (StepIndex i = 0; i < job->steps.size(); ++i)
    index_queue(region, {id, i});
  notify_job(region, id);
}

}  // namespace

std::uint64_t count_tasks(const std::vector<TaskRange>& ranges) {
  std::uint64_t count = 0;
  for (const TaskRange range : ranges)
    count += range.count;
  return count;
}

MicroCredits fee_of(const Policy& policy, MicroCredits price) {
  return price * static_cast<MicroCredits>(policy.fee_bp) / kBasisPoints;
}

PostedTransfer posted(TransferId id, AccountKey debit, AccountKey credit, MicroCredits amount,
                      TransferCode code) {
  return PostedTransfer{Transfer{id, debit, credit, amount, code}};
}

MicroCredits worst_case(const Job& job, const StepState& step) {
  return step.task_price * static_cast<MicroCredits>(most_attempts(job.verify));
}

bool ensure_escrow(Region& region, JobId id, StepIndex index, std::uint64_t tasks) {
  const Job* job = region.durable.find_job(id);
  const StepState& step = job->steps[index];
  const MicroCredits worst = worst_case(*job, step);
  const AccountKey escrow_key{AccountKind::kEscrow, id.value()};
  const AccountKey funds_key{AccountKind::kAvailable, job->requester.value()};
  const MicroCredits held = region.durable.ledger.account(escrow_key).balance();
  const MicroCredits short_by = committed(region, id, *job) + static_cast<MicroCredits>(tasks) * worst - held;
  if (short_by <= 0) return true;

  const std::uint64_t remaining = step.spec.task_count - step.done.size() - step.failed.size();
  const std::uint64_t window = std::min<std::uint64_t>(remaining, region.durable.policy.escrow_window_tasks);
  MicroCredits amount = std::max(short_by, static_cast<MicroCredits>(window) * worst);
  if (job->max_price > 0) {
    const MicroCredits allowed = job->max_price - job->spent - held;
    if (allowed < short_by) {
      pause_for_funds(region, id, "the job's maximum price is reached: raise it or accept what is done");
      return false;
    }
    amount = std::min(amount, allowed);
  }
  const MicroCredits funds = region.durable.ledger.account(funds_key).available();
  if (funds < short_by) {
    pause_for_funds(region, id,
                    "the requester's credits do not cover the next tasks: fund the account to go on");
    return false;
  }
  amount = std::min(amount, funds);
  region.emit(EscrowHeld{
      id,
      {posted(region.durable.ledger.next_id(), funds_key, escrow_key, amount, TransferCode::kEscrowHold)}});
  return true;
}

void settle(Region& region, StepRef step, const Payee& payee, const std::vector<TaskRange>& tasks,
            std::uint32_t checked, const std::vector<TransferId>& reserved) {
  const StepState& state = *region.durable.find_step(step);
  const MicroCredits price = state.task_price;
  const MicroCredits fee = fee_of(region.durable.policy, price);
  const auto count = static_cast<MicroCredits>(count_tasks(tasks));
  const AccountKey escrow{AccountKind::kEscrow, step.job.value()};

  Settled event{payee.attempt, payee.agent, payee.owner, step, payee.slot, tasks,
                checked,       price,       fee,         {},   region.now};
  TransferId next = region.durable.ledger.next_id();
  if (reserved.empty()) {
    const AccountKey held{AccountKind::kHeld, payee.owner.value()};
    if (price > fee)
      event.chain.push_back(posted(next++, escrow, held, (price - fee) * count, TransferCode::kSettle));
    if (fee > 0)
      event.chain.push_back(posted(next++, escrow, {AccountKind::kFee, 0}, fee * count, TransferCode::kFee));
  } else {
    for (const TransferId id : reserved)
      event.chain.push_back(PostPending{next++, id, region.durable.ledger.pending().at(id).amount});
  }
  region.emit(std::move(event));

  msg::Verdicts verdicts;
  for (const TaskRange range : tasks)
    verdicts.items.push_back({payee.attempt, step, range, msg::VerdictKind::kSettled,
                              (price - fee) * static_cast<MicroCredits>(range.count)});
  region.effect(SendVerdicts{payee.agent, std::move(verdicts)});
}

Chain refund_chain(const Region& region, JobId id) {
  const Job& job = *region.durable.find_job(id);
  const AccountKey escrow{AccountKind::kEscrow, id.value()};
  Chain chain;
  TransferId next = region.durable.ledger.next_id();
  for (const StepState& step : job.steps)
    for (const auto& [task, open] : step.open)
      if (const auto* storing = std::get_if<Storing>(&open.phase))
        for (const TransferId reserved : storing->reserved)
          chain.push_back(VoidPending{next++, reserved});
  const MicroCredits left = region.durable.ledger.account(escrow).balance();
  if (left > 0)
    chain.push_back(
        posted(next, escrow, {AccountKind::kAvailable, job.requester.value()}, left, TransferCode::kRefund));
  return chain;
}

}  // namespace reeve::core
