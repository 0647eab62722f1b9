#include "scheduler/shell/view_recorder.h"

#include <algorithm>

#include "protocol/archive.h"

namespace reeve::shell {

PartyId ViewDatabase::Recorder::requester_of(JobId job) const {
  const core::Job* found = view.shadow_.find_job(job);
  return found == nullptr ? PartyId() : found->requester;
}

Result<void> ViewDatabase::Recorder::operator()(const core::RegionCreated& e) {
  return put().party.run(1, static_cast<int>(Role::kOperator), e.name);
}

Result<void> ViewDatabase::Recorder::operator()(const core::PartyEnrolled& e) {
  if (Result<void> done = put().party.run(e.party.value(), static_cast<int>(e.role), e.name); !done)
    return done;
  return chain(e.chain, e.at, {{}, {}, {}, e.party});
}

Result<void> ViewDatabase::Recorder::operator()(const core::AgentEnrolled& e) {
  return put().agent.run(e.agent.value(), e.owner.value(), static_cast<int>(e.role), e.name);
}

Result<void> ViewDatabase::Recorder::operator()(const core::JobAccepted& e) {
  for (std::size_t i = 0; i < e.spec.steps.size(); ++i) {
    const Bytes spec = to_archive(e.spec.steps[i]);
    if (Result<void> done = put().step.run(e.job.value(), i, spec, e.task_price[i]); !done) return done;
  }
  view.touch(e.job);
  return {};
}

Result<void> ViewDatabase::Recorder::operator()(const core::StepOpened& e) {
  view.touch(e.step.job);
  return {};
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobPaused& e) {
  view.touch(e.job);
  return {};
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobResumed& e) {
  view.touch(e.job);
  return {};
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobPrioritySet& e) {
  view.touch(e.job);
  return {};
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobRetried& e) {
  view.touch(e.job);
  return put().forget_failed.run(e.job.value());
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobEnded& e) {
  view.touch(e.job);
  return chain(e.chain, e.at, {{e.job, 0}, {}, {}, {}});
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobReopened& e) {
  view.touch(e.job);
  return chain(e.chain, view.shadow_.latest, {{e.job, 0}, {}, {}, {}});
}
Result<void> ViewDatabase::Recorder::operator()(const core::JobForgotten& e) {
  return view.finish_job(e.job);
}

Result<std::vector<Digest>> ViewDatabase::Recorder::blobs(Statement& rows) {
  std::vector<Digest> found;
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) break;
    std::copy_n(rows.blob(0).begin(), sizeof(Digest), found.emplace_back().bytes.begin());
  }
  rows.reset();
  return found;
}

/// A job that ended long ago is known here alone: whose it is, and what of it is kept.
Result<void> ViewDatabase::Recorder::operator()(const core::JobPurged& e) {
  Statement& may = put().may_purge;
  may.bind(e.job.value(), e.command.party.value());
  const Result<bool> allowed = may.step();
  may.reset();
  if (!allowed) return allowed.error();
  if (!*allowed) return {};
  put().blobs_of.bind(e.job.value());
  const Result<std::vector<Digest>> results = blobs(put().blobs_of);
  if (!results) return results.error();
  if (Result<void> done = put().purged.run(e.job.value(), e.command.at.ns); !done) return done;
  if (Result<void> done = put().drop_stored.run(e.job.value()); !done) return done;
  if (Result<void> done = put().drop_payloads.run(e.job.value()); !done) return done;
  if (view.on_purged_) view.on_purged_(e.job, *results);
  return {};
}

Result<void> ViewDatabase::Recorder::operator()(const core::ResultsRecorded& e) {
  const Bytes sizes = to_archive(e.sizes);
  const Bytes roots = e.roots.empty() ? Bytes() : to_archive(e.roots);
  return put().result.run(seq, e.step.job.value(), e.step.step, e.tasks.first, e.tasks.count,
                          e.attempt.value(), e.agent.value(), e.owner.value(), e.replica, e.started.ns,
                          e.at.ns, sizes, e.payload, roots);
}

