#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "protocol/poll.h"
#include "scheduler/core/core.h"

namespace reeve::shell {

/// What other threads want of the loop: a look at the live core, or bytes sent to a connection.
class LoopTasks {
 public:
  static constexpr std::size_t kMost = 1024;

  struct Outgoing {
    core::ConnectionId to;
    Bytes message;
  };

  /// Runs `look` in the loop's thread and waits for it. False once the loop has ended, or too many wait.
  bool ask(const std::function<void(const core::Core&)>& look) {
    Question mine{&look};
    std::unique_lock lock(mutex_);
    if (closed_ || questions_.size() >= kMost) return false;
    questions_.push_back(&mine);
    wakeup_.wake();
    answered_.wait(lock, [&] { return mine.done || closed_; });
    return mine.done;
  }
  /// Waits while too much waits to be sent.
  void send(Outgoing outgoing) {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return closed_ || outgoing_.size() < kMost; });
    if (closed_) return;
    outgoing_.push_back(std::move(outgoing));
    wakeup_.wake();
  }

  // ---- the loop's side ----

  const net::Wakeup& wakeup() const { return wakeup_; }
  void answer(const core::Core& core) {
    const std::lock_guard lock(mutex_);  // questions are short, and their askers wait anyway
    for (Question* question : questions_) {
      (*question->look)(core);
      question->done = true;
    }
    questions_.clear();
    answered_.notify_all();
  }
  std::deque<Outgoing> take_outgoing() {
    wakeup_.clear();
    const std::lock_guard lock(mutex_);
    answered_.notify_all();
    return std::exchange(outgoing_, {});
  }
  /// Nobody waits for the loop any more.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    questions_.clear();
    answered_.notify_all();
  }

 private:
  struct Question {
    const std::function<void(const core::Core&)>* look = nullptr;
    bool done = false;
  };
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Question*> questions_;
  std::deque<Outgoing> outgoing_;
  bool closed_ = false;
  net::Wakeup wakeup_;
};

}  // namespace reeve::shell
