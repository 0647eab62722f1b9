#include <algorithm>

#include "scheduler/core/groups.h"
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

/// Takes an attempt out that nobody disproved: unpaid, no fault. Programs may be random, or hostile.
void outvote(Region& region, StepRef step, TaskIndex task, const Recorded& r) {
  region.emit(AttemptRejected{step, task, r.attempt, r.owner, RejectReason::kOutvoted, false});
  region.effect(SendVerdicts{r.agent, {{{r.attempt, step, {task, 1}, msg::VerdictKind::kRejected, 0}}}});
}

void give_up(Region& region, StepRef step, TaskIndex task, const OpenTask& open, std::uint32_t quorum) {
  const StepSpec& spec = region.durable.find_step(step)->spec;
  const std::string remedy = is_compared(spec)
                                 ? "compare with more tolerance than '" + spec.compare + "'"
                                 : std::string("make the program give the same bytes each time");
  for (const Recorded& r : open.attempts)
    outvote(region, step, task, r);
  region.emit(TasksFailed{step,
                          {task, 1},
                          "of " + std::to_string(open.attempts.size()) + " owners no " +
                              std::to_string(quorum) + " gave the same result: " + remedy +
                              ", or take its results unchecked with --verify none"});
  requeue(region, step, task);
  finish_if_done(region, step.job);
}

}  // namespace

std::uint32_t votes_wanted(const Job& job, const OpenTask& open) {
  const std::uint32_t quorum = quorum_of(job, open);
  const auto held = static_cast<std::uint32_t>(open.attempts.size());
  const std::uint32_t most = most_votes(open);
  // What is to be compared first may yet make the quorum: nobody else is asked before.
  if (next_comparison(open) || most >= quorum) return std::max(open.needed, held);
  return std::max(open.needed, held + quorum - most);
}

std::uint32_t votes_wanted(const Job& job, const StepState& step, const OpenTask& known, const Digest& root) {
  OpenTask open = known;
  Recorded added;
  added.attempt = AttemptId(~std::uint64_t{0});  // stands for the one that is about to be recorded
  added.root = root;
  open.attempts.push_back(added);
  sort_groups(open, is_compared(step.spec));
  return votes_wanted(job, open);
}

void count_votes(Region& region, StepRef step, TaskIndex task) {
  const OpenTask open = region.durable.find_step(step)->open.at(task);
  const std::uint32_t quorum = quorum_of(*region.durable.find_job(step.job), open);
  const auto agreed = std::find_if(open.attempts.begin(), open.attempts.end(), [&](const Recorded& r) {
    return r.group.valid() && group_members(open, r.group).size() >= quorum;
  });
  if (agreed == open.attempts.end()) {
    const bool may_ask = open.attempts.size() < quorum + kMoreVotes;
    // A quorum's worth is compared before anybody else is asked: a group never outgrows what escrow holds.
    if (may_ask && open.attempts.size() < std::min(open.needed, quorum)) return requeue(region, step, task);
    if (next_comparison(open)) {
      unqueue(region, step, task);
      return open_comparison(region, step, task);
    }
    if (may_ask) return requeue(region, step, task);
    unqueue(region, step, task);
    return give_up(region, step, task, open, quorum);
  }
  unqueue(region, step, task);
  for (const Recorded& r : open.attempts)
    if (r.group != agreed->group) outvote(region, step, task, r);
  accept_results(region, step, task);
}

}  // namespace reeve::core
