#pragma once

#include <algorithm>
#include <vector>

#include "protocol/ids.h"

namespace reeve::agent {

/// The tasks that both ranges hold; count 0 if none.
constexpr TaskRange intersection(TaskRange a, TaskRange b) {
  const TaskIndex first = std::max(a.first, b.first);
  const TaskIndex end = std::min(a.end(), b.end());
  return first < end ? TaskRange{first, end - first} : TaskRange{first, 0};
}

/// What is left of `from` without `cut`: up to two ranges, ascending.
inline std::vector<TaskRange> without(TaskRange from, TaskRange cut) {
  std::vector<TaskRange> left;
  const TaskRange both = intersection(from, cut);
  if (both.count == 0) {
    if (from.count != 0) left.push_back(from);
    return left;
  }
  if (both.first > from.first) left.push_back({from.first, both.first - from.first});
  if (both.end() < from.end()) left.push_back({both.end(), from.end() - both.end()});
  return left;
}

/// What is left of `from` without any of `cuts`, ascending.
inline std::vector<TaskRange> without(TaskRange from, const std::vector<TaskRange>& cuts) {
  std::vector<TaskRange> left;
  if (from.count != 0) left.push_back(from);
  for (const TaskRange cut : cuts) {
    std::vector<TaskRange> next;
    for (const TaskRange piece : left) {
      const std::vector<TaskRange> parts = without(piece, cut);
      next.insert(next.end(), parts.begin(), parts.end());
    }
    left = std::move(next);
  }
  return left;
}

}  // namespace reeve::agent
