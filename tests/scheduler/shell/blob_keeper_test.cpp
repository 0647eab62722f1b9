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