Result<void> ViewDatabase::Recorder::operator()(const core::AttemptFailed& e) {
  return put().failure.run(seq, e.step.job.value(), e.step.step, e.tasks.first, e.tasks.count,
                           e.attempt.value(), e.agent.value(), e.owner.value(), static_cast<int>(e.reason),
                           e.message, e.at.ns);
}

Result<void> ViewDatabase::Recorder::operator()(const core::TasksFailed& e) {
  view.touch(e.step.job);
  return put().failed.run(seq, e.step.job.value(), e.step.step, e.tasks.first, e.tasks.count, e.why);
}

Result<void> ViewDatabase::Recorder::operator()(const core::ResultStored& e) {
  return put().stored.run(e.step.job.value(), e.step.step, e.task, e.attempt.value(), e.root, e.blob,
                          e.size_bytes, e.at.ns);
}

/// What steps that iterate are through with goes; who asks for it is told so.
Result<void> ViewDatabase::Recorder::operator()(const core::ResultsSpent& e) {
  view.touch(e.step.job);
  for (const TaskRange tasks : e.dropped) {
    put().blobs_in.bind(e.step.job.value(), e.step.step, tasks.first, tasks.end());
    const Result<std::vector<Digest>> spent = blobs(put().blobs_in);
    if (!spent) return spent.error();
    if (Result<void> done = put().drop_in.run(e.step.job.value(), e.step.step, tasks.first, tasks.end());
        !done)
      return done;
    if (view.on_spent_) view.on_spent_(*spent);
  }
  return {};
}

Result<void> ViewDatabase::Recorder::operator()(const core::TaskDisputed& e) {
  return put().dispute.run(e.step.job.value(), e.step.step, e.task, e.a.value(), e.b.value());
}

Result<void> ViewDatabase::Recorder::operator()(const core::LeafChosen& e) {
  return put().leaf.run(e.step.job.value(), e.step.step, e.task, e.leaf, e.hash_a, e.hash_b,
                        view.shadow_.latest.ns);
}

Result<void> ViewDatabase::Recorder::operator()(const core::DisputeDecided& e) {
  const std::uint64_t wrong = e.wrong.empty() ? 0 : e.wrong.front().value();
  Result<void> done = put().decided.run(e.step.job.value(), e.step.step, e.task, e.leaf, e.referee_hash,
                                        e.referee.value(), wrong, e.referee_attempt.value(), e.at.ns);
  for (const AttemptId attempt : e.wrong) {
    if (!done) return done;
    done = put().verdict.run(e.step.job.value(), e.step.step, e.task, attempt.value(), 1, 0);
    const core::StepState* step = view.shadow_.find_step(e.step);
    if (step == nullptr || !step->open.contains(e.task)) continue;
    for (const core::Recorded& recorded : step->open.at(e.task).attempts)
      if (recorded.attempt == attempt) ++view.agent_counts_[recorded.agent].rejected;
  }
  return done;
}

Result<void> ViewDatabase::Recorder::operator()(const core::AttemptRejected& e) {
  return put().verdict.run(e.step.job.value(), e.step.step, e.task, e.attempt.value(), 0,
                           static_cast<int>(e.reason));
}

Result<void> ViewDatabase::Recorder::operator()(const core::ComparisonDecided& e) {
  const core::StepState* step = view.shadow_.find_step(e.step);
  const auto owner_of = [&](AttemptId attempt) {
    if (step == nullptr || !step->open.contains(e.task)) return PartyId();
    for (const core::Recorded& recorded : step->open.at(e.task).attempts)
      if (recorded.attempt == attempt) return recorded.owner;
    return PartyId();
  };
  return put().comparison.run(seq, e.step.job.value(), e.step.step, e.task, e.a.value(), e.b.value(),
                              owner_of(e.a).value(), owner_of(e.b).value(), static_cast<int>(e.verdict),
                              e.why, e.referee.value(), e.at.ns);
}

}  // namespace reeve::shell
