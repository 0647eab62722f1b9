#include "agent/core/task_queue.h"

#include <algorithm>

#include "agent/core/ranges.h"

namespace reeve::agent {

void TaskQueue::push(BatchItem item, bool ready) {
  if (ready) ready_tasks_ += item.tasks.count;
  (ready ? ready_ : waiting_).push_back(std::move(item));
}

void TaskQueue::push_front(BatchItem item) {
  ready_tasks_ += item.tasks.count;
  ready_.push_front(std::move(item));
}

std::vector<BatchItem> TaskQueue::take(std::uint32_t tasks) {
  std::vector<BatchItem> taken;
  while (tasks > 0 && !ready_.empty()) {
    BatchItem& front = ready_.front();
    const std::uint32_t n = std::min(tasks, front.tasks.count);
    taken.push_back({front.attempt, front.step, {front.tasks.first, n}, nullptr});
    front.tasks = {front.tasks.first + n, front.tasks.count - n};
    if (front.tasks.count == 0) ready_.pop_front();
    tasks -= n;
    ready_tasks_ -= n;
  }
  return taken;
}

std::vector<BatchItem> TaskQueue::remove(AttemptId attempt, TaskRange tasks) {
  std::vector<BatchItem> removed;
  for (std::deque<BatchItem>* queue : {&ready_, &waiting_}) {
    std::deque<BatchItem> kept;
    for (BatchItem& item : *queue) {
      const TaskRange cut =
          item.attempt == attempt ? intersection(item.tasks, tasks) : TaskRange{item.tasks.first, 0};
      if (cut.count == 0) {
        kept.push_back(std::move(item));
        continue;
      }
      for (const TaskRange left : without(item.tasks, cut))
        kept.push_back({item.attempt, item.step, left, nullptr});
      if (queue == &ready_) ready_tasks_ -= cut.count;
      removed.push_back({item.attempt, item.step, cut, nullptr});
    }
    *queue = std::move(kept);
  }
  return removed;
}

std::vector<BatchItem> TaskQueue::drain() {
  std::vector<BatchItem> all(std::make_move_iterator(ready_.begin()), std::make_move_iterator(ready_.end()));
  all.insert(all.end(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  ready_.clear();
  waiting_.clear();
  ready_tasks_ = 0;
  return all;
}

}  // namespace reeve::agent
