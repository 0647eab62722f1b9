#pragma once

#include <algorithm>
#include <cstdint>

#include "agent/core/bounds.h"

namespace reeve::agent {

/// What an agent's owner may set, within the wire's bounds; `reeve bench tune` says what suits a machine.
struct Pacing {
  std::uint32_t credit_tasks = limits::kCreditPerAgent;  // in hand at once, at most
  std::uint32_t report_tasks = bounds::kReportTasks;     // a report leaves once it has so many
};

/// How long tasks take here, and what follows for prefetch and hand-offs. Rises at once, falls slowly: credit
/// that was granted for short tasks cannot be taken back from long ones.
class Pace {
 public:
  explicit Pace(std::uint32_t credit_tasks) : credit_tasks_(credit_tasks) {}

  void observe(Duration spent, std::uint32_t tasks) {
    if (tasks == 0) return;
    const std::int64_t each_ns = std::max<std::int64_t>(spent.ns / tasks, 1);
    if (task_ns_ == 0 || each_ns > task_ns_) {
      task_ns_ = each_ns;
    } else {
      task_ns_ -= std::max<std::int64_t>((task_ns_ - each_ns) / 4, task_ns_ > each_ns ? 1 : 0);
    }
  }
  bool known() const { return task_ns_ != 0; }
  Duration task() const { return {task_ns_}; }

  /// Tasks that the agent wants in hand.
  std::uint32_t window(std::uint32_t slots) const {
    const std::uint64_t each =
        std::max<std::uint64_t>(fitting(bounds::kWorkPerSlot), bounds::kLeastTasksPerSlot);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(each * slots, credit_tasks_));
  }
  /// Tasks of one hand-off, at least one.
  std::uint32_t batch() const {
    const std::uint64_t n = fitting(bounds::kWorkPerBatch);
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(n, 1, bounds::kTasksPerBatch));
  }
  /// True where a second hand-off may wait behind the running one without being stuck there for long.
  bool short_tasks() const { return known() && task_ns_ <= bounds::kWorkPerBatch.ns; }

 private:
  std::uint64_t fitting(Duration work) const {
    return known() ? static_cast<std::uint64_t>(work.ns / task_ns_) : 0;
  }

  std::uint32_t credit_tasks_;
  std::int64_t task_ns_ = 0;  // 0: nothing observed yet
};

}  // namespace reeve::agent
