#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "agent/core/io.h"
#include "agent/shell/runner.h"
#include "agent/shell/spool.h"
#include "protocol/messages.h"
#include "protocol/poll.h"

namespace reeve::agent {

/// Stores and hashes large results in a thread of its own: a disk that takes a second for 64 MiB must not
/// hold up heartbeats and cancels. Small results pass through at once. Events of a slot keep their order;
/// those of different slots may overtake each other.
class ResultKeeper {
 public:
  /// Bytes that wait to be stored; beyond them full() says to take nothing from the workers. One result may
  /// exceed it, since the largest is as large as a frame of a worker.
  static constexpr std::uint64_t kWaitingBytes = 256U << 20;

  explicit ResultKeeper(Spool& spool, std::uint64_t most_waiting_bytes = kWaitingBytes)
      : spool_(spool), most_waiting_bytes_(most_waiting_bytes), thread_([this] { run(); }) {}
  /// Ends what is being stored, and drops the rest: without its report it never counted.
  ~ResultKeeper();
  ResultKeeper(const ResultKeeper&) = delete;
  ResultKeeper& operator=(const ResultKeeper&) = delete;

  void take(RunnerEvent event, std::vector<Input>& inputs);
  /// Reads the result of `effect` from the spool (or its payload) and hashes its leaves.
  void open(AnswerOpening effect);
  bool full() const { return waiting_bytes_ > most_waiting_bytes_; }

  struct Finished {
    std::vector<Input> inputs;
    std::vector<msg::Opening> openings;
  };
  /// What the thread has finished since the last call, and what waited behind it.
  Finished pump();
  /// Readable when pump() has something.
  int fd() const { return wakeup_.descriptor(); }

 private:
  using Work = std::variant<TaskOutput, AnswerOpening>;
  struct Done {
    std::optional<SlotIndex> slot;  // whose line goes on
    std::uint64_t bytes = 0;
    Finished finished;
  };

  void run();
  Done perform(Work& work) const;
  void put(Work work, std::uint64_t bytes);
  void move_on(SlotIndex slot, std::vector<Input>& inputs);

  Spool& spool_;
  const std::uint64_t most_waiting_bytes_;
  // The loop's own: for each slot with results in the thread, what came after them. Empty places stand for
  // those results.
  std::map<SlotIndex, std::deque<std::optional<RunnerEvent>>> lines_;
  std::uint64_t waiting_bytes_ = 0;
  net::Wakeup wakeup_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::pair<Work, std::uint64_t>> queue_;
  std::deque<Done> done_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace reeve::agent
