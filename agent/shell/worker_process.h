#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "agent/shell/runner.h"
#include "agent/worker/protocol.h"
#include "protocol/result.h"

namespace reeve::agent {

/// One slot's worker process, from the agent's side: spawned, fed, watched, replaced.
class WorkerProcess {
 public:
  struct Options {
    SlotIndex slot = 0;
    std::uint32_t cpus = 1;
    std::string path;
    int epoll = -1;
    std::function<std::string(const Digest&)> input_path;
    std::uint64_t memory_mib = 0;
    std::string scratch;                     // empty: it runs no programs
    std::vector<TaskText>* texts = nullptr;  // where what programs write goes; null: nowhere
    std::string images{};                    // the folder of unpacked images; empty: it runs none
    std::uint64_t image_bytes = 0;           // which that may hold
    std::string gpus{};                      // of this slot: "UUID=MINOR,…"
  };

  explicit WorkerProcess(Options options) : options_(std::move(options)) {}
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  void run(const RunBatch& work);
  void run_leaves(const RunLeaves& work);
  void compare(const RunComparison& work);
  void cancel(const CancelBatch& work, std::int64_t now_ns);

  /// The agent ends: whatever is held open is to be closed within so long. True if anything may be.
  bool ask_to_leave(Duration within);
  /// Waits for the worker's end until then.
  void await_end(std::int64_t until_ns);

  /// The socket is readable or writable.
  void on_socket(std::vector<RunnerEvent>& events, std::int64_t now_ns);
  /// Starts a worker that is due, kills one that hangs or was cancelled.
  void on_time(std::vector<RunnerEvent>& events, std::int64_t now_ns);
  /// True while the clock matters.
  bool needs_time() const { return (pid_ < 0 && lost_card_.empty()) || !batches_.empty(); }

 private:
  struct Handed {
    BatchId id = 0;
    std::vector<BatchItem> items;  // as handed over
    std::size_t item = 0;          // of which results came up to here
    std::uint32_t done = 0;        // tasks of that item
    AttemptId leaves;              // a recomputation instead
    Duration leaf_limit;           // of that, and of a comparison
    bool cancelled = false;
    Duration within;              // where it was cancelled
    std::int64_t kill_at_ns = 0;  // 0: it was not told yet
    AttemptId comparison;         // or a comparison
  };
  enum class Killed : std::uint8_t { kNo, kCancelled, kTimeLimit };

  Result<void> spawn(std::int64_t now_ns);
  void end(std::vector<RunnerEvent>& events, std::int64_t now_ns);
  void blame(std::vector<RunnerEvent>& events, const std::string& how);
  void kill_now(Killed why);
  bool read_all(std::vector<RunnerEvent>& events);
  bool write_some();
  void watch(bool writable);
  bool take(worker::FromWorker message, std::vector<RunnerEvent>& events);
  bool take_compared(worker::Compared compared, std::vector<RunnerEvent>& events);
  bool take_results(worker::TaskResults results, std::vector<RunnerEvent>& events);
  void take_text(worker::TaskText text);
  void take_checkpoint(worker::CheckpointLeft left, std::vector<RunnerEvent>& events) const;
  worker::StepDocument document(const StepWork& step) const;
  void look_for_hang(std::int64_t now_ns);
  void look_for_cancel(std::int64_t now_ns);
  Duration patience() const;
  /// The task that the worker has begun and not finished, as (item, task); false if there is none.
  bool current_task(BatchItem& at) const;

  Options options_;
  pid_t pid_ = -1;
  int socket_ = -1;
  worker::Progress* progress_ = nullptr;
  bool ready_ = false;
  bool watching_writes_ = false;
  Killed killed_ = Killed::kNo;
  Bytes out_;
  worker::FrameReader in_;
  std::deque<Handed> batches_;
  std::uint32_t failures_ = 0;  // ends in a row without a result between
  std::int64_t start_at_ns_ = 0;
  std::string lost_card_;  // why this slot is out of service; empty: it is not
  // the task in hand, as last seen
  std::uint64_t seen_batch_ = 0;
  std::uint64_t seen_task_ = 0;
  std::int64_t seen_since_ns_ = 0;
};

}  // namespace reeve::agent
