#include "scheduler/core/generations.h"

#include <algorithm>
#include <optional>

#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

void append(std::vector<TaskRange>& ranges, TaskRange tasks) {
  if (!ranges.empty() && ranges.back().end() == tasks.first)
    ranges.back().count += tasks.count;
  else if (tasks.count > 0)
    ranges.push_back(tasks);
}

/// An agent is late that took so many times as long for a task as was usual, and longer than kLeastLate.
constexpr std::int64_t kTimesLate = 4;
constexpr Duration kLeastLate = seconds(10);
constexpr std::size_t kReplacedRemembered = 100'000;

bool is_late(const Region& region, const StepQueue& queue, const Lease& lease) {
  const auto agent = region.live.agents.find(lease.agent);
  if (agent == region.live.agents.end() || queue.expected_ns == 0 || lease.left.empty()) return false;
  const Duration since = region.now - std::max(lease.sent, agent->second.last_report);
  return since > kLeastLate && since.ns / kTimesLate > queue.expected_ns;
}

/// True where an agent of another owner has nothing to do and could run the task.
bool somebody_is_idle(const Region& region, const StepQueue& queue, PartyId owner) {
  return std::any_of(region.live.agents.begin(), region.live.agents.end(), [&](const auto& entry) {
    const auto& [id, agent] = entry;
    const AgentRecord& record = region.durable.agents.at(id);
    return agent.owner != owner && agent.role == Role::kAgent && agent.outstanding == 0 && !agent.paused &&
           !record.paused && !record.revoked && meets(agent.capability, region.live.needs[queue.need]);
  });
}

/// The earlier update that a task goes on from.
std::optional<TaskIndex> earlier_update(const Iteration& iteration, TaskIndex task) {
  const std::uint32_t generation = iteration.generation_of(task);
  const std::uint32_t back = iteration.is_update(task) ? 1 : 1 + iteration.staleness;
  if (generation < back) return std::nullopt;
  return iteration.update_of(generation - back);
}

}  // namespace

std::uint32_t generations_done(const StepState& step) {
  const auto& done = step.done.map();
  const bool begun = !done.empty() && done.begin()->first == 0;
  return begun ? done.begin()->second / (step.spec.iteration.shards + 1) : 0;
}

std::vector<TaskRange> open_tasks(const StepState& step) {
  const Iteration& iteration = step.spec.iteration;
  if (!step.spec.iterates()) return {{0, step.spec.task_count}};
  std::vector<TaskRange> open;
  const std::uint32_t first = generations_done(step);
  for (std::uint32_t g = first; g < iteration.generations && g - first <= iteration.staleness; ++g) {
    append(open, iteration.shards_of(g));
    if (g == first && step.done.contains(iteration.shards_of(g))) append(open, {iteration.update_of(g), 1});
  }
  return open;
}

std::uint64_t opened_tasks(const StepState& step) {
  if (!step.spec.iterates()) return step.spec.task_count;
  return count_tasks(open_tasks(step)) +
         std::uint64_t{generations_done(step)} * (step.spec.iteration.shards + 1);
}

std::vector<TaskIndex> inputs_of(const Iteration& iteration, TaskIndex task) {
  std::vector<TaskIndex> inputs;
  if (const auto earlier = earlier_update(iteration, task)) inputs.push_back(*earlier);
  if (!iteration.is_update(task)) return inputs;
  const TaskRange shards = iteration.shards_of(iteration.generation_of(task));
  for (TaskIndex shard = shards.first; shard < shards.end(); ++shard)
    inputs.push_back(shard);
  return inputs;
}

std::vector<Digest> input_blobs(const StepState& step, TaskIndex task) {
  std::vector<Digest> blobs;
  if (!step.spec.iterates()) return blobs;
  for (const TaskIndex input : inputs_of(step.spec.iteration, task))
    blobs.push_back(step.passed.at(input).blob);
  return blobs;
}

bool goes_on_from(const StepState& step, TaskIndex task, const Digest& blob) {
  if (!step.spec.iterates()) return false;
  const std::vector<TaskIndex> inputs = inputs_of(step.spec.iteration, task);
  return std::any_of(inputs.begin(), inputs.end(), [&](TaskIndex input) {
    const auto passed = step.passed.find(input);
    return passed != step.passed.end() && passed->second.blob == blob;
  });
}

