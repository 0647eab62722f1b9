#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "protocol/archive.h"
#include "protocol/ids.h"

namespace reeve::core {

/// Tasks of all the ranges together.
std::uint64_t count_tasks(const std::vector<TaskRange>& ranges);

/// A set of task indices kept as disjoint, non-adjacent ranges: an array of ten million queued tasks is one
/// entry. Every operation on a range costs O(log r) plus the ranges it touches; r is the number of ranges
/// held.
class IntervalSet {
 public:
  IntervalSet() = default;
  explicit IntervalSet(TaskRange range) { insert(range); }

  bool empty() const { return ranges_.empty(); }
  /// Indices held.
  std::uint64_t size() const { return size_; }
  std::size_t range_count() const { return ranges_.size(); }
  bool contains(TaskIndex index) const;
  bool contains(TaskRange range) const;
  bool intersects(TaskRange range) const;

  /// Adds a range; parts already held stay. Returns how many indices are new.
  std::uint64_t insert(TaskRange range);
  /// Takes a range out; parts not held are ignored. Returns how many indices were held.
  std::uint64_t erase(TaskRange range);

  /// The lowest held index and its neighbours, at most `limit` of them; count 0 when empty.
  TaskRange front(std::uint32_t limit) const;
  /// The parts of `range` that are held, ascending.
  std::vector<TaskRange> overlap(TaskRange range) const;
  std::vector<TaskRange> ranges() const;

  /// first -> end (exclusive)
  const std::map<TaskIndex, TaskIndex>& map() const { return ranges_; }
  bool operator==(const IntervalSet&) const = default;

  template <class A>
  friend void fields(A& a, IntervalSet& s) {
    a(s.ranges_, s.size_);
  }

 private:
  std::map<TaskIndex, TaskIndex> ranges_;
  std::uint64_t size_ = 0;
};

}  // namespace reeve::core
