#include "scheduler/shell/blob_keeper.h"

#include <gtest/gtest.h>

#include "protocol/digest.h"
#include "scheduler/shell/clock.h"
#include "scheduler/shell/folder_blob_store.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {
namespace {

constexpr std::uint64_t kQuota = 1 << 20;

class Keeper : public testing::Test {
 protected:
  Digest put(std::string_view text) {
    const Digest name = sha256(as_bytes(text));
    const std::unique_ptr<BlobWriter> writer = std::move(store_->begin()).value();
    EXPECT_TRUE(writer->write(as_bytes(text)).ok());
    EXPECT_TRUE(writer->finish(name).ok());
    return name;
  }
  static core::Event accepted(JobId job, std::vector<Digest> inputs) {
    core::JobAccepted event;
    event.job = job;
    event.requester = PartyId(2);
    event.spec.steps.emplace_back().inputs = std::move(inputs);
    return event;
  }
  std::size_t collect(const std::set<Digest>& results, Time now) {
    const Result<std::size_t> removed = keeper_.collect(results, now);
    EXPECT_TRUE(removed.ok());
    return removed ? *removed : 0;
  }
  TemporaryFolder folder_;
  std::unique_ptr<BlobStore> store_ = std::move(FolderBlobStore::open(folder_ / "blobs")).value();
  BlobKeeper keeper_{*store_, 0, kQuota};
  const Time later_ = wall_now() + hours(2);
};

TEST_F(Keeper, WhatAJobOrAResultNeedsStaysAndTheRestGoesAfterAnHour) {
  const Digest input = put("input");
  const Digest result = put("result");
  const Digest nothing = put("nothing");
  keeper_.follow(accepted(JobId(1), {input}));
  EXPECT_EQ(collect({result}, wall_now()), 0U) << "everything stays for an hour";
  EXPECT_EQ(collect({result}, later_), 1U);
  EXPECT_TRUE(store_->has(input));
  EXPECT_TRUE(store_->has(result));
  EXPECT_FALSE(store_->has(nothing));
}

TEST_F(Keeper, AnInputGoesOnceTheLastJobThatNamesItIsForgotten) {
  const Digest input = put("input");
  keeper_.follow(accepted(JobId(1), {input}));
  keeper_.follow(accepted(JobId(2), {input}));
  keeper_.follow(core::JobForgotten{JobId(1)});
  EXPECT_EQ(collect({}, later_), 0U);
  keeper_.follow(core::JobForgotten{JobId(2)});
  EXPECT_EQ(collect({}, later_), 1U);
}

TEST_F(Keeper, TheNewestCheckpointOfATaskStaysAndOlderOnesAreGivenUp) {
  const Digest old = put("old");
  const Digest newer = put("newer");
  const auto left = [](const Digest& blob) {
    return core::CheckpointStored{{JobId(1), 0}, 7, PartyId(), AttemptId(5), blob, 5, wall_now()};
  };
  keeper_.follow(left(old));
  EXPECT_TRUE(keeper_.names(old, PartyId()));
  EXPECT_FALSE(keeper_.names(old, PartyId(2))) << "a requester reads no checkpoint";
  keeper_.follow(left(newer));
  EXPECT_EQ(keeper_.take_doomed(), std::vector<Digest>{old});
  EXPECT_EQ(keeper_.remove_unless_wanted(newer, wall_now()).value(), false);
  EXPECT_EQ(keeper_.remove_unless_wanted(old, wall_now()).value(), true) << "without waiting for its hour";
  EXPECT_EQ(collect({}, later_), 0U);
  core::Settled settled;
  settled.step = {JobId(1), 0};
  settled.tasks = {{6, 2}};
  keeper_.follow(settled);
  EXPECT_EQ(keeper_.take_doomed(), std::vector<Digest>{newer}) << "its task is over";
  EXPECT_EQ(collect({}, later_), 1U);
}

TEST_F(Keeper, AResultThatTasksGoOnFromStaysUntilItIsSpent) {
  const Digest gradient = put("gradient");
  const Digest update = put("update");
  const StepRef step{JobId(1), 0};
  core::JobAccepted job = std::get<core::JobAccepted>(accepted(JobId(1), {}));
  job.spec.steps[0].iteration = {2, 1, 0, 0};
  keeper_.follow(job);
  const auto stored = [&](TaskIndex task, const Digest& blob) {
    return core::ResultStored{step, task, AttemptId(5), blob, blob, 5, wall_now()};
  };
  keeper_.follow(stored(0, gradient));
  keeper_.follow(stored(1, update));
  EXPECT_TRUE(keeper_.names(gradient, PartyId())) << "an agent may have it";
  EXPECT_EQ(collect({}, later_), 0U) << "however long the job is paused";
  keeper_.follow(core::ResultsSpent{step, {{0, 1}}, {}});
  EXPECT_FALSE(keeper_.names(gradient, PartyId()));
  EXPECT_TRUE(keeper_.names(update, PartyId()));
  keeper_.doom_spent({gradient});
  EXPECT_EQ(keeper_.take_doomed(), std::vector<Digest>{gradient});
  EXPECT_EQ(keeper_.remove_unless_wanted(gradient, wall_now()).value(), true)
      << "it does not wait for its hour";
  keeper_.doom_spent({update});
  EXPECT_EQ(keeper_.remove_unless_wanted(update, wall_now()).value(), false);
  keeper_.follow(core::JobForgotten{JobId(1)});
  EXPECT_EQ(collect({}, later_), 1U);
}

TEST_F(Keeper, AGivenUpCheckpointThatIsAResultOrAnInputTooStays) {
  const Digest both = put("both");
  const core::CheckpointStored left{{JobId(1), 0}, 7, PartyId(), AttemptId(5), both, 5, wall_now()};
  keeper_.follow(left);
  keeper_.follow(core::ResultStored{{JobId(1), 0}, 7, AttemptId(5), both, both, 5, wall_now()});
  core::JobEnded ended;
  ended.job = JobId(1);
  keeper_.follow(ended);
  ASSERT_EQ(keeper_.take_doomed(), std::vector<Digest>{both});
  EXPECT_EQ(keeper_.remove_unless_wanted(both, wall_now()).value(), false) << "it came as a result just now";
  keeper_.follow(accepted(JobId(2), {both}));
  EXPECT_EQ(keeper_.remove_unless_wanted(both, later_).value(), false);
}

TEST_F(Keeper, AResultThatIsToBeComparedStaysWhileItsTaskIsOpen) {
  const Digest darker = put("darker");
  const Digest right = put("right");
  const auto candidate = [](TaskIndex task, const Digest& blob) {
    return core::CandidateStored{{JobId(1), 0}, task, AttemptId(5), blob, blob, 5, wall_now()};
  };
  keeper_.follow(candidate(7, darker));
  keeper_.follow(candidate(7, right));
  keeper_.follow(candidate(8, darker));
  EXPECT_EQ(collect({}, later_), 0U);
  keeper_.follow(core::ResultStored{{JobId(1), 0}, 7, AttemptId(5), right, right, 5, later_});
  EXPECT_EQ(collect({}, later_ + seconds(60)), 0U) << "the one is another task's, the other the result";
  core::JobEnded ended;
  ended.job = JobId(1);
  keeper_.follow(ended);
  EXPECT_EQ(collect({right}, later_ + hours(2)), 1U);
  EXPECT_FALSE(store_->has(darker));
}

TEST_F(Keeper, ABlobThatWasAskedForStaysAnHourMore) {
  const Digest blob = put("blob");
  EXPECT_TRUE(keeper_.claim(blob, later_));
  EXPECT_EQ(collect({}, later_ + seconds(3000)), 0U);
  EXPECT_EQ(collect({}, later_ + seconds(4000)), 1U);
}

TEST_F(Keeper, WhatIsCollectedNoLongerCountsAgainstTheQuota) {
  const Digest blob = put("blob");
  ASSERT_TRUE(keeper_.expect_upload(PartyId(2), blob, kQuota).ok());
  const Digest next = sha256(as_bytes("next"));
  EXPECT_EQ(keeper_.expect_upload(PartyId(2), next, 1).error().code, ErrorCode::kExhausted);
  collect({}, later_);
  EXPECT_TRUE(keeper_.expect_upload(PartyId(2), next, 1).ok());
}

TEST_F(Keeper, ManySmallBlobsCountAsTheFilesThatTheyAre) {
  for (std::uint64_t i = 0; i < kQuota / 4096; ++i)
    ASSERT_TRUE(keeper_.expect_upload(PartyId(2), sha256(as_bytes(std::to_string(i))), 1).ok());
  EXPECT_FALSE(keeper_.expect_upload(PartyId(2), sha256(as_bytes("x")), 1).ok());
}

TEST_F(Keeper, AnUploadThatStoppedIsKeptForAnHourAndThenForgotten) {
  const Digest name = sha256(as_bytes("whole"));
  EXPECT_TRUE(std::move(store_->resume(name)).value()->write(as_bytes("who")).ok());
  collect({}, wall_now());
  EXPECT_TRUE(store_->has_partial(name));
  collect({}, later_);
  EXPECT_FALSE(store_->has_partial(name));
}

}  // namespace
}  // namespace reeve::shell
