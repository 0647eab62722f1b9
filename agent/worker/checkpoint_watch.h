#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/worker/task_kernel.h"

namespace reeve::agent::worker {

/// Below a task's working directory: what its program leaves there goes with the task to its next attempt.
inline constexpr const char* kCheckpointFolder = ".checkpoint";

/// Looks after a task's folder of checkpoints in a thread of its own: whenever its files are others than
/// before and stand still, they become a bundle. Files whose names begin with "." or end in ".tmp" do not
/// count, so a program that writes aside and renames is never caught half way; one that writes in place is
/// given a moment.
class CheckpointWatch {
 public:
  ///   work        the task's working directory
  ///   out         where bundles are made
  ///   most_bytes  of one bundle
  CheckpointWatch(std::filesystem::path work, std::filesystem::path out, std::uint64_t most_bytes);
  /// Removes what was not taken.
  ~CheckpointWatch();
  CheckpointWatch(const CheckpointWatch&) = delete;
  CheckpointWatch& operator=(const CheckpointWatch&) = delete;

  /// The newest, once; its file is the caller's.
  std::optional<MadeCheckpoint> take();
  /// What the program is to be ended for, or "".
  std::string too_large() const;

 private:
  struct Seen {
    std::string path;
    std::uint64_t size_bytes = 0;
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Seen&) const = default;
  };
  using Listing = std::vector<Seen>;

  void run();
  void look(std::int64_t now_ns);
  std::optional<MadeCheckpoint> pack(const Listing& expected);
  Listing list() const;

  const std::filesystem::path work_;
  const std::filesystem::path out_;
  const std::uint64_t most_bytes_;
  // the thread's own
  Listing last_;     // as last seen
  Listing shipped_;  // of which a bundle was made
  std::int64_t moving_since_ns_ = 0;
  std::int64_t made_ns_ = 0;
  std::uint64_t made_count_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::optional<MadeCheckpoint> made_;
  std::string too_large_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace reeve::agent::worker
