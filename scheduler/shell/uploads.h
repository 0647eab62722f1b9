#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "protocol/poll.h"
#include "scheduler/core/io.h"

namespace reeve::shell {

/// A result or a checkpoint that the region asked an agent for.
struct ExpectedUpload {
  AgentId agent;
  Digest root;
  std::uint64_t size_bytes = 0;
  std::uint32_t leaf_bytes = 0;
};

/// What the loop and the bulk socket tell one another: which results and checkpoints are asked for, and which
/// have come. Bounded by the tasks that the core has in its store stage or in leases; the oldest expectation
/// makes room.
class Uploads {
 public:
  static constexpr std::size_t kMost = 65'536;
  struct Key {
    AttemptId attempt;
    TaskIndex task = 0;
    bool checkpoint = false;
    auto operator<=>(const Key&) const = default;
  };

  void expect(const core::AskUpload& ask) {
    const std::lock_guard lock(mutex_);
    if (expected_.size() >= kMost) expected_.erase(expected_.begin());
    expected_[{ask.request.attempt, ask.request.task, ask.request.checkpoint}] = {
        ask.to, ask.root, ask.size_bytes, ask.leaf_bytes};
  }
  /// The expectation stays: a broken transfer may be tried again.
  std::optional<ExpectedUpload> expected(const Key& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = expected_.find(key);
    if (found == expected_.end()) return std::nullopt;
    return found->second;
  }
  void finished(const core::UploadFinished& upload) {
    {
      const std::lock_guard lock(mutex_);
      expected_.erase({upload.attempt, upload.task, upload.checkpoint});
      finished_.push_back(upload);
    }
    wakeup_.wake();
  }
  std::vector<core::UploadFinished> take_finished() {
    wakeup_.clear();
    const std::lock_guard lock(mutex_);
    return std::exchange(finished_, {});
  }
  const net::Wakeup& wakeup() const { return wakeup_; }

 private:
  mutable std::mutex mutex_;
  std::map<Key, ExpectedUpload> expected_;
  std::vector<core::UploadFinished> finished_;  // at most one for each expectation
  net::Wakeup wakeup_;
};

}  // namespace reeve::shell
