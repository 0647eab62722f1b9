#include <algorithm>

#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// Attempts beyond the quorum before a task is given up: a program whose results differ that often is no
/// program that copies can check.
constexpr std::uint32_t kMoreVotes = 3;

/// Owners that must agree on a program's result.
std::uint32_t quorum_of(const Job& job, const OpenTask& open) {
  switch (job.verify.mode) {
    case VerifyMode::kNone: return 1;
    case VerifyMode::kQuorum: return job.verify.quorum;
    case VerifyMode::kAdaptive: break;
  }
  return std::min(open.needed, 2U);
}

std::uint32_t votes_for(const OpenTask& open, const Digest& root) {
  return static_cast<std::uint32_t>(std::count_if(open.attempts.begin(), open.attempts.end(),
                                                  [&root](const Recorded& r) { return r.root == root; }));
}

/// Takes an attempt out that nobody disproved: unpaid, no fault. Programs may be random, or hostile.
void outvote(Region& region, StepRef step, TaskIndex task, const Recorded& r) {
  region.emit(AttemptRejected{step, task, r.attempt, r.owner, RejectReason::kOutvoted, false});
  region.effect(SendVerdicts{r.agent, {{{r.attempt, step, {task, 1}, msg::VerdictKind::kRejected, 0}}}});
}

void give_up(Region& region, StepRef step, TaskIndex task, const OpenTask& open, std::uint32_t quorum) {
  for (const Recorded& r : open.attempts)
    outvote(region, step, task, r);
  region.emit(
      TasksFailed{step,
                  {task, 1},
                  "of " + std::to_string(open.attempts.size()) + " owners no " + std::to_string(quorum) +
                      " gave the same result: make the program give the same bytes each time, or take "
                      "its results unchecked with --verify none"});
  requeue(region, step, task);
  finish_if_done(region, step.job);
}

}  // namespace

std::uint32_t votes_wanted(const Job& job, const OpenTask& known, const Digest& root) {
  std::uint32_t most = votes_for(known, root) + 1;
  for (const Recorded& r : known.attempts)
    most = std::max(most, votes_for(known, r.root));
  const std::uint32_t quorum = quorum_of(job, known);
  const auto held = static_cast<std::uint32_t>(known.attempts.size()) + 1;
  return std::max(known.needed, most >= quorum ? held : held + quorum - most);
}

void count_votes(Region& region, StepRef step, TaskIndex task) {
  const OpenTask open = region.durable.find_step(step)->open.at(task);
  const std::uint32_t quorum = quorum_of(*region.durable.find_job(step.job), open);
  const auto agreed = std::find_if(open.attempts.begin(), open.attempts.end(),
                                   [&](const Recorded& r) { return votes_for(open, r.root) >= quorum; });
  if (agreed == open.attempts.end()) {
    if (open.attempts.size() < quorum + kMoreVotes) return requeue(region, step, task);
    unqueue(region, step, task);
    return give_up(region, step, task, open, quorum);
  }
  unqueue(region, step, task);
  for (const Recorded& r : open.attempts)
    if (r.root != agreed->root) outvote(region, step, task, r);
  accept_results(region, step, task);
}

}  // namespace reeve::core
