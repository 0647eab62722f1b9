#include "scheduler/core/interval_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace reeve::core {
namespace {

constexpr std::uint32_t kBound = 200;

/// The ranges that a plain set of indices gives.
std::vector<TaskRange> ranges_of(const std::set<TaskIndex>& indices) {
  std::vector<TaskRange> ranges;
  for (const TaskIndex index : indices) {
    if (!ranges.empty() && ranges.back().end() == index)
      ++ranges.back().count;
    else
      ranges.push_back({index, 1});
  }
  return ranges;
}

TEST(IntervalSet, AgreesWithASetOfIndicesOverASeededStory) {
  std::mt19937 random(20);  // NOLINT(cert-msc51-cpp): one story, for ever
  IntervalSet intervals;
  std::set<TaskIndex> indices;
  for (int step = 0; step < 5'000; ++step) {
    const TaskRange range{static_cast<TaskIndex>(random() % kBound),
                          static_cast<std::uint32_t>(random() % 20)};
    std::uint64_t changed = 0;
    const bool inserts = random() % 2 == 0;
    std::set<TaskIndex> inside;
    for (TaskIndex i = range.first; i < range.end(); ++i) {
      changed += inserts ? indices.insert(i).second : indices.erase(i);
      if (indices.contains(i)) inside.insert(i);
    }
    ASSERT_EQ(inserts ? intervals.insert(range) : intervals.erase(range), changed);
    ASSERT_EQ(intervals.ranges(), ranges_of(indices)) << "ranges are disjoint and never touch";
    ASSERT_EQ(intervals.size(), indices.size());
    ASSERT_EQ(intervals.empty(), indices.empty());

    const TaskRange asked{static_cast<TaskIndex>(random() % kBound),
                          static_cast<std::uint32_t>(random() % 9)};
    std::set<TaskIndex> held;
    for (TaskIndex i = asked.first; i < asked.end(); ++i)
      if (indices.contains(i)) held.insert(i);
    ASSERT_EQ(intervals.overlap(asked), ranges_of(held));
    ASSERT_EQ(intervals.intersects(asked), !held.empty());
    ASSERT_EQ(intervals.contains(asked), held.size() == asked.count);
    const TaskRange front = intervals.front(7);
    if (!indices.empty()) {
      const TaskRange lowest = ranges_of(indices).front();
      ASSERT_EQ(front, (TaskRange{lowest.first, std::min(lowest.count, 7U)}));
    } else {
      ASSERT_EQ(front.count, 0U);
    }
  }
}

TEST(IntervalSet, TenMillionQueuedTasksAreOneRange) {
  IntervalSet set(TaskRange{0, 10'000'000});
  EXPECT_EQ(set.range_count(), 1U);
  EXPECT_EQ(set.size(), 10'000'000U);
  EXPECT_EQ(set.erase({5, 1}), 1U);
  EXPECT_EQ(set.range_count(), 2U);
}

TEST(IntervalSet, HoldsTheLastTaskOfTheLargestStep) {
  IntervalSet set(TaskRange{0, 0xFFFF'FFFE});
  EXPECT_TRUE(set.contains(TaskIndex{0xFFFF'FFFD}));
  EXPECT_FALSE(set.contains(TaskIndex{0xFFFF'FFFE}));
  EXPECT_EQ(set.size(), 0xFFFF'FFFEULL);
}

}  // namespace
}  // namespace reeve::core
