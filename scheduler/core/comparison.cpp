#include <algorithm>

#include "protocol/comparison.h"
#include "protocol/limits.h"
#include "scheduler/core/groups.h"
#include "scheduler/core/round.h"

namespace reeve::core {
namespace {

constexpr Duration kAskAgain = seconds(10);
/// A referee may have to fetch two results of gigabytes before it looks at them.
constexpr Duration kComparisonDeadline = seconds(600);
/// A referee says every few seconds what it has in hand. What it does not name after this time, it never got,
/// or could not do.
constexpr Duration kForgotten = seconds(20);

const Comparing* comparing_of(const Region& region, const TaskKey& key) {
  const StepState* state = region.durable.find_step(key.first);
  if (state == nullptr) return nullptr;
  const auto open = state->open.find(key.second);
  return open == state->open.end() ? nullptr : std::get_if<Comparing>(&open->second.phase);
}

const OpenTask& open_of(const Region& region, const TaskKey& key) {
  return region.durable.find_step(key.first)->open.at(key.second);
}

/// Which of the two are not here yet.
std::vector<Recorded> missing(const Region& region, const TaskKey& key, const Comparing& comparing) {
  std::vector<Recorded> left;
  for (const AttemptId attempt : {comparing.a, comparing.b})
    if (const Recorded* r = find_recorded(open_of(region, key), attempt); r != nullptr && r->blob == Digest{})
      left.push_back(*r);
  return left;
}

void ask_upload(Region& region, const TaskKey& key, const Recorded& r) {
  const std::uint32_t leaf_bytes = region.durable.find_step(key.first)->spec.leaf_bytes;
  region.effect(AskUpload{r.agent, {r.attempt, key.first, key.second}, r.root, r.size_bytes, leaf_bytes});
}

/// True where the comparator is a program among the step's inputs.
bool has_own_comparator(const StepSpec& spec) {
  const auto how = parse_comparison(spec.compare);
  return how && how->comparator == Comparator::kCommand;
}

void ask_comparer(Region& region, const TaskKey& key, const Comparing& comparing, ComparisonWork& work) {
  const auto referee = find_comparer(region);
  if (!referee) return;
  const OpenTask& open = open_of(region, key);
  const Recorded& a = *find_recorded(open, comparing.a);
  const Recorded& b = *find_recorded(open, comparing.b);
  const AttemptId attempt = region.new_attempt();
  work.referee_attempt = attempt;
  work.referee_deadline = region.now + kComparisonDeadline;
  region.live.comparison_leases[attempt] = ComparisonLease{*referee, key.first, key.second, region.now};
  const StepSpec& spec = region.durable.find_step(key.first)->spec;
  msg::Assign assign;
  if (has_own_comparator(spec)) assign.steps.push_back(info_of(key.first, spec));
  assign.comparisons.push_back({attempt, key.first, key.second, a.blob, b.blob, a.size_bytes, b.size_bytes,
                                spec.compare, kComparisonDeadline});
  region.effect(SendAssign{*referee, std::move(assign)});
}

/// Takes out a result that was withheld, or is not what was reported; the rest goes on without it.
void reject(Region& region, const TaskKey& key, const Recorded& r, RejectReason reason) {
  region.emit(AttemptRejected{key.first, key.second, r.attempt, r.owner, reason, true});
  region.effect(
      SendVerdicts{r.agent, {{{r.attempt, key.first, {key.second, 1}, msg::VerdictKind::kRejected, 0}}}});
}

void reject_and_go_on(Region& region, const TaskKey& key, const std::vector<Recorded>& withheld,
                      RejectReason reason) {
  drop_comparison(region, key);
  for (const Recorded& r : withheld)
    reject(region, key, r, reason);
  cool_down(region, key.first, key.second);
  decide(region, key.first, key.second);
}

/// A referee that went silent is asked to stop, so that it does not look for nothing.
void take_back(Region& region, const TaskKey& key, ComparisonWork& work) {
  const auto lease = region.live.comparison_leases.find(work.referee_attempt);
  if (lease != region.live.comparison_leases.end()) {
    region.effect(SendCancel{lease->second.agent, {{{work.referee_attempt, {key.second, 1}}}}});
    region.live.comparison_leases.erase(lease);
  }
  work.referee_attempt = AttemptId();
}

/// One round over what a comparison waits for.
void pursue(Region& region, const TaskKey& key) {
  const Comparing* found = comparing_of(region, key);
  if (found == nullptr) return drop_comparison(region, key);
  const Comparing comparing = *found;
  ComparisonWork& work = region.live.comparisons.at(key);
  const std::vector<Recorded> left = missing(region, key, comparing);
  if (!left.empty()) {
    if (work.upload_deadline <= region.now)
      return reject_and_go_on(region, key, left, RejectReason::kUploadFailed);
    if (region.now < work.ask_again) return;
    work.ask_again = region.now + kAskAgain;
    for (const Recorded& r : left)
      ask_upload(region, key, r);
    return;
  }
  if (work.referee_attempt.valid()) {
    if (work.referee_deadline > region.now) return;
    take_back(region, key, work);
  }
  ask_comparer(region, key, comparing, work);
}

}  // namespace

std::optional<AgentId> find_comparer(const Region& region) {
  const KernelVersion compare{std::string(kCompareKernel), 1};
  std::map<AgentId, std::size_t> load;
  for (const auto& [attempt, lease] : region.live.comparison_leases)
    ++load[lease.agent];
  std::optional<AgentId> best;
  for (const auto& [id, agent] : region.live.agents) {
    const auto& kernels = agent.capability.kernels;
    if (agent.role != Role::kReferee || agent.paused || region.durable.agents.at(id).paused) continue;
    if (!std::binary_search(kernels.begin(), kernels.end(), compare)) continue;
    if (!best || load[id] < load[*best]) best = id;
  }
  return best;
}

void open_comparison(Region& region, StepRef step, TaskIndex task) {
  const TaskKey key{step, task};
  const std::optional<Pair> pair = next_comparison(open_of(region, key));
  region.emit(ComparisonOpened{step, task, pair->a, pair->b, region.now});
  region.live.comparisons[key] =
      ComparisonWork{region.now + region.durable.policy.upload_deadline, {}, {}, {}};
  pursue(region, key);
}

void on_candidate(Region& region, const UploadFinished& input) {
  const TaskKey key{input.step, input.task};
  const Comparing* comparing = comparing_of(region, key);
  if (comparing == nullptr || !region.live.comparisons.contains(key)) return;
  const Recorded* r = find_recorded(open_of(region, key), input.attempt);
  if (r == nullptr || r->blob != Digest{}) return;
  if (r->attempt != comparing->a && r->attempt != comparing->b) return;
  if (!input.ok || input.root != r->root)
    return reject_and_go_on(region, key, {*r}, RejectReason::kUploadFailed);
  region.emit(CandidateStored{key.first, key.second, input.attempt, input.root, input.blob, input.size_bytes,
                              region.now});
  pursue(region, key);
}

void on_comparison_report(Region& region, AgentId referee, const msg::ComparisonReport& report,
                          const Signature& signature) {
  const auto found = region.live.comparison_leases.find(report.attempt);
  if (found == region.live.comparison_leases.end() || found->second.agent != referee) return;
  const TaskKey key{found->second.step, found->second.task};
  const Comparing* open = comparing_of(region, key);
  const auto work = region.live.comparisons.find(key);
  const bool asked = open != nullptr && work != region.live.comparisons.end() &&
                     work->second.referee_attempt == report.attempt;
  if (!asked) {
    region.live.comparison_leases.erase(found);
    return;
  }
  const Comparing comparing = *open;
  drop_comparison(region, key);
  OpenTask after = open_of(region, key);
  apply_verdict(after, comparing.a, comparing.b, report.verdict);
  const std::uint32_t needed = votes_wanted(*region.durable.find_job(key.first.job), after);
  region.emit(ComparisonDecided{key.first, key.second, comparing.a, comparing.b, report.verdict,
                                report.why.substr(0, limits::kTextBytes), referee, report.attempt, signature,
                                needed, region.now});
  decide(region, key.first, key.second);
}

void pursue_comparisons(Region& region) {
  std::vector<TaskKey> keys;
  for (const auto& [key, work] : region.live.comparisons)
    keys.push_back(key);
  for (const TaskKey& key : keys)
    if (region.live.comparisons.contains(key)) pursue(region, key);
}

void ask_candidates_again(Region& region, AgentId agent) {
  for (const auto& [key, work] : region.live.comparisons) {
    const Comparing* comparing = comparing_of(region, key);
    if (comparing == nullptr) continue;
    for (const Recorded& r : missing(region, key, *comparing))
      if (r.agent == agent) ask_upload(region, key, r);
  }
}

namespace {

void drop_leases(Region& region, const std::vector<AttemptId>& lost) {
  for (const AttemptId attempt : lost) {
    const ComparisonLease lease = region.live.comparison_leases.at(attempt);
    const auto work = region.live.comparisons.find({lease.step, lease.task});
    if (work != region.live.comparisons.end() && work->second.referee_attempt == attempt)
      work->second.referee_attempt = AttemptId();
    region.live.comparison_leases.erase(attempt);
  }
}

}  // namespace

void drop_comparison_leases(Region& region, AgentId referee) {
  std::vector<AttemptId> lost;
  for (const auto& [attempt, lease] : region.live.comparison_leases)
    if (lease.agent == referee) lost.push_back(attempt);
  drop_leases(region, lost);
}

void drop_forgotten_comparisons(Region& region, AgentId referee, const std::vector<AttemptId>& held) {
  std::vector<AttemptId> lost;
  for (const auto& [attempt, lease] : region.live.comparison_leases)
    if (lease.agent == referee && lease.granted + kForgotten < region.now &&
        std::find(held.begin(), held.end(), attempt) == held.end())
      lost.push_back(attempt);
  drop_leases(region, lost);
}

void drop_comparison(Region& region, const TaskKey& key) {
  const auto work = region.live.comparisons.find(key);
  if (work == region.live.comparisons.end()) return;
  region.live.comparison_leases.erase(work->second.referee_attempt);
  region.live.comparisons.erase(work);
}

bool compares_blob(const Region& region, AgentId agent, const Digest& blob) {
  return std::any_of(
      region.live.comparison_leases.begin(), region.live.comparison_leases.end(), [&](const auto& entry) {
        const ComparisonLease& lease = entry.second;
        const TaskKey key{lease.step, lease.task};
        const Comparing* comparing = comparing_of(region, key);
        if (lease.agent != agent || comparing == nullptr) return false;
        const Recorded* a = find_recorded(open_of(region, key), comparing->a);
        const Recorded* b = find_recorded(open_of(region, key), comparing->b);
        const StepSpec& spec = region.durable.find_step(lease.step)->spec;
        const bool of_comparator =
            has_own_comparator(spec) &&
            std::find(spec.inputs.begin(), spec.inputs.end(), blob) != spec.inputs.end();
        return of_comparator || (a != nullptr && a->blob == blob) || (b != nullptr && b->blob == blob);
      });
}

}  // namespace reeve::core
