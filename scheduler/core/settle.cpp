#include <algorithm>

#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

constexpr MicroCredits kBasisPoints = 10'000;

void pause_for_funds(Region& region, JobId id, const std::string& reason) {
  region.emit(JobPaused{id, reason, true, {}});
  region.live.unfunded.insert(id);
  const Job* job = region.durable.find_job(id);
  for (StepIndex i = 0; i < job->steps.size(); ++i)
    index_queue(region, {id, i});
  notify_job(region, id);
}

}  // namespace

std::uint32_t most_attempts(const VerifyPolicy& verify) {
  switch (verify.mode) {
    case VerifyMode::kAdaptive: return 2;
    case VerifyMode::kQuorum: return verify.quorum;
    case VerifyMode::kNone: return 1;
  }
  return 1;
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

MicroCredits committed(const Region& region, JobId id) {
  const Job& job = *region.durable.find_job(id);
  MicroCredits sum = 0;
  for (StepIndex i = 0; i < job.steps.size(); ++i) {
    const auto queue = region.live.queues.find(StepRef{id, i});
    const std::uint64_t leased = queue == region.live.queues.end() ? 0 : queue->second.leased;
    sum += static_cast<MicroCredits>(leased + job.steps[i].open.size()) * worst_case(job, job.steps[i]);
  }
  return sum;
}

std::uint64_t ensure_escrow(Region& region, JobId id, StepIndex index, std::uint64_t tasks) {
  const Job& job = *region.durable.find_job(id);
  const MicroCredits worst = worst_case(job, job.steps[index]);
  const AccountKey escrow_key{AccountKind::kEscrow, id.value()};
  const AccountKey funds_key{AccountKind::kAvailable, job.requester.value()};
  const MicroCredits held = region.durable.ledger.account(escrow_key).balance();
  const MicroCredits promised = committed(region, id);
  if (worst == 0 || promised + static_cast<MicroCredits>(tasks) * worst <= held) return tasks;

  const MicroCredits funds = region.durable.ledger.account(funds_key).available();
  const bool bounded = job.max_price > 0 && job.max_price - job.spent - held < funds;
  const MicroCredits most = bounded ? job.max_price - job.spent - held : funds;
  const MicroCredits affordable = std::max<MicroCredits>(0, held + most - promised) / worst;
  tasks = std::min(tasks, static_cast<std::uint64_t>(affordable));
  if (tasks == 0) {
    pause_for_funds(region, id,
                    bounded ? "the job's maximum price of " + std::to_string(job.max_price) +
                                  " micro-credits leaves nothing for the next task"
                            : "the requester's credits do not cover the next task: " + std::to_string(funds) +
                                  " micro-credits are left, it can cost " + std::to_string(worst));
    return 0;
  }
  // Of a step that iterates few tasks are open at a time: those to come count too.
  const StepState& step = job.steps[index];
  const std::uint64_t wanted =
      step.spec.iterates() ? step.spec.task_count - step.done.size() - step.failed.size() - step.open.size()
                           : find_queue(region, {id, index})->fresh.size();
  const std::uint64_t window = std::min<std::uint64_t>(wanted, region.durable.policy.escrow_window_tasks);
  const MicroCredits target = promised + static_cast<MicroCredits>(std::max(tasks, window)) * worst;
  const MicroCredits amount = std::min(target - held, most);
  if (amount > 0)
    region.emit(EscrowHeld{
        id,
        {posted(region.durable.ledger.next_id(), funds_key, escrow_key, amount, TransferCode::kEscrowHold)}});
  return tasks;
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
  MicroCredits left = region.durable.ledger.account(escrow).balance();
  const auto lent = region.durable.lent.find(id);
  const MicroCredits owed = lent == region.durable.lent.end() ? 0 : std::min(left, lent->second);
  if (owed > 0)
    chain.push_back(posted(next++, escrow, {AccountKind::kInsurance, 0}, owed, TransferCode::kInsurance));
  left -= owed;
  if (left > 0)
    chain.push_back(
        posted(next, escrow, {AccountKind::kAvailable, job.requester.value()}, left, TransferCode::kRefund));
  return chain;
}

}  // namespace reeve::core
