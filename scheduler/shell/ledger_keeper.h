#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "scheduler/shell/ledger_store.h"

namespace reeve::shell {

/// The thread that writes the log's files after each commit, and says what others may see of them.
class LedgerKeeper {
 public:
  /// How long entries are gathered: files and checkpoint are written a few times a second, whatever the rate
  /// of commits.
  static constexpr std::chrono::milliseconds kGather{250};
  static constexpr std::size_t kQueueBytes = 64U << 20;
  /// Files are synced after so many bytes or so long: what a restart derives again at most.
  static constexpr std::size_t kSyncBytes = 64U << 20;
  static constexpr std::chrono::seconds kSyncEvery{10};

  struct Published {
    std::uint64_t size = 0;
    std::string checkpoint;  // signed
    tlog::Verifier verifier;
  };

  /// `published` is where the last checkpoint that was shown stands, outside the journal.
  LedgerKeeper(std::unique_ptr<LedgerStore> store, std::filesystem::path published, tlog::Verifier verifier);
  /// Writes what was pushed, and syncs.
  ~LedgerKeeper();
  LedgerKeeper(const LedgerKeeper&) = delete;
  LedgerKeeper& operator=(const LedgerKeeper&) = delete;

  /// Takes what a commit made durable. Waits while too much waits already: that is how a slow disk slows the
  /// region.
  void push(LogBatch batch);
  /// The newest checkpoint that may be shown; null before the first.
  std::shared_ptr<const Published> published() const;
  /// True once `size` leaves are published; false if that takes longer than `patience`.
  bool wait_for(std::uint64_t size, std::chrono::milliseconds patience) const;
  /// Read it below published()->size.
  const LedgerStore& store() const { return *store_; }

 private:
  void run();
  void write(const std::vector<LogBatch>& batches);
  void publish(const LogHead& head);

  const std::unique_ptr<LedgerStore> store_;
  const std::filesystem::path path_;
  const tlog::Verifier verifier_;
  std::chrono::steady_clock::time_point synced_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<LogBatch> queue_;
  std::size_t queue_bytes_ = 0;
  std::shared_ptr<const Published> published_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reeve::shell
