#pragma once

#include <deque>
#include <vector>

#include "agent/core/io.h"

namespace reeve::agent {

/// Tasks that no worker has yet: `waiting` ones lack an input, `ready` ones do not. First come, first served.
/// Bounded by the credit that was granted.
class TaskQueue {
 public:
  void push(BatchItem item, bool ready);
  /// Tasks that lost their worker run before all others.
  void push_front(BatchItem item);

  /// Takes up to `tasks` tasks in order.
  std::vector<BatchItem> take(std::uint32_t tasks);

  /// Moves the tasks whose inputs have all arrived. `ready(step)` says which.
  template <class Ready>
  void release(const Ready& ready) {
    for (auto item = waiting_.begin(); item != waiting_.end();) {
      if (!ready(*item->step)) {
        ++item;
        continue;
      }
      ready_tasks_ += item->tasks.count;
      ready_.push_back(std::move(*item));
      item = waiting_.erase(item);
    }
  }
  /// Removes the tasks of an attempt that lie in `tasks`; returns what was removed.
  std::vector<BatchItem> remove(AttemptId attempt, TaskRange tasks);
  /// Removes the waiting tasks of which `fits(item)`.
  template <class Fits>
  std::vector<BatchItem> remove_waiting(const Fits& fits) {
    std::vector<BatchItem> removed;
    std::deque<BatchItem> kept;
    for (BatchItem& item : waiting_)
      (fits(item) ? static_cast<void>(removed.push_back(std::move(item))) : kept.push_back(std::move(item)));
    waiting_ = std::move(kept);
    return removed;
  }
  /// Empties the queue.
  std::vector<BatchItem> drain();

  std::uint32_t ready_tasks() const { return ready_tasks_; }
  bool any_waiting() const { return !waiting_.empty(); }

 private:
  std::deque<BatchItem> ready_;
  std::deque<BatchItem> waiting_;
  std::uint32_t ready_tasks_ = 0;
};

}  // namespace reeve::agent
