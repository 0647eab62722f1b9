#pragma once

#include <variant>
#include <vector>

#include "agent/core/io.h"

namespace reeve::agent {

/// Raw results of consecutive tasks, before anything is hashed.
struct TaskOutput {
  SlotIndex slot = 0;
  BatchId batch = 0;
  AttemptId attempt;
  StepPtr step;
  TaskRange tasks;
  std::vector<std::uint32_t> sizes;
  Bytes payload;  // of sizes[i] bytes each, one after another
  Duration spent;
};

/// What a task's program wrote. Apart from events: nothing follows from it, and it may be dropped.
struct TaskText {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::uint64_t offset = 0;
  std::string text;
};

using RunnerEvent = std::variant<SlotUp, SlotDown, TaskOutput, TaskFailed, LeavesFinished, ComparisonFinished,
                                 CheckpointLeft>;

/// Where tasks run: one worker a slot. All calls come from one thread and none of them waits.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual void run(const RunBatch& work) = 0;
  virtual void run_leaves(const RunLeaves& work) = 0;
  virtual void compare(const RunComparison& work) = 0;
  /// Ends the batch, at the cost of the worker if need be.
  virtual void cancel(const CancelBatch& work) = 0;
  /// Readable when pump() has something to do.
  virtual int fd() const = 0;
  virtual std::vector<RunnerEvent> pump() = 0;
  /// What programs wrote up to the last pump(); older than the events of that pump.
  virtual std::vector<TaskText> take_texts() { return {}; }
};

}  // namespace reeve::agent
