#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/core/durable.h"

/// Which tasks of a step that iterates may run, and what they go on from (protocol/iteration.h, ADR 0015).
/// Pure: everything follows from which tasks are done, so that nothing has to be kept of those to come.
namespace reeve::core {

/// Generations from the first on that are done with their updates.
std::uint32_t generations_done(const StepState& step);
/// Tasks whose inputs are there, done ones of generations that are not over among them. Of a step that does
/// not iterate: all.
std::vector<TaskRange> open_tasks(const StepState& step);
/// Tasks that are open or were: those that have a place with the others of the region.
std::uint64_t opened_tasks(const StepState& step);
/// The tasks whose results a task goes on from, in the order in which its kernel gets them.
std::vector<TaskIndex> inputs_of(const Iteration& iteration, TaskIndex task);
/// Their blobs. Only of an open task: they are passed on then.
std::vector<Digest> input_blobs(const StepState& step, TaskIndex task);
/// True where a task goes on from this blob.
bool goes_on_from(const StepState& step, TaskIndex task, const Digest& blob);
/// The first of these tasks that have the same inputs, so that one assignment names them.
TaskRange with_equal_inputs(const StepSpec& spec, TaskRange tasks);

/// Results that nothing goes on from once an update is done.
struct Spent {
  std::vector<TaskRange> dropped;  // not kept either
  std::vector<TaskRange> kept;
};
Spent spent_after(const StepState& step, std::uint32_t generation);

/// False where a task that is not done lies behind others that went on from it, or passes on a result, or
/// where what it goes on from is gone: a conviction took a result away.
bool goes_on(const StepState& step);

}  // namespace reeve::core
