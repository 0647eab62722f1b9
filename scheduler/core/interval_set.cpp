#include "scheduler/core/interval_set.h"

#include <algorithm>

namespace reeve::core {

std::uint64_t count_tasks(const std::vector<TaskRange>& ranges) {
  std::uint64_t count = 0;
  for (const TaskRange range : ranges)
    count += range.count;
  return count;
}

bool IntervalSet::contains(TaskIndex index) const {
  return contains(TaskRange{index, 1});
}

bool IntervalSet::contains(TaskRange range) const {
  if (range.count == 0) return true;
  auto after = ranges_.upper_bound(range.first);
  if (after == ranges_.begin()) return false;
  return std::prev(after)->second >= range.end();
}

bool IntervalSet::intersects(TaskRange range) const {
  if (range.count == 0) return false;
  const auto after = ranges_.lower_bound(range.end());
  return after != ranges_.begin() && std::prev(after)->second > range.first;
}

std::uint64_t IntervalSet::insert(TaskRange range) {
  if (range.count == 0) return 0;
  TaskIndex first = range.first;
  TaskIndex end = range.end();
  std::uint64_t swallowed = 0;
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin() && std::prev(next)->second >= first) --next;
  while (next != ranges_.end() && next->first <= end) {
    first = std::min(first, next->first);
    end = std::max(end, next->second);
    swallowed += next->second - next->first;
    next = ranges_.erase(next);
  }
  ranges_.emplace_hint(next, first, end);
  const std::uint64_t added = (end - first) - swallowed;
  size_ += added;
  return added;
}

std::uint64_t IntervalSet::erase(TaskRange range) {
  if (range.count == 0) return 0;
  const TaskIndex first = range.first;
  const TaskIndex end = range.end();
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin() && std::prev(next)->second > first) --next;
  std::uint64_t taken = 0;
  while (next != ranges_.end() && next->first < end) {
    const auto [held_first, held_end] = *next;
    next = ranges_.erase(next);
    taken += std::min(held_end, end) - std::max(held_first, first);
    if (held_first < first) ranges_.emplace(held_first, first);
    if (held_end > end) {
      ranges_.emplace(end, held_end);
      break;
    }
  }
  size_ -= taken;
  return taken;
}

TaskRange IntervalSet::front(std::uint32_t limit) const {
  if (ranges_.empty()) return {};
  const auto& [first, end] = *ranges_.begin();
  return {first, std::min(limit, end - first)};
}

std::vector<TaskRange> IntervalSet::overlap(TaskRange range) const {
  std::vector<TaskRange> parts;
  if (range.count == 0) return parts;
  auto next = ranges_.upper_bound(range.first);
  if (next != ranges_.begin() && std::prev(next)->second > range.first) --next;
  for (; next != ranges_.end() && next->first < range.end(); ++next) {
    const TaskIndex first = std::max(next->first, range.first);
    parts.push_back({first, std::min(next->second, range.end()) - first});
  }
  return parts;
}

std::vector<TaskRange> IntervalSet::ranges() const {
  std::vector<TaskRange> all;
  all.reserve(ranges_.size());
  for (const auto& [first, end] : ranges_)
    all.push_back({first, end - first});
  return all;
}

}  // namespace reeve::core
