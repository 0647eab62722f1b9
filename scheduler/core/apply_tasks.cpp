#include <algorithm>

#include "scheduler/core/applier.h"
#include "scheduler/core/groups.h"

namespace reeve::core {

namespace {

/// Later attempts go to other owners while there are any.
void exclude(OpenTask& open, PartyId owner) {
  auto& owners = open.failed_owners;
  if (std::find(owners.begin(), owners.end(), owner) == owners.end()) owners.push_back(owner);
}

/// What a task that ran out of memory has next; 0: no more than it had.
std::uint32_t more_memory(const StepSpec& spec, const OpenTask& open) {
  const std::uint64_t had = open.memory_mib > 0 ? open.memory_mib : spec.need.memory_mib;
  if (had >= spec.most_memory_mib) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(2 * had, spec.most_memory_mib));
}

}  // namespace

void Applier::drop_checkpoints(StepState& step, TaskRange tasks) {
  auto& all = step.checkpoints;
  all.erase(all.lower_bound({tasks.first, PartyId()}), all.lower_bound({tasks.end(), PartyId()}));
}

OpenTask& Applier::open_task(StepRef ref, TaskIndex task) {
  auto& open = step(ref).open;
  const auto found = open.find(task);
  require(found != open.end(), "an event names a task with recorded results");
  return found->second;
}

void Applier::drop_attempt(StepRef ref, TaskIndex task, AttemptId attempt) {
  OpenTask& open = open_task(ref, task);
  std::erase_if(open.attempts, [attempt](const Recorded& r) { return r.attempt == attempt; });
  sort_groups(open, is_compared(step(ref).spec));
  open.phase = Collecting{};
  if (open.is_fresh()) step(ref).open.erase(task);
}

void Applier::operator()(const ResultsRecorded& e) {
  saw(e.at);
  if (e.kept.empty()) return;
  StepState& state = step(e.step);
  const bool is_inline = e.roots.empty();
  std::size_t next_root = 0;
  for (std::size_t i = 0; i < e.kept.size(); ++i) {
    const TaskRange range = e.kept[i];
    require_tasks(state, range);
    for (TaskIndex task = range.first; task < range.end(); ++task) {
      require(!state.done.contains(task) && !state.failed.contains(task),
              "results are recorded for tasks that want them");
      OpenTask& open = state.open[task];
      open.needed = std::max(open.needed, e.kept_needed.at(i));
      open.attempts.push_back(Recorded{e.attempt, e.agent, e.owner, e.kept_roots.at(next_root++),
                                       e.sizes.at(task - e.tasks.first), is_inline});
      sort_groups(open, is_compared(state.spec));
    }
  }
}

void Applier::operator()(const AttemptFailed& e) {
  saw(e.at);
  StepState& state = step(e.step);
  require_tasks(state, e.tasks);
  for (TaskIndex task = e.tasks.first; task < e.tasks.end(); ++task) {
    OpenTask& open = state.open[task];
    if (e.reason == msg::FailureReason::kOutOfMemory) {
      if (const std::uint32_t more = more_memory(state.spec, open); more > 0) {
        open.memory_mib = more;
        continue;
      }
    }
    ++open.failures;
    exclude(open, e.owner);
  }
}

void Applier::operator()(const CheckpointStored& e) {
  saw(e.at);
  StepState& state = step(e.step);
  require_tasks(state, {e.task, 1});
  require(!state.done.contains(e.task) && !state.failed.contains(e.task),
          "a checkpoint is of a task that goes on");
  if (e.blob == Digest{})
    state.checkpoints.erase({e.task, e.owner});
  else
    state.checkpoints[{e.task, e.owner}] = {e.attempt, e.blob, e.size_bytes};
}

void Applier::operator()(const TasksFailed& e) {
  StepState& state = step(e.step);
  require_tasks(state, e.tasks);
  require(!state.done.intersects(e.tasks), "a task does not fail after it was done");
  state.failed.insert(e.tasks);
  state.open.erase(state.open.lower_bound(e.tasks.first), state.open.lower_bound(e.tasks.end()));
  drop_checkpoints(state, e.tasks);
}

