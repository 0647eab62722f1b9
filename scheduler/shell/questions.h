#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "scheduler/shell/api.h"
#include "scheduler/shell/loop.h"

namespace reeve::shell {

/// The thread that answers what peers ask over the control socket, so that no question holds up the loop.
class Questions {
 public:
  static constexpr std::size_t kMost = 256;
  /// How long an answer waits for the view to know what its asker has seen.
  static constexpr std::chrono::milliseconds kPatience{5000};

  Questions(std::unique_ptr<Api> api, View& view, LoopTasks& loop);
  ~Questions();
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;
  /// Called by the loop; false when too many wait.
  bool put(PeerQuestion question);

 private:
  void run();
  msg::Reply answer(const PeerQuestion& question);

  std::unique_ptr<Api> api_;
  View& view_;
  LoopTasks& loop_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<PeerQuestion> queue_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reeve::shell
