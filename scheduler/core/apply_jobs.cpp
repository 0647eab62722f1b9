#include "scheduler/core/applier.h"
#include "scheduler/core/generations.h"

namespace reeve::core {
namespace {

constexpr std::size_t kEndedBadly = 100'000;  // outcomes of forgotten jobs that others may wait on

}  // namespace

Job& Applier::job(JobId id) {
  Job* found = s_.find_job(id);
  require(found != nullptr, "an event names a job that exists");
  return *found;
}

StepState& Applier::step(StepRef ref) {
  StepState* found = s_.find_step(ref);
  require(found != nullptr, "an event names a step that exists");
  return *found;
}

void Applier::require_tasks(const StepState& step, TaskRange tasks) {
  require(std::uint64_t{tasks.first} + tasks.count <= step.spec.task_count,
          "an event names tasks that its step has");
}

void Applier::operator()(const JobAccepted& e) {
  require(e.task_price.size() == e.spec.steps.size(), "every step of a job has its price");
  require(e.job.value() == s_.next_job, "job ids follow one another");
  ++s_.next_job;
  Job& added = s_.jobs.emplace_hint(s_.jobs.end(), e.job, Job{})->second;
  added.requester = e.requester;
  added.name = e.spec.name;
  added.priority = e.spec.priority;
  added.verify = e.spec.verify;
  added.max_retries = e.spec.max_retries;
  added.max_price = e.spec.max_price;
  added.after = e.spec.after;
  added.submitted = e.at;
  added.steps.resize(e.spec.steps.size());
  for (std::size_t i = 0; i < e.spec.steps.size(); ++i) {
    added.steps[i].spec = e.spec.steps[i];
    added.steps[i].task_price = e.task_price[i];
  }
  saw(e.at);
  remember(e.command);
}

void Applier::operator()(const StepOpened& e) {
  step(e.step).opened = true;
  Job& owner = job(e.step.job);
  if (owner.state == msg::JobState::kQueued) owner.state = msg::JobState::kRunning;
}

void Applier::operator()(const EscrowHeld& e) {
  post(e.chain);
}

void Applier::operator()(const JobPaused& e) {
  Job& paused = job(e.job);
  paused.state = msg::JobState::kPaused;
  paused.reason = e.reason;
  paused.out_of_funds = e.out_of_funds;
  remember(e.command);
}

void Applier::operator()(const JobResumed& e) {
  Job& resumed = job(e.job);
  bool any_open = false;
  for (const StepState& step_state : resumed.steps)
    any_open = any_open || step_state.opened;
  resumed.state = any_open ? msg::JobState::kRunning : msg::JobState::kQueued;
  resumed.reason.clear();
  resumed.out_of_funds = false;
  remember(e.command);
}

void Applier::operator()(const JobPrioritySet& e) {
  job(e.job).priority = e.priority;
  remember(e.command);
}

void Applier::operator()(const JobRetried& e) {
  Job& retried = job(e.job);
  for (StepIndex i = 0; i < retried.steps.size(); ++i) {
    retried.steps[i].failed = IntervalSet();
    if (!goes_on(retried.steps[i])) start_over({e.job, i});
  }
  retried.state = msg::JobState::kRunning;
  retried.reason.clear();
  retried.ended = {};
  remember(e.command);
}

void Applier::start_over(StepRef ref) {
  StepState& state = step(ref);
  state.done = IntervalSet();
  state.slots.clear();
  state.passed.clear();
  for (auto& [id, owner] : s_.owners)  // paid for what they did; what comes of it now is not theirs
    for (Unvested& entry : owner.unvested)
      if (entry.step == ref) entry.tasks.clear();
}

void Applier::operator()(const JobEnded& e) {
  Job& ended = job(e.job);
  post(e.chain);
  const AccountKey escrow{AccountKind::kEscrow, e.job.value()};
  const Account left = s_.ledger.account(escrow);
  require(left.balance() == 0 && left.debits_pending == 0 && left.credits_pending == 0,
          "an ended job holds zero");
  s_.ledger.close(escrow);
  for (StepState& step_state : ended.steps) {
    step_state.open.clear();
    step_state.checkpoints.clear();
  }
  ended.state = e.state;
  ended.reason = e.reason;
  ended.out_of_funds = false;
  ended.ended = e.at;
  s_.lent.erase(e.job);
  saw(e.at);
  remember(e.command);
}

void Applier::operator()(const JobForgotten& e) {
  const Job& forgotten = job(e.job);
  require(!forgotten.live() && forgotten.unvested == 0, "only a final job is forgotten");
  if (forgotten.state != msg::JobState::kSucceeded) {
    s_.ended_badly.insert(e.job);
    if (s_.ended_badly.size() > kEndedBadly) s_.ended_badly.erase(s_.ended_badly.begin());
  }
  s_.jobs.erase(e.job);
}

void Applier::operator()(const JobPurged& e) {
  remember(e.command);
}

void Applier::operator()(const JobReopened& e) {
  Job& reopened = job(e.job);
  if (!e.chain.empty()) post(e.chain);
  for (const LedgerEntry& entry : e.chain)
    if (const auto* loan = std::get_if<PostedTransfer>(&entry)) s_.lent[e.job] += loan->transfer.amount;
  if (reopened.state == msg::JobState::kPaused) return;  // it goes on when it is resumed
  reopened.state = msg::JobState::kRunning;
  reopened.reason = "recomputing after a conviction";
  reopened.ended = {};
}

}  // namespace reeve::core
