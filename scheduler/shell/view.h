#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "scheduler/shell/group_commit.h"
#include "scheduler/shell/view_database.h"

namespace reeve::shell {

/// The view's thread: follows the committed events with a shadow of the region's state, keeps view.db, and
/// makes the journal's snapshots, so that the loop never stops for one (docs/adr/0002).
class View {
 public:
  static constexpr std::size_t kQueueBatches = 8192;
  static constexpr std::size_t kQueueBytes = 128U << 20;
  /// Events between snapshots: what a restart replays at most.
  static constexpr std::uint64_t kSnapshotEvents = 400'000;
  static constexpr std::size_t kSnapshotPartBytes = 1U << 20;
  /// How long rows are gathered when nobody asks for them.
  static constexpr std::chrono::milliseconds kGather{200};
  static constexpr int kNiceness = 10;

  /// `put_part` stores a piece of a snapshot, or returns false when it must be offered again later.
  View(std::unique_ptr<ViewDatabase> database, std::function<bool(SnapshotPart&)> put_part,
       std::uint64_t snapshot_events = kSnapshotEvents);
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// Hands over committed batches, in order. Waits while too many wait already.
  void push(const std::vector<SharedBatch>& batches);
  /// Number of the last event that queries see.
  std::uint64_t seq() const { return seq_.load(std::memory_order_acquire); }
  /// True once queries see event `seq`; false if that takes longer than `patience`.
  bool wait_for(std::uint64_t seq, std::chrono::milliseconds patience);
  /// Runs `question` in the view's thread, between transactions: the state is that of seq(). Keep it short.
  void ask(const std::function<void(const core::Durable&)>& question);
  /// Batches that wait.
  std::size_t queued() const;
  /// Takes in what was pushed, and makes a snapshot unless the last one is that new already. Then it ends.
  void finish();

 private:
  struct Question {
    const std::function<void(const core::Durable&)>* run = nullptr;
    bool done = false;
  };
  void run();
  bool take(std::vector<SharedBatch>& batches);
  void record(const std::vector<SharedBatch>& batches);
  void answer_questions();
  void begin_snapshot();
  void push_snapshot_parts();

  std::unique_ptr<ViewDatabase> database_;
  const std::function<bool(SnapshotPart&)> put_part_;
  const std::uint64_t snapshot_events_;
  std::atomic<std::uint64_t> seq_;
  std::uint64_t snapshot_seq_ = 0;  // of the newest snapshot begun
  Bytes snapshot_;                  // the part of it that is not stored yet begins at snapshot_offset_
  std::size_t snapshot_offset_ = 0;
  std::uint32_t snapshot_part_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable progress_;  // room in the queue, rows visible, questions answered
  std::vector<SharedBatch> queue_;
  std::size_t queue_bytes_ = 0;
  std::deque<Question*> questions_;
  std::uint64_t wanted_seq_ = 0;  // somebody waits for rows up to here
  bool finish_ = false;
  std::thread thread_;
};

}  // namespace reeve::shell
