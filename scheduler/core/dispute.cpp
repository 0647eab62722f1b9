#include <algorithm>

#include "protocol/leaves.h"
#include "protocol/merkle.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/round.h"

namespace reeve::core {
namespace {

/// A referee may have to load a scene before it computes a leaf.
constexpr Duration kRefereeDeadline = seconds(120);
constexpr Duration kAskAgain = seconds(10);

const Disputed* dispute_of(const Region& region, const TaskKey& key) {
  const StepState* state = region.durable.find_step(key.first);
  if (state == nullptr) return nullptr;
  const auto open = state->open.find(key.second);
  return open == state->open.end() ? nullptr : std::get_if<Disputed>(&open->second.phase);
}

const Recorded* find_attempt(const Region& region, const TaskKey& key, AttemptId attempt) {
  const auto& open = region.durable.find_step(key.first)->open.at(key.second);
  for (const Recorded& r : open.attempts)
    if (r.attempt == attempt) return &r;
  return nullptr;
}

void ask_opening(Region& region, const TaskKey& key, AttemptId attempt) {
  if (const Recorded* r = find_attempt(region, key, attempt))
    region.effect(AskOpening{r->agent, {attempt, key.first, key.second}});
}

/// Takes a withheld or false opening's attempt out of the task and goes on with what is left.
void reject(Region& region, const TaskKey& key, AttemptId attempt, RejectReason reason) {
  const Recorded* r = find_attempt(region, key, attempt);
  if (r == nullptr) return;
  const AgentId agent = r->agent;
  region.emit(AttemptRejected{key.first, key.second, attempt, r->owner, reason, true});
  cool_down(region, key.first, key.second);
  region.effect(
      SendVerdicts{agent, {{{attempt, key.first, {key.second, 1}, msg::VerdictKind::kRejected, 0}}}});
}

void choose_leaf(Region& region, const TaskKey& key, const std::vector<Digest>& a,
                 const std::vector<Digest>& b) {
  const auto leaf = static_cast<std::uint32_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
                    b.begin())
          .first -
      a.begin());
  LeafChosen event{key.first, key.second, leaf, {}, {}, {}, {}};
  if (leaf < a.size()) event.hash_a = a[leaf], event.path_a = inclusion_path(a, leaf);
  if (leaf < b.size()) event.hash_b = b[leaf], event.path_b = inclusion_path(b, leaf);
  region.emit(std::move(event));
}

bool single_leaf(const Region& region, const TaskKey& key, const Recorded& r) {
  return leaf_count(r.size_bytes, region.durable.find_step(key.first)->spec.leaf_bytes) == 1;
}

std::optional<AgentId> choose_referee(const Region& region, const TaskNeed& need) {
  for (const auto& [id, agent] : region.live.agents)
    if (agent.role == Role::kReferee && !agent.paused && meets(agent.capability, need)) return id;
  return std::nullopt;
}

void ask_referee(Region& region, const TaskKey& key, DisputeWork& work, std::uint32_t leaf) {
  const StepState& state = *region.durable.find_step(key.first);
  const StepSpec& spec = state.spec;
  const auto referee = choose_referee(region, spec.need);
  if (!referee) return;
  const AttemptId attempt = region.new_attempt();
  work.referee_attempt = attempt;
  work.deadline = region.now + kRefereeDeadline;
  region.live.leaf_leases[attempt] = LeafLease{*referee, key.first, key.second, leaf, work.deadline};
  msg::Assign assign;
  assign.steps.push_back(info_of(key.first, spec));
  assign.leaves.push_back(
      {attempt, key.first, key.second, {leaf}, kRefereeDeadline, input_blobs(state, key.second)});
  region.effect(SendAssign{*referee, std::move(assign)});
}

/// Messages get lost: what was asked is asked again until the deadline.
void ask_while_waiting(Region& region, const TaskKey& key, const Disputed& disputed, DisputeWork& work) {
  if (region.now < work.ask_again) return;
  work.ask_again = region.now + kAskAgain;
  if (!work.opening_a) ask_opening(region, key, disputed.a);
  if (!work.opening_b) ask_opening(region, key, disputed.b);
}

/// Openings that did not come by the deadline: withholding ends like a wrong answer.
void reject_withheld(Region& region, const TaskKey& key, const Disputed& disputed, const DisputeWork& work) {
  std::vector<AttemptId> withheld;
  if (!work.opening_a) withheld.push_back(disputed.a);
  if (!work.opening_b) withheld.push_back(disputed.b);
  region.live.disputes.erase(key);
  for (const AttemptId attempt : withheld)
    reject(region, key, attempt, RejectReason::kWithheld);
  decide(region, key.first, key.second);
}

}  // namespace

