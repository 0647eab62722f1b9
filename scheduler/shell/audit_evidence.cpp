#include "scheduler/shell/audit_evidence.h"

namespace reeve::shell {
namespace {

std::string attempt_text(AttemptId attempt) {
  return "attempt " + std::to_string(attempt.value());
}

MicroCredits reserved_by(const core::Durable& state, const core::PostPending& post) {
  const auto found = state.ledger.pending().find(post.pending_id);
  return found == state.ledger.pending().end() ? 0 : found->second.amount;
}

/// What a settlement's chain moves in all.
MicroCredits moved(const core::Durable& state, const core::Chain& chain) {
  MicroCredits sum = 0;
  for (const core::LedgerEntry& entry : chain) {
    if (const auto* transfer = std::get_if<core::PostedTransfer>(&entry)) sum += transfer->transfer.amount;
    if (const auto* post = std::get_if<core::PostPending>(&entry)) {
      if (post->amount != reserved_by(state, *post)) return -1;
      sum += post->amount;
    }
  }
  return sum;
}

}  // namespace

std::string AuditEvidence::look_at(const core::Durable& state, const core::PartyEnrolled& e) {
  const auto token = state.tokens.find(e.token_id);
  const MicroCredits promised = token == state.tokens.end() ? 0 : token->second.credits;
  if (moved(state, e.chain) == promised) return "";
  return "a party begins with the credits of its invitation, " + std::to_string(promised);
}

std::string AuditEvidence::look_at(const core::Durable& state, const core::ResultsRecorded& e) {
  const core::StepState* step = state.find_step(e.step);
  if (step == nullptr || !step->opened) return "results are recorded for a step that is open";
  if (e.attempt.value() >> kAttemptCounterBits > state.boot_epoch)
    return "an attempt belongs to a boot that was journaled";
  const auto agent = state.agents.find(e.agent);
  if (agent == state.agents.end() || agent->second.owner != e.owner)
    return "results come from an agent of the owner that is named";
  recorded_[e.attempt].insert(e.tasks);
  if (!e.roots.empty()) rooted_.insert(e.attempt);
  return "";
}

std::string AuditEvidence::look_at(const core::Durable& state, const core::Settled& e) {
  const auto recorded = recorded_.find(e.attempt);
  const core::StepState* step = state.find_step(e.step);
  if (step == nullptr || step->task_price != e.price) return "a task is paid at the price of its step";
  const bool rooted = rooted_.contains(e.attempt);
  MicroCredits count = 0;
  for (const TaskRange tasks : e.tasks) {
    count += tasks.count;
    if (!verified_[e.step].contains(tasks)) return "what is paid for had a verdict";
    if (recorded == recorded_.end() || !recorded->second.contains(tasks))
      return "what is paid for was recorded once and is paid once: " + attempt_text(e.attempt);
    if (rooted && !stored_[e.step].contains(tasks)) return "nothing is paid for that is not stored";
    recorded->second.erase(tasks);
  }
  if (recorded != recorded_.end() && recorded->second.empty()) {
    rooted_.erase(e.attempt);
    recorded_.erase(recorded);
  }
  if (const MicroCredits sum = moved(state, e.chain); sum != e.price * count)
    return "a settlement moves its price: " + std::to_string(sum) + " micro-credits moved for " +
           std::to_string(count) + " tasks at " + std::to_string(e.price);
  return "";
}

std::string AuditEvidence::look(const core::Durable& state, const core::Event& event) {
  if (const auto* agent = std::get_if<core::AgentEnrolled>(&event);
      agent && !state.parties.contains(agent->owner))
    return "an agent belongs to a party that was enrolled";
  if (const auto* job = std::get_if<core::JobAccepted>(&event);
      job && !state.parties.contains(job->requester))
    return "a job belongs to a party that was enrolled";
  if (const auto* party = std::get_if<core::PartyEnrolled>(&event)) return look_at(state, *party);
  if (const auto* results = std::get_if<core::ResultsRecorded>(&event)) return look_at(state, *results);
  if (const auto* settled = std::get_if<core::Settled>(&event)) return look_at(state, *settled);
  if (const auto* verdict = std::get_if<core::TasksVerified>(&event))
    for (const TaskRange tasks : verdict->tasks)
      verified_[verdict->step].insert(tasks);
  if (const auto* stored = std::get_if<core::ResultStored>(&event))
    stored_[stored->step].insert({stored->task, 1});
  if (const auto* forgotten = std::get_if<core::JobForgotten>(&event)) {
    const auto of_job = [&](const auto& entry) { return entry.first.job == forgotten->job; };
    std::erase_if(verified_, of_job);
    std::erase_if(stored_, of_job);
  }
  return "";
}

}  // namespace reeve::shell
