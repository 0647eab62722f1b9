#include "client/progress.h"

#include <gtest/gtest.h>

namespace reeve::client {
namespace {

Time at(std::int64_t s) {
  return Time{} + seconds(1000 + s);
}

TEST(Progress, SteadyWorkGivesItsRateAndTheTimeLeft) {
  ProgressMeter meter;
  for (std::int64_t s = 0; s <= 20; ++s)
    meter.update(at(s), {100, static_cast<std::uint64_t>(2 * s), 0, 4});
  ASSERT_TRUE(meter.rate());
  EXPECT_NEAR(*meter.rate(), 2, 1e-9);
  EXPECT_EQ(meter.remaining()->ns, seconds(30).ns);
  EXPECT_EQ(meter.line(), "[#########...............] 40/100 tasks, 4 running, 2.0/s, 30s left");
}

TEST(Progress, NothingIsPromisedBeforeATaskHasEnded) {
  ProgressMeter meter;
  meter.update(at(0), {10, 3, 0, 1});
  meter.update(at(5), {10, 3, 0, 1});
  EXPECT_FALSE(meter.rate());
  EXPECT_FALSE(meter.remaining());
}

TEST(Progress, FailedTasksCountAsEndedAndAreNamed) {
  ProgressMeter meter;
  meter.update(at(0), {4, 0, 0, 2});
  meter.update(at(2), {4, 2, 2, 0});
  EXPECT_EQ(meter.line(), "[########################] 2/4 tasks, 2 failed, 0 running, 2.0/s");
}

TEST(Progress, AJobWithoutTasksHasALine) {
  ProgressMeter meter;
  meter.update(at(0), {});
  EXPECT_EQ(meter.line(), "[........................] 0/0 tasks, 0 running");
}

TEST(ProgressLines, ComeAtOnceAndThenAtEachTenth) {
  ProgressPace pace;
  EXPECT_TRUE(pace.due(at(0), 0, 40));
  EXPECT_FALSE(pace.due(at(1), 3, 40));
  EXPECT_TRUE(pace.due(at(2), 4, 40));
  EXPECT_FALSE(pace.due(at(3), 7, 40));
  EXPECT_TRUE(pace.due(at(4), 40, 40));
}

TEST(ProgressLines, ComeNowAndThenBetweenTenthsAndSeldomWhileNothingMoves) {
  ProgressPace pace;
  EXPECT_TRUE(pace.due(at(0), 0, 1000));
  EXPECT_FALSE(pace.due(at(9), 5, 1000));
  EXPECT_TRUE(pace.due(at(10), 5, 1000));
  EXPECT_FALSE(pace.due(at(30), 5, 1000));
  EXPECT_TRUE(pace.due(at(70), 5, 1000));
}

}  // namespace
}  // namespace reeve::client
