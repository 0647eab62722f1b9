#include "agent/shell/result_keeper.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "agent/shell/files.h"
#include "protocol/leaves.h"
#include "protocol/limits.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent {
namespace {

constexpr std::uint32_t kLarge = 3 * limits::kInlineResultBytes;

/// A keeper over a spool of its own, and what the core has heard from it.
class KeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto spool = Spool::open(folder_.path());
    ASSERT_TRUE(spool.ok());
    spool_ = std::move(spool).value();
    keeper_ = std::make_unique<ResultKeeper>(*spool_);
  }

  static TaskOutput output(SlotIndex slot, TaskIndex first, const std::vector<std::uint32_t>& sizes) {
    auto step = std::make_shared<agent::StepWork>();
    step->leaf_bytes = 1024;
    TaskOutput made{slot, 1, AttemptId(9), step, {first, static_cast<std::uint32_t>(sizes.size())}, sizes,
                    {},   {}};
    for (std::size_t i = 0; i < sizes.size(); ++i)
      made.payload.insert(made.payload.end(), sizes[i], static_cast<std::uint8_t>(first + i));
    return made;
  }

  /// Pumps until the core has heard `count` things, or for long.
  void await(std::size_t count) {
    for (int i = 0; i < 100 && heard_.size() + openings_.size() < count; ++i) {
      pollfd item{keeper_->fd(), POLLIN, 0};
      poll(&item, 1, 100);
      ResultKeeper::Finished finished = keeper_->pump();
      std::move(finished.inputs.begin(), finished.inputs.end(), std::back_inserter(heard_));
      std::move(finished.openings.begin(), finished.openings.end(), std::back_inserter(openings_));
    }
    ASSERT_EQ(heard_.size() + openings_.size(), count);
  }

  TemporaryFolder folder_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<ResultKeeper> keeper_;
  std::vector<Input> heard_;
  std::vector<msg::Opening> openings_;
};

TEST_F(KeeperTest, WhatTheRegionWantsToAskForStaysHereHoweverSmall) {
  TaskOutput made = output(0, 4, {32, 32});
  auto step = std::make_shared<agent::StepWork>(*made.step);
  step->rooted = true;
  step->leaf_bytes = 0;
  made.step = step;
  keeper_->take(std::move(made), heard_);
  await(2);
  for (TaskIndex i = 0; i < 2; ++i) {
    const auto& finished = std::get<TasksFinished>(heard_[i]);
    EXPECT_EQ(finished.tasks, (TaskRange{4 + i, 1}));
    EXPECT_EQ(std::get<msg::RootedResults>(finished.results).sizes, std::vector<std::uint64_t>{32});
    EXPECT_TRUE(std::filesystem::exists(spool_->file_of(AttemptId(9), 4 + i)));
  }
}

TEST_F(KeeperTest, SmallResultsPassThroughAtOnce) {
  keeper_->take(output(0, 4, {32, 32}), heard_);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(std::get<TasksFinished>(heard_[0]).tasks, (TaskRange{4, 2}));
}

TEST_F(KeeperTest, LargeResultsAreInTheSpoolBeforeTheCoreHears) {
  const TaskOutput large = output(0, 4, {kLarge});
  keeper_->take(large, heard_);
  EXPECT_TRUE(heard_.empty());
  await(1);
  const auto& rooted = std::get<msg::RootedResults>(std::get<TasksFinished>(heard_[0]).results);
  EXPECT_EQ(rooted.roots[0], result_root(large.payload, 1024));
  EXPECT_EQ(read_file(spool_->file_of(AttemptId(9), 4)).value(), large.payload);
}

TEST_F(KeeperTest, ResultsOfOneOutputKeepTheirOrderAndBytes) {
  keeper_->take(output(0, 0, {8, kLarge, 8, 8}), heard_);
  await(3);
  EXPECT_EQ(std::get<TasksFinished>(heard_[0]).tasks, (TaskRange{0, 1}));
  EXPECT_EQ(std::get<TasksFinished>(heard_[1]).tasks, (TaskRange{1, 1}));
  const auto& last = std::get<TasksFinished>(heard_[2]);
  EXPECT_EQ(last.tasks, (TaskRange{2, 2}));
  const auto& small = std::get<msg::InlineResults>(last.results);
  EXPECT_EQ(small.payload, (Bytes{2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3}));
}

TEST_F(KeeperTest, WhatASlotSaysLaterDoesNotOvertakeItsLargeResult) {
  keeper_->take(output(0, 0, {kLarge}), heard_);
  keeper_->take(output(0, 1, {8}), heard_);
  keeper_->take(output(0, 2, {kLarge}), heard_);
  keeper_->take(SlotDown{0, "signal 9"}, heard_);
  EXPECT_TRUE(heard_.empty());
  await(4);
  for (TaskIndex task = 0; task < 3; ++task)
    EXPECT_EQ(std::get<TasksFinished>(heard_[task]).tasks.first, task);
  EXPECT_TRUE(std::holds_alternative<SlotDown>(heard_[3]));
}

TEST_F(KeeperTest, OtherSlotsDoNotWait) {
  keeper_->take(output(0, 0, {kLarge}), heard_);
  keeper_->take(output(1, 1, {8}), heard_);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(std::get<TasksFinished>(heard_[0]).slot, 1U);
}

TEST_F(KeeperTest, AResultThatCannotBeStoredFailsItsTask) {
  std::filesystem::remove_all(folder_.path());
  keeper_->take(output(0, 0, {kLarge}), heard_);
  await(1);
  EXPECT_EQ(std::get<TaskFailed>(heard_[0]).reason, msg::FailureReason::kRefused);
}

TEST_F(KeeperTest, AResultWithTooManyLeavesFailsItsTask) {
  TaskOutput large = output(0, 0, {2 * limits::kLeavesPerTask});
  auto step = std::make_shared<agent::StepWork>();
  step->leaf_bytes = 1;
  large.step = step;
  keeper_->take(std::move(large), heard_);
  await(1);
  EXPECT_NE(std::get<TaskFailed>(heard_[0]).message.find("too many leaves"), std::string::npos);
}

TEST_F(KeeperTest, OpeningsHoldTheLeavesOfWhatIsInTheSpool) {
  const TaskOutput large = output(0, 4, {kLarge});
  keeper_->take(large, heard_);
  await(1);
  keeper_->open({{AttemptId(9), {JobId(1), 0}, 4}, 1024, std::nullopt});
  await(2);
  EXPECT_EQ(openings_[0].leaf_hashes, result_leaves(large.payload, 1024));
}

TEST_F(KeeperTest, TakesNothingMoreWhileTooMuchWaits) {
  keeper_ = std::make_unique<ResultKeeper>(*spool_, 2 * kLarge - 1);
  EXPECT_FALSE(keeper_->full());
  keeper_->take(output(0, 0, {kLarge, kLarge}), heard_);
  EXPECT_TRUE(keeper_->full());
  await(2);
  EXPECT_FALSE(keeper_->full());
}

}  // namespace
}  // namespace reeve::agent
