#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/shell/runner.h"
#include "protocol/result.h"

namespace reeve::agent {

class WorkerProcess;

struct RunnerOptions {
  std::uint32_t slots = 1;
  std::uint32_t cpus_per_slot = 1;
  std::string worker_path;
  std::function<std::string(const Digest&)> input_path;  // of a digest that is in the cache
  std::uint64_t memory_mib = 0;                          // of each slot, for programs
  std::string scratch;                                   // a folder for programs' files; empty: none run
  std::string images{};                                  // a folder for unpacked images; empty: none run
  std::uint64_t image_bytes = 0;                         // which that may hold
  std::vector<std::string> gpus{};                       // of each slot: "UUID=MINOR,…"
};

/// One `reeve-worker` process a slot. A crash or a hang costs one attempt; the worker is started again, after
/// a growing wait if it keeps ending.
class ProcessRunner final : public Runner {
 public:
  /// Errors: kNotFound where the worker's program is missing, kIo where the system has no more descriptors.
  static Result<std::unique_ptr<ProcessRunner>> start(RunnerOptions options);
  ~ProcessRunner() override;

  void run(const RunBatch& work) override;
  void run_leaves(const RunLeaves& work) override;
  void compare(const RunComparison& work) override;
  void cancel(const CancelBatch& work) override;
  int fd() const override { return epoll_; }
  std::vector<RunnerEvent> pump() override;
  std::vector<TaskText> take_texts() override { return std::exchange(texts_, {}); }

 private:
  explicit ProcessRunner(RunnerOptions options);
  void arm_timer();

  RunnerOptions options_;
  int epoll_ = -1;
  int timer_ = -1;
  bool armed_ = false;
  std::vector<TaskText> texts_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
};

}  // namespace reeve::agent
