#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"
#include "agent/worker/protocol.h"
#include "openjd/task.h"
#include "protocol/result.h"

namespace reeve::agent::worker {

/// What the code of an error says of it.
msg::FailureReason failure_reason(const Error& error);

/// A step bound to one of the built-in kernels; runs its tasks one by one.
class TaskKernel {
 public:
  virtual ~TaskKernel() = default;
  /// Appends the result of task `task` to `out`.
  virtual Result<void> run(TaskIndex task, Bytes& out) = 0;
  /// Why run() failed, as the region is told.
  virtual msg::FailureReason reason_of(const Error& error) const { return failure_reason(error); }
  /// True while something of the step is kept open for its next task; rest() ends that.
  virtual bool holds_open() const { return false; }
  virtual void rest() {}
  /// Hashes of some leaves of the task's result; a leaf that the result does not have is all zeros.
  virtual Result<std::vector<Digest>> leaves(TaskIndex task, const std::vector<std::uint32_t>& leaves);

 protected:
  explicit TaskKernel(std::uint32_t leaf_bytes) : leaf_bytes_(leaf_bytes) {}

 private:
  std::uint32_t leaf_bytes_;
};

/// A GPU of a slot.
struct SlotGpu {
  std::string uuid;
  int minor = 0;  // of /dev/nvidiaN
};

/// What programs of a slot may have of the machine. Without a folder no programs run.
struct WorkerShare {
  std::uint64_t memory_mib = 0;   // 0: not told
  std::string scratch;            // a folder of this worker's own
  std::string images{};           // the agent's folder of unpacked images; empty: none are run
  std::uint64_t image_bytes = 0;  // which it may hold
  std::vector<SlotGpu> gpus{};
};

/// What a task has left for its next attempt: a bundle in a file.
struct MadeCheckpoint {
  std::string file;
  Digest root;  // of the bundle as one leaf
  std::uint64_t size_bytes = 0;
};

/// What all steps of a worker share: the slot's processors, scenes that were read, the sandbox.
struct SceneShelf;
struct TrainShelf;
class Card;
struct WorkerContext {
  explicit WorkerContext(unsigned cpus, WorkerShare share = {}, Progress* progress = nullptr);
  ~WorkerContext();
  /// A value: what is in hand is to end, within so long.
  std::optional<Duration> cancelled() const;
  /// The slot's GPU for built-in kernels, sought when it is first asked for; null: there is none to use.
  Card* card();

  unsigned cpus;
  WorkerShare share;
  Progress* progress;       // shared with the agent; null where nobody watches
  std::uint64_t batch = 0;  // what is in hand
  AttemptId attempt;        // whose task runs
  msg::GangSeat gang;       // of that attempt; without members: it is of no gang
  std::uint64_t next_step = 0;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  std::unique_ptr<SceneShelf> shelf;
  std::shared_ptr<TrainShelf> training{};  // of the run whose tasks came last
  std::optional<std::unique_ptr<Card>> sought_card;
  /// Takes what a program of the current attempt's writes; see TaskLog::Send. Null: nobody listens.
  std::function<bool(TaskIndex task, std::uint64_t offset, std::string text, bool must)> log;
  /// Takes a checkpoint of the current attempt's, and its file with it. Null: nobody wants any.
  std::function<void(TaskIndex task, const MadeCheckpoint& made)> left;
};

/// `--name value` pairs; each name once, none missing its value.
class NamedArguments {
 public:
  static Result<NamedArguments> read(const std::vector<std::string>& args);
  Result<std::uint64_t> number(const char* name, std::uint64_t most) const;
  Result<std::string> text(const char* name) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// Refuses a task that the step's parameter space does not have.
Result<void> check_task(const openjd::StepScript& script, TaskIndex task);

/// Reads the step's script and finds its kernel. Errors name what this agent does not have.
Result<std::unique_ptr<TaskKernel>> bind_step(const StepDocument& document, WorkerContext& context);

Result<std::unique_ptr<TaskKernel>> bind_render(const StepDocument& document, openjd::StepScript script,
                                                WorkerContext& context);
Result<std::unique_ptr<TaskKernel>> bind_train(const StepDocument& document, const openjd::StepScript& script,
                                               WorkerContext& context);

}  // namespace reeve::agent::worker