void open_dispute(Region& region, StepRef step, TaskIndex task) {
  const TaskKey key{step, task};
  const OpenTask& open = region.durable.find_step(step)->open.at(task);
  const Recorded a = open.attempts.front();
  const Recorded b = *std::find_if(open.attempts.begin(), open.attempts.end(),
                                   [&a](const Recorded& r) { return r.root != a.root; });
  region.emit(TaskDisputed{step, task, a.attempt, b.attempt, region.now});
  region.live.disputes[key] =
      DisputeWork{{}, {}, region.now + region.durable.policy.opening_deadline, {}, {}};
  if (single_leaf(region, key, a) && single_leaf(region, key, b)) {
    choose_leaf(region, key, {a.root}, {b.root});  // the root of a single leaf is its hash
    return;
  }
  const Disputed disputed = *dispute_of(region, key);
  ask_while_waiting(region, key, disputed, region.live.disputes.at(key));
}

void on_opening(Region& region, const OpeningReceived& input) {
  const TaskKey key{input.opening.step, input.opening.task};
  const auto work = region.live.disputes.find(key);
  const Disputed* disputed = dispute_of(region, key);
  if (work == region.live.disputes.end() || disputed == nullptr || disputed->leaf) return;
  const bool is_a = input.opening.attempt == disputed->a;
  if (!is_a && input.opening.attempt != disputed->b) return;
  const Recorded* r = find_attempt(region, key, input.opening.attempt);
  if (r == nullptr || r->agent != input.agent) return;
  if (input.opening.leaf_hashes.empty()) {
    region.live.disputes.erase(work);
    reject(region, key, input.opening.attempt, RejectReason::kBadOpening);
    return decide(region, key.first, key.second);
  }
  (is_a ? work->second.opening_a : work->second.opening_b) = input.opening.leaf_hashes;
  if (!work->second.opening_a || !work->second.opening_b) return;
  choose_leaf(region, key, *work->second.opening_a, *work->second.opening_b);
}

void on_leaf_report(Region& region, AgentId referee, const msg::LeafReport& report,
                    const Signature& signature) {
  const auto found = region.live.leaf_leases.find(report.attempt);
  if (found == region.live.leaf_leases.end() || found->second.agent != referee || report.hashes.size() != 1)
    return;
  const LeafLease lease = found->second;
  const TaskKey key{lease.step, lease.task};
  region.live.leaf_leases.erase(found);
  region.live.disputes.erase(key);
  const Disputed* disputed = dispute_of(region, key);
  if (disputed == nullptr || disputed->leaf != lease.leaf) return;

  DisputeDecided event{key.first,      key.second, lease.leaf, report.hashes[0], referee,
                       report.attempt, signature,  {},         region.now};
  if (disputed->hash_a != report.hashes[0]) event.wrong.push_back(disputed->a);
  if (disputed->hash_b != report.hashes[0]) event.wrong.push_back(disputed->b);
  std::vector<PartyId> owners;
  for (const AttemptId attempt : event.wrong) {
    const Recorded* r = find_attempt(region, key, attempt);
    owners.push_back(r->owner);
    region.effect(
        SendVerdicts{r->agent, {{{attempt, key.first, {key.second, 1}, msg::VerdictKind::kRejected, 0}}}});
  }
  region.emit(std::move(event));
  for (const PartyId owner : owners) {
    const OwnerRecord& record = region.durable.owners.at(owner);
    if (!record.convicted && record.strikes >= region.durable.policy.strikes)
      convict(region, owner, key.first, key.second);
  }
  const StepState* state = region.durable.find_step(key.first);
  if (state->open.contains(key.second)) cool_down(region, key.first, key.second);
  decide(region, key.first, key.second);
}

void pursue_disputes(Region& region) {
  std::vector<TaskKey> keys;
  for (const auto& [key, work] : region.live.disputes)
    keys.push_back(key);
  for (const TaskKey& key : keys) {
    const auto found = region.live.disputes.find(key);
    if (found == region.live.disputes.end()) continue;
    DisputeWork& work = found->second;
    const Disputed* disputed = dispute_of(region, key);
    if (disputed == nullptr) {
      region.live.disputes.erase(found);
    } else if (disputed->leaf) {
      if (work.referee_attempt.valid() && work.deadline > region.now) continue;
      region.live.leaf_leases.erase(work.referee_attempt);
      work.referee_attempt = AttemptId();
      ask_referee(region, key, work, *disputed->leaf);
    } else if (work.deadline > region.now) {
      ask_while_waiting(region, key, *disputed, work);
    } else {
      reject_withheld(region, key, Disputed(*disputed), DisputeWork(work));
    }
  }
}

void ask_again(Region& region, AgentId agent) {
  for (const auto& [key, work] : region.live.disputes) {
    const Disputed* disputed = dispute_of(region, key);
    if (disputed == nullptr || disputed->leaf) continue;
    for (const AttemptId attempt : {disputed->a, disputed->b}) {
      const Recorded* r = find_attempt(region, key, attempt);
      if (r != nullptr && r->agent == agent) ask_opening(region, key, attempt);
    }
  }
  ask_uploads_again(region, agent);
  ask_candidates_again(region, agent);
}

}  // namespace reeve::core
