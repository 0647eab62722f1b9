#include <algorithm>

#include "scheduler/core/groups.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

constexpr Duration kAskAgain = seconds(10);

/// Those that hold the agreed bytes. Of a compared task there are others that are paid too: group_of_root().
std::vector<Recorded> agreeing(const OpenTask& open, const Digest& root) {
  std::vector<Recorded> holders;
  for (const Recorded& r : open.attempts)
    if (r.root == root) holders.push_back(r);
  return holders;
}

const Storing* storing_of(const Region& region, const TaskKey& key) {
  const StepState* state = region.durable.find_step(key.first);
  if (state == nullptr) return nullptr;
  const auto open = state->open.find(key.second);
  return open == state->open.end() ? nullptr : std::get_if<Storing>(&open->second.phase);
}

void send_request(Region& region, const TaskKey& key, const Recorded& r) {
  const std::uint32_t leaf_bytes = region.durable.find_step(key.first)->spec.leaf_bytes;
  region.effect(AskUpload{r.agent, {r.attempt, key.first, key.second}, r.root, r.size_bytes, leaf_bytes});
}

/// Messages get lost, and an upload under way takes no notice of a second request. Where the asked agent is
/// gone and another holder is there, that one is asked, at nobody's fault: what is gone may come back with
/// the bytes.
void ask_again(Region& region, const TaskKey& key, StoreWork& work) {
  work.ask_again = region.now + kAskAgain;
  const Storing* storing = storing_of(region, key);
  if (storing == nullptr) return;
  const std::vector<Recorded> holders =
      agreeing(region.durable.find_step(key.first)->open.at(key.second), storing->root);
  const auto is_there = [&region](const Recorded& r) { return region.live.agents.contains(r.agent); };
  const auto asked = std::ranges::find(holders, work.asked, &Recorded::attempt);
  if (asked == holders.end()) return;
  const auto other = std::ranges::find_if(holders, [&](const Recorded& r) {
    return is_there(r) && !work.refused.contains(r.attempt) && r.attempt != work.asked;
  });
  if (is_there(*asked) || other == holders.end() || !work.passed_over.insert(work.asked).second)
    return send_request(region, key, *asked);
  work.asked = other->attempt;
  work.deadline = region.now + region.durable.policy.upload_deadline;
  send_request(region, key, *other);
}

/// Asks the next agent that holds the agreed result, connected ones first; gives up when each was asked in
/// vain.
void ask_next(Region& region, const TaskKey& key) {
  const Storing& storing = *storing_of(region, key);
  const OpenTask& open = region.durable.find_step(key.first)->open.at(key.second);
  StoreWork& work = region.live.stores[key];
  std::vector<Recorded> left = agreeing(open, storing.root);
  std::erase_if(left, [&work](const Recorded& r) { return work.refused.contains(r.attempt); });
  std::stable_partition(left.begin(), left.end(),
                        [&region](const Recorded& r) { return region.live.agents.contains(r.agent); });
  if (!left.empty()) {
    work.asked = left.front().attempt;
    work.deadline = region.now + region.durable.policy.upload_deadline;
    work.ask_again = region.now + kAskAgain;
    return send_request(region, key, left.front());
  }
  StoreAbandoned event{key.first, key.second, {}, {}};
  TransferId next = region.durable.ledger.next_id();
  for (const TransferId reserved : storing.reserved)
    event.chain.push_back(VoidPending{next++, reserved});
  for (const Recorded& r : agreeing(open, storing.root)) {
    event.at_fault.push_back(r.owner);
    region.effect(
        SendVerdicts{r.agent, {{{r.attempt, key.first, {key.second, 1}, msg::VerdictKind::kRejected, 0}}}});
  }
  region.live.stores.erase(key);
  region.emit(std::move(event));
  cool_down(region, key.first, key.second);
  requeue(region, key.first, key.second);
}

}  // namespace

