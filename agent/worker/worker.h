#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "agent/worker/protocol.h"
#include "agent/worker/task_kernel.h"

namespace reeve::agent::worker {

/// A worker process: reads work from its socket, runs it, streams results back. Ends when the agent does.
class Worker {
 public:
  /// socket    a connected stream socket
  /// progress  shared with the agent; null where nobody watches
  /// sandbox   where programs run; null: one is opened with the first of them
  Worker(int socket, Progress* progress, unsigned cpus, WorkerShare share = {},
         std::unique_ptr<sandbox::Sandbox> sandbox = nullptr);

  /// Returns at the end of the stream; false if the stream broke.
  bool serve();

 private:
  struct Bound {
    StepDocument document;
    Result<std::unique_ptr<TaskKernel>> kernel;
  };

  bool read_some();
  void wait_for_work();
  void rest();
  void handle(const RunTasks& work);
  void handle(const RunLeaves& work);
  void handle(const RunComparison& work);
  void run_item(const RunTasks& work, const WorkItem& item, std::uint64_t& begun);
  Result<void> run_task(TaskKernel& kernel, const StepDocument& document, TaskIndex task);
  Bound& bind(const StepDocument& document);
  static msg::FailureReason reason_of(const Bound& bound, const Error& error);

  template <class Message>
  void say(const Message& message);
  bool say_text(TaskText text, bool must);
  bool say_lost_card();
  void close_results();
  bool flush();
  bool drain();

  int socket_;
  Progress* progress_;
  WorkerContext context_;
  FrameReader in_;
  Bytes out_;
  bool broken_ = false;
  bool ending_ = false;      // what was in hand is cancelled
  std::deque<Bound> bound_;  // steps used last, newest first
  TaskResults results_;      // being gathered
  std::int64_t last_result_ns_ = 0;
  std::int64_t last_flush_ns_ = 0;
};

}  // namespace reeve::agent::worker
