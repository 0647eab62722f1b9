#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

/// Owners that run a program's tasks, each with one rig.
class Vote : public RegionFixture {
 protected:
  Vote() {
    found(trusting());
    ada_ = requester("ada", kMicroPerCredit);
  }
  /// Joins one more owner, whose results are lies of this name; 0: the truth.
  void join_owner(std::uint64_t lie) {
    const std::string number = std::to_string(owners_.size());
    owners_.push_back(owner("owner" + number));
    rigs_.push_back(join(owners_.back(), "rig" + number));
    habits_[rigs_.back()].lie = lie;
  }
  MicroCredits held(std::size_t i) const { return balance(AccountKind::kHeld, owners_[i]); }
  std::vector<PartyId> outvoted() const {
    std::vector<PartyId> owners;
    for (const AttemptRejected& e : events<AttemptRejected>()) {
      EXPECT_EQ(e.reason, RejectReason::kOutvoted);
      owners.push_back(e.owner);
    }
    return owners;
  }
  void nobody_is_blamed() const {
    for (const auto& [id, record] : state().owners) {
      EXPECT_EQ(record.strikes, 0U);
      EXPECT_EQ(record.faults, 0U);
      EXPECT_FALSE(record.convicted);
    }
    EXPECT_TRUE(events<TaskDisputed>().empty()) << "no referee can recompute a part of an opaque program";
  }

  PartyId ada_;
  std::vector<PartyId> owners_;
  std::vector<AgentId> rigs_;
};

TEST_F(Vote, TwoOwnersThatAgreeArePaid) {
  join_owner(0);
  join_owner(0);
  const JobId id = submit(ada_, program_job(3));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(held(0), 3 * kNet);
  EXPECT_EQ(held(1), 3 * kNet);
  nobody_is_blamed();
}

TEST_F(Vote, AThirdOwnerDecidesAndTheOutvotedIsUnpaidAndNotBlamed) {
  join_owner(7);
  join_owner(0);
  const JobId id = submit(ada_, program_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning) << "one against one decides nothing";
  EXPECT_TRUE(events<Settled>().empty());
  join_owner(0);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(outvoted(), std::vector<PartyId>{owners_[0]});
  EXPECT_EQ(held(0), 0);
  EXPECT_EQ(held(1), kNet);
  EXPECT_EQ(held(2), kNet);
  nobody_is_blamed();
}

TEST_F(Vote, AProgramThatGivesAnotherResultEachTimeFailsAndSaysWhy) {
  for (std::uint64_t lie = 1; lie <= 6; ++lie)
    join_owner(lie);
  const JobId id = submit(ada_, program_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kFailed);
  EXPECT_EQ(outvoted().size(), 5U) << "a sixth owner is not asked";
  ASSERT_EQ(events<TasksFailed>().size(), 1U);
  EXPECT_NE(events<TasksFailed>()[0].why.find("--verify none"), std::string::npos);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit) << "nobody is paid";
  nobody_is_blamed();
}

TEST_F(Vote, OwnersThatAgreeAfterASplitArePaidTwoAndNotThree) {
  join_owner(1);
  join_owner(2);
  join_owner(3);
  const JobId id = submit(ada_, program_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  join_owner(2);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(outvoted(), (std::vector<PartyId>{owners_[0], owners_[2]}));
  EXPECT_EQ(job(id).spent, 2 * kPrice);
  nobody_is_blamed();
}

TEST_F(Vote, AQuorumOfThreeWantsThree) {
  join_owner(5);
  join_owner(0);
  join_owner(0);
  JobSpec spec = program_job(1);
  spec.verify = {VerifyMode::kQuorum, 3};
  const JobId id = submit(ada_, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  join_owner(0);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(held(0), 0);
  EXPECT_EQ(job(id).spent, 3 * kPrice);
}

TEST_F(Vote, UncheckedResultsAreTakenAsTheyCome) {
  join_owner(3);
  JobSpec spec = program_job(4);
  spec.verify = {VerifyMode::kNone, 1};
  const JobId id = submit(ada_, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(held(0), 4 * kNet);
}

TEST_F(Vote, ResultsThatAreUploadedAreVotedOnAlike) {
  join_owner(7);
  join_owner(0);
  join_owner(0);
  JobSpec spec = program_job(2);
  spec.steps[0].max_result_bytes = 1U << 20;
  spec.steps[0].leaf_bytes = stored_job(1).steps[0].leaf_bytes;
  const JobId id = submit(ada_, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(held(0), 0);
  EXPECT_EQ(held(1), 2 * kNet);
  EXPECT_EQ(held(2), 2 * kNet);
  nobody_is_blamed();
}

TEST_F(Vote, GoesOnAfterARestart) {
  join_owner(7);
  join_owner(0);
  const JobId id = submit(ada_, program_job(1));
  work();
  restart();
  for (const AgentId rig : rigs_)
    connect(rig);
  join_owner(0);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(outvoted(), std::vector<PartyId>{owners_[0]});
}

}  // namespace
}  // namespace reeve::core