void begin_store(Region& region, StepRef step, TaskIndex task, const Digest& root) {
  const StepState& state = *region.durable.find_step(step);
  const std::vector<Recorded> holders = group_of_root(state.open.at(task), root);
  region.emit(TasksVerified{step, {{task, 1}}, static_cast<std::uint32_t>(holders.size())});
  const MicroCredits price = state.task_price;
  const MicroCredits fee = fee_of(region.durable.policy, price);
  const AccountKey escrow{AccountKind::kEscrow, step.job.value()};
  StoreReserved event{step, task, root, {}};
  TransferId next = region.durable.ledger.next_id();
  const auto reserve = [&](AccountKey to, MicroCredits amount, TransferCode code) {
    if (amount > 0) event.chain.push_back(PendingTransfer{Transfer{next++, escrow, to, amount, code}});
  };
  for (const Recorded& r : holders) {
    reserve({AccountKind::kHeld, r.owner.value()}, price - fee, TransferCode::kSettle);
    reserve({AccountKind::kFee, 0}, fee, TransferCode::kFee);
  }
  region.emit(std::move(event));
  region.live.stores[{step, task}] = StoreWork{};
  const Recorded& first = holders.front();
  if (first.blob != Digest{}) return store_arrived(region, step, task, first, first.blob, first.size_bytes);
  ask_next(region, {step, task});
}

void on_upload(Region& region, const UploadFinished& input) {
  const TaskKey key{input.step, input.task};
  if (input.checkpoint) return on_checkpoint_upload(region, input);
  if (region.live.comparisons.contains(key)) return on_candidate(region, input);
  const Storing* storing = storing_of(region, key);
  const auto work = region.live.stores.find(key);
  if (storing == nullptr || work == region.live.stores.end()) return;
  if (!input.ok || input.root != storing->root) {
    if (input.attempt != work->second.asked) return;
    work->second.refused.insert(input.attempt);
    return ask_next(region, key);
  }
  const OpenTask& open = region.durable.find_step(key.first)->open.at(key.second);
  const Recorded* holder = find_recorded(open, input.attempt);
  if (holder == nullptr) return;
  store_arrived(region, key.first, key.second, Recorded(*holder), input.blob, input.size_bytes);
}

void store_arrived(Region& region, StepRef step, TaskIndex task, const Recorded& holder, const Digest& blob,
                   std::uint64_t size_bytes) {
  const TaskKey key{step, task};
  const Storing agreed = *storing_of(region, key);
  const std::vector<Recorded> holders =
      group_of_root(region.durable.find_step(step)->open.at(task), agreed.root);
  region.live.stores.erase(key);
  region.emit(ResultStored{step, task, holder.attempt, agreed.root, blob, size_bytes, region.now});
  const std::size_t each = agreed.reserved.size() / holders.size();
  const std::uint32_t checked = holders.size() > 1 ? 1 : 0;
  for (std::uint32_t slot = 0; slot < holders.size(); ++slot) {
    const Recorded& r = holders[slot];
    const auto first = agreed.reserved.begin() + static_cast<std::ptrdiff_t>(slot * each);
    settle(region, key.first, {r.attempt, r.agent, r.owner, slot}, {{key.second, 1}}, checked,
           {first, first + static_cast<std::ptrdiff_t>(each)});
  }
  for (const Recorded& r : holders)
    region.live.vest_due.insert(r.owner);
  advance_generations(region, step, task);
  if (region.live.subscribers.contains(key.first.job)) region.live.changed.insert(key.first.job);
  finish_if_done(region, key.first.job);
}

void pursue_stores(Region& region) {
  std::vector<TaskKey> late;
  for (auto& [key, work] : region.live.stores) {
    if (work.deadline <= region.now) {
      late.push_back(key);
    } else if (work.ask_again <= region.now) {
      ask_again(region, key, work);
    }
  }
  for (const TaskKey& key : late) {
    StoreWork& work = region.live.stores.at(key);
    if (work.asked.valid()) work.refused.insert(work.asked);
    ask_next(region, key);
  }
}

void ask_uploads_again(Region& region, AgentId agent) {
  for (auto& [key, work] : region.live.stores) {
    const Storing* storing = storing_of(region, key);
    if (storing == nullptr) continue;
    const OpenTask& open = region.durable.find_step(key.first)->open.at(key.second);
    for (const Recorded& r : agreeing(open, storing->root)) {
      if (r.agent != agent || work.refused.contains(r.attempt)) continue;
      if (work.asked.valid() && work.asked != r.attempt) continue;
      work.asked = r.attempt;
      send_request(region, key, r);
    }
  }
}

}  // namespace reeve::core