void Applier::operator()(const TasksVerified&) {}

void Applier::operator()(const StoreReserved& e) {
  OpenTask& open = open_task(e.step, e.task);
  Storing storing{e.root, {}};
  for (const LedgerEntry& entry : e.chain) {
    const auto* pending = std::get_if<PendingTransfer>(&entry);
    require(pending != nullptr, "a store reserves with pending transfers");
    storing.reserved.push_back(pending->transfer.id);
  }
  post(e.chain);
  open.phase = std::move(storing);
}

void Applier::operator()(const ResultStored& e) {
  saw(e.at);
}

void Applier::operator()(const StoreAbandoned& e) {
  require(std::holds_alternative<Storing>(open_task(e.step, e.task).phase),
          "only a store under way is abandoned");
  post(e.chain);
  OpenTask& open = open_task(e.step, e.task);
  open.attempts.clear();
  open.unlike.clear();
  open.phase = Collecting{};
  for (const PartyId owner : e.at_fault) {
    ++s_.owners[owner].faults;
    exclude(open, owner);
  }
}

void Applier::operator()(const TaskDisputed& e) {
  saw(e.at);
  open_task(e.step, e.task).phase = Disputed{e.a, e.b, std::nullopt, {}, {}};
}

void Applier::operator()(const LeafChosen& e) {
  auto* disputed = std::get_if<Disputed>(&open_task(e.step, e.task).phase);
  require(disputed != nullptr, "a leaf is chosen in a dispute");
  disputed->leaf = e.leaf;
  disputed->hash_a = e.hash_a;
  disputed->hash_b = e.hash_b;
}

void Applier::operator()(const DisputeDecided& e) {
  saw(e.at);
  for (const AttemptId wrong : e.wrong) {
    OpenTask& open = open_task(e.step, e.task);
    const auto found = std::find_if(open.attempts.begin(), open.attempts.end(),
                                    [wrong](const Recorded& r) { return r.attempt == wrong; });
    require(found != open.attempts.end(), "a disproved attempt was recorded");
    OwnerRecord& owner = s_.owners[found->owner];
    ++owner.strikes;
    owner.validated = 0;
    exclude(open, found->owner);
    open.needed = std::max(open.needed, 2U);  // what is left was not confirmed on its other leaves
    drop_attempt(e.step, e.task, wrong);
  }
}

void Applier::operator()(const AttemptRejected& e) {
  if (e.fault) {
    ++s_.owners[e.owner].faults;
    exclude(open_task(e.step, e.task), e.owner);
  }
  drop_attempt(e.step, e.task, e.attempt);
}

void Applier::operator()(const ComparisonOpened& e) {
  saw(e.at);
  OpenTask& open = open_task(e.step, e.task);
  const Recorded* a = find_recorded(open, e.a);
  const Recorded* b = find_recorded(open, e.b);
  require(a != nullptr && b != nullptr && a->group.valid() && !b->group.valid(),
          "a result without a group is compared with one of a group");
  open.phase = Comparing{e.a, e.b};
}

void Applier::operator()(const CandidateStored& e) {
  saw(e.at);
  for (Recorded& r : open_task(e.step, e.task).attempts)
    if (r.root == e.root) r.blob = e.blob;
}

void Applier::operator()(const ComparisonDecided& e) {
  saw(e.at);
  OpenTask& open = open_task(e.step, e.task);
  const auto* comparing = std::get_if<Comparing>(&open.phase);
  require(comparing != nullptr && comparing->a == e.a && comparing->b == e.b,
          "a comparison is decided while it is open");
  apply_verdict(open, e.a, e.b, e.verdict);
  open.needed = std::max(open.needed, e.needed);
  open.phase = Collecting{};
}

}  // namespace reeve::core
