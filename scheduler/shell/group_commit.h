#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "protocol/poll.h"
#include "scheduler/core/events.h"
#include "scheduler/shell/journal.h"

namespace reeve::shell {

/// The events of one turn of the loop, numbered from first_seq on. Shared, because the view reads them too.
struct EventBatch {
  std::uint64_t first_seq = 1;
  std::vector<core::Event> events;

  std::uint64_t last_seq() const { return first_seq + events.size() - 1; }
};
using SharedBatch = std::shared_ptr<const EventBatch>;

/// Bytes that a batch holds, near enough for the bounds of queues.
std::size_t approximate_bytes(const EventBatch& batch);

/// The writer's thread, the only one that touches the journal once it runs. No timer: what was gathered while
/// the last commit ran is the next one. A failed commit ends the process, because a failed fsync has no safe
/// sequel.
class GroupCommit {
 public:
  static constexpr std::size_t kQueueBatches = 4096;
  static constexpr std::size_t kQueueBytes = 64U << 20;
  static constexpr std::size_t kQueueSnapshotParts = 4;

  struct Counters {
    std::uint64_t commits = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t commit_ns = 0;  // time spent in commits
    std::size_t queued_batches = 0;
  };

  /// `committed` is called in the writer's thread after each commit with what it made durable; it may block
  /// (then the loop waits too, in time).
  GroupCommit(Journal& journal, std::function<void(const std::vector<SharedBatch>&)> committed);
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// Waits while the queue is full: that is how a slow disk slows the region.
  void append(SharedBatch batch);
  /// Queues a piece of a snapshot, to be stored between commits. False while too many are queued already: the
  /// view must not wait for the writer, which may wait for the view.
  bool put_snapshot_part(SnapshotPart& part);
  /// Woken after each commit.
  net::Wakeup& wakeup() { return wakeup_; }
  /// Every event up to this number is durable.
  std::uint64_t committed_seq() const { return committed_seq_.load(std::memory_order_acquire); }
  /// Returns once everything appended so far is durable and queued snapshot pieces are stored.
  void flush();
  Counters counters() const;

 private:
  struct Work {
    std::vector<SharedBatch> batches;
    std::deque<SnapshotPart> parts;
  };
  void run();
  bool take(Work& work);
  void commit(const std::vector<SharedBatch>& batches);

  Journal& journal_;
  const std::function<void(const std::vector<SharedBatch>&)> committed_;
  net::Wakeup wakeup_;
  std::atomic<std::uint64_t> committed_seq_;
  mutable std::mutex mutex_;
  std::condition_variable work_;   // the writer waits for something to do
  std::condition_variable space_;  // others wait for room, or for the writer to be idle
  std::vector<SharedBatch> queue_;
  std::size_t queue_bytes_ = 0;
  std::deque<SnapshotPart> parts_;
  bool busy_ = false;
  bool stop_ = false;
  Counters counters_;
  std::thread thread_;
};

}  // namespace reeve::shell
