#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "scheduler/shell/log_store.h"

namespace reeve::shell {

/// The thread that writes logs down, so that the loop never waits for them. What it cannot keep up with is
/// dropped.
class LogKeeper {
 public:
  /// Text that waits: half a second of what a region takes (LogDoor::kRegionBytesPerSecond).
  static constexpr std::size_t kQueueBytes = 16U << 20;
  static constexpr int kNiceness = 10;

  /// `room`: the disk has some left; without it pieces are dropped. `retention` after its last piece a log
  /// goes.
  LogKeeper(std::unique_ptr<LogStore> store, std::function<bool()> room, Duration retention);
  ~LogKeeper();
  LogKeeper(const LogKeeper&) = delete;
  LogKeeper& operator=(const LogKeeper&) = delete;

  /// Called by the loop. What does not fit is dropped.
  void put(AgentId agent, msg::LogPieces pieces, Time now);
  /// The job's logs go.
  void forget(JobId job);
  /// True once readers see everything that was put before; false if that takes longer than `patience`.
  bool wait(std::chrono::milliseconds patience);

  std::uint64_t kept_bytes() const { return kept_bytes_; }
  std::uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  struct Work {
    AgentId agent;
    msg::LogPieces pieces;
    Time now;
    std::size_t bytes = 0;
    JobId forget{};  // instead of pieces
  };
  void run();
  Result<void> write(const std::deque<Work>& batch);
  void clean_up();

  std::unique_ptr<LogStore> store_;
  const std::function<bool()> room_;
  const Duration retention_;
  std::atomic<std::uint64_t> kept_bytes_{0};  // written since the start
  std::atomic<std::uint64_t> dropped_bytes_{0};
  bool told_ = false;  // of a failure, since it last went well

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable written_;
  std::deque<Work> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t put_ = 0;   // works handed over
  std::uint64_t done_ = 0;  // works that readers see
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reeve::shell
