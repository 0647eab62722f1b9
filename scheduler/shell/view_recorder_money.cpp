#include "protocol/archive.h"
#include "scheduler/shell/view_recorder.h"

/// Rows of events that move money, or that say whose work was paid.
namespace reeve::shell {

Result<void> ViewDatabase::Recorder::chain(const core::Chain& entries, Time at, const Belongs& belongs) {
  if (entries.empty()) return {};
  const Bytes packed = to_archive(entries);
  return put().chain.run(seq, at.ns, belongs.step.job.value(), belongs.step.step, belongs.tasks.first,
                         belongs.tasks.count, belongs.attempt.value(), belongs.party.value(),
                         requester_of(belongs.step.job).value(), packed);
}

Result<void> ViewDatabase::Recorder::operator()(const core::Funded& e) {
  return chain(e.chain, view.shadow_.latest, {{}, {}, {}, e.party});
}

Result<void> ViewDatabase::Recorder::operator()(const core::EscrowHeld& e) {
  return chain(e.chain, view.shadow_.latest, {{e.job, 0}, {}, {}, {}});
}

Result<void> ViewDatabase::Recorder::operator()(const core::StoreReserved& e) {
  return chain(e.chain, view.shadow_.latest, {e.step, {e.task, 1}, {}, {}});
}

/// The attempts that agreed and did not deliver are out.
Result<void> ViewDatabase::Recorder::operator()(const core::StoreAbandoned& e) {
  const core::StepState* step = view.shadow_.find_step(e.step);
  if (step != nullptr && step->open.contains(e.task)) {
    const core::OpenTask& open = step->open.at(e.task);
    const auto* storing = std::get_if<core::Storing>(&open.phase);
    for (const core::Recorded& recorded : open.attempts) {
      if (storing == nullptr || recorded.root != storing->root) continue;
      Result<void> done = put().verdict.run(e.step.job.value(), e.step.step, e.task, recorded.attempt.value(),
                                            0, static_cast<int>(core::RejectReason::kUploadFailed));
      if (!done) return done;
    }
  }
  return chain(e.chain, view.shadow_.latest, {e.step, {e.task, 1}, {}, {}});
}

Result<void> ViewDatabase::Recorder::operator()(const core::Settled& e) {
  view.touch(e.step.job);
  std::uint64_t count = 0;
  for (const TaskRange tasks : e.tasks) {
    Result<void> done =
        put().settled.run(e.step.job.value(), e.step.step, tasks.first, e.slot, e.attempt.value(),
                          tasks.count, e.agent.value(), e.owner.value(), e.price, e.fee, e.at.ns);
    if (!done) return done;
    count += tasks.count;
  }
  view.agent_counts_[e.agent].settled += count;
  const TaskRange first{e.tasks.empty() ? 0 : e.tasks.front().first, static_cast<std::uint32_t>(count)};
  return chain(e.chain, e.at, {e.step, first, e.attempt, e.owner});
}

Result<void> ViewDatabase::Recorder::operator()(const core::Vested& e) {
  const auto owner = view.shadow_.owners.find(e.owner);
  if (owner != view.shadow_.owners.end())
    for (std::size_t i = 0; i < e.entries && i < owner->second.unvested.size(); ++i) {
      const JobId id = owner->second.unvested[i].step.job;
      const core::Job* job = view.shadow_.find_job(id);
      // A job that succeeded is final when it is forgotten; others stay for a retry and are final before.
      if (job != nullptr && !job->live() && job->state != msg::JobState::kSucceeded) view.touch(id);
    }
  return chain(e.chain, e.at, {{}, {}, {}, e.owner});
}

/// Tasks that nobody but the owner has settled.
std::uint64_t ViewDatabase::Recorder::recomputed_by(PartyId owner) const {
  const auto record = view.shadow_.owners.find(owner);
  if (record == view.shadow_.owners.end()) return 0;
  std::uint64_t tasks = 0;
  for (const core::Unvested& entry : record->second.unvested) {
    const core::StepState* step = view.shadow_.find_step(entry.step);
    if (step == nullptr) continue;
    for (const TaskRange range : entry.tasks) {
      core::IntervalSet only(range);
      for (std::size_t slot = 0; slot < step->slots.size(); ++slot)
        if (slot != entry.slot)
          for (const TaskRange held : step->slots[slot].overlap(range))
            only.erase(held);
      tasks += only.size();
    }
  }
  return tasks;
}

Result<void> ViewDatabase::Recorder::operator()(const core::OwnerConvicted& e) {
  const auto owner = view.shadow_.owners.find(e.owner);
  if (owner != view.shadow_.owners.end()) {
    for (const core::Unvested& entry : owner->second.unvested) {
      view.touch(entry.step.job);
      view.agent_counts_[entry.agent].rejected += entry.count;
      for (const TaskRange range : entry.tasks) {
        Result<void> done = put().recall.run(entry.step.job.value(), entry.step.step, range.first, entry.slot,
                                             entry.attempt.value());
        if (!done) return done;
      }
    }
  }
  Result<void> done = put().conviction.run(seq, e.owner.value(), e.at.ns, e.step.job.value(), e.step.step,
                                           e.task, e.slashed, e.clawed_back, recomputed_by(e.owner));
  if (!done) return done;
  return chain(e.chain, e.at, {e.step, {e.task, 1}, {}, e.owner});
}

}  // namespace reeve::shell