TaskRange with_equal_inputs(const StepSpec& spec, TaskRange tasks) {
  if (!spec.iterates() || tasks.count == 0) return tasks;
  const TaskIndex update = spec.iteration.update_of(spec.iteration.generation_of(tasks.first));
  return {tasks.first, std::min(tasks.count, std::max(update - tasks.first, 1U))};
}

Spent spent_after(const StepState& step, std::uint32_t generation) {
  const Iteration& iteration = step.spec.iteration;
  const bool last = generation + 1 == iteration.generations;
  Spent spent;
  for (const auto& [task, passed] : step.passed) {
    const std::uint32_t of = iteration.generation_of(task);
    const bool is_spent =
        iteration.is_update(task) ? of + iteration.staleness < generation : of <= generation;
    if (!is_spent && !last) continue;
    append(iteration.is_update(task) && iteration.keeps(of) ? spent.kept : spent.dropped, {task, 1});
  }
  return spent;
}

bool goes_on(const StepState& step) {
  if (!step.spec.iterates()) return true;
  for (const auto& [task, passed] : step.passed)
    if (!step.done.contains(task)) return false;
  std::uint64_t expected = std::uint64_t{generations_done(step)} * (step.spec.iteration.shards + 1);
  for (const TaskRange open : open_tasks(step)) {
    expected += count_tasks(step.done.overlap(open));
    for (TaskIndex task = open.first; task < open.end();
         task = with_equal_inputs(step.spec, {task, open.end() - task}).end())
      for (const TaskIndex input : inputs_of(step.spec.iteration, task))
        if (!step.passed.contains(input)) return false;
  }
  return step.done.size() == expected;
}

void replace_late_agents(Region& region) {
  std::vector<AttemptId> late;
  for (const auto& [ref, queue] : region.live.queues) {
    const bool waits = queue.with_agents > 0 && queue.fresh.empty() && !queue.wants_copies();
    if (!waits || !region.durable.find_step(ref)->spec.iterates()) continue;
    const auto& leases = region.live.leases_of_step;
    for (auto next = leases.lower_bound({ref, AttemptId()}); next != leases.end() && next->first == ref;
         ++next) {
      const Lease& lease = region.live.leases.at(next->second);
      const bool again = region.live.replaced.contains({ref, lease.left.front(1).first});
      if (!again && is_late(region, queue, lease) && somebody_is_idle(region, queue, lease.owner))
        late.push_back(next->second);
    }
  }
  if (region.live.replaced.size() > kReplacedRemembered) region.live.replaced.clear();
  for (const AttemptId attempt : late) {
    const auto lease = region.live.leases.find(attempt);
    if (lease == region.live.leases.end()) continue;  // its job ended with another's
    region.live.replaced.insert({lease->second.step, lease->second.left.front(1).first});
    take_back(region, attempt, "it took far longer than others of its generation; another agent has it now");
  }
}

void advance_generations(Region& region, StepRef ref, TaskIndex task) {
  const StepState& step = *region.durable.find_step(ref);
  const Iteration& iteration = step.spec.iteration;
  if (!step.spec.iterates()) return;
  const std::uint32_t generation = iteration.generation_of(task);
  if (iteration.is_update(task)) {
    Spent spent = spent_after(step, generation);
    region.emit(ResultsSpent{ref, std::move(spent.dropped), std::move(spent.kept)});
    const std::uint64_t next = std::uint64_t{generation} + 1 + iteration.staleness;
    if (next < iteration.generations)
      requeue(region, ref, iteration.shards_of(static_cast<std::uint32_t>(next)));
  }
  const std::uint32_t now = generations_done(step);
  const bool ready = now < iteration.generations && step.done.contains(iteration.shards_of(now));
  if (ready && now == generation + (iteration.is_update(task) ? 1 : 0))
    requeue(region, ref, TaskRange{iteration.update_of(now), 1});
}

}  // namespace reeve::core
