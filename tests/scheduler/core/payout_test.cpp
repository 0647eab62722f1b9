#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Payout : public RegionFixture {
 protected:
  void start(const Policy& policy) {
    found(policy);
    ada_ = requester("ada");
    otto_ = owner("otto");
    rig_ = join(otto_, "rig");
  }
  static Policy without_stake() {
    Policy policy = trusting();
    policy.stake_target = 0;
    return policy;
  }
  void run_tasks(int count) {
    for (int i = 0; i < count; ++i) {
      submit(ada_, inline_job(1));
      work();
    }
  }

  PartyId ada_;
  PartyId otto_;
  AgentId rig_;
};

TEST_F(Payout, ATaskVestsOnceItsOwnerHadSoManyAcceptedAfterIt) {
  Policy policy = without_stake();
  policy.vest_tasks = 5;
  start(policy);
  run_tasks(5);
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), 0);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), 5 * kNet);
  run_tasks(1);
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), kNet);
  run_tasks(4);
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), 5 * kNet);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), 5 * kNet);
}

TEST_F(Payout, AnotherOwnersTasksVestNothingOfHis) {
  Policy policy = without_stake();
  policy.vest_tasks = 5;
  start(policy);
  run_tasks(1);
  see(AgentGone{rig_});
  join(owner("olga"), "other rig");
  run_tasks(20);
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), 0);
}

TEST_F(Payout, ATaskVestsByAge) {
  start(without_stake());
  run_tasks(1);
  pass(hours(71));
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), 0);
  pass(hours(1));
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), kNet);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), 0);
}

TEST_F(Payout, TheStakeIsWithheldFirst) {
  Policy policy = trusting();
  policy.vest_tasks = 1;
  policy.stake_target = 2 * kNet + 100;
  start(policy);
  run_tasks(3);
  EXPECT_EQ(balance(AccountKind::kStake, otto_), 2 * kNet);
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), 0);
  run_tasks(1);
  EXPECT_EQ(balance(AccountKind::kStake, otto_), policy.stake_target);
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), kNet - 100);
  run_tasks(1);
  EXPECT_EQ(balance(AccountKind::kStake, otto_), policy.stake_target) << "no more than its target";
  EXPECT_EQ(balance(AccountKind::kPayable, otto_), 2 * kNet - 100);
}

TEST_F(Payout, AFinalJobIsForgottenAndItsAgentReleased) {
  start(without_stake());
  run_tasks(1);
  EXPECT_TRUE(state().jobs.contains(JobId(1))) << "it could still be recalled";
  pass(hours(73));
  EXPECT_TRUE(state().jobs.empty());
  EXPECT_EQ(events<JobForgotten>().size(), 1U);
  const auto released = effects<SendVerdicts>().back();
  EXPECT_EQ(released.to, rig_);
  EXPECT_EQ(released.verdicts.items.at(0).kind, msg::VerdictKind::kReleased);
}

TEST_F(Payout, AJobOfWhichAllWasRecalledButConfirmedIsForgottenToo) {
  Policy policy = without_stake();
  policy.vest_tasks = 100;
  policy.strikes = 1;
  start(policy);
  // Ada's task was confirmed by Olga, whose share vests; Otto's is recalled.
  const PartyId olga = owner("olga");
  const AgentId second = join(olga, "second");
  JobSpec spec = inline_job(1);
  spec.verify = {VerifyMode::kQuorum, 2};
  const JobId id = submit(ada_, spec);
  work();
  ASSERT_EQ(job(id).unvested, 2U);
  JobSpec many = inline_job(100);
  many.verify.mode = VerifyMode::kNone;
  see(AgentGone{rig_});
  submit(ada_, many);
  work();
  ASSERT_EQ(job(id).unvested, 1U) << "olga's has vested";
  connect(rig_);
  referee();
  habits_[rig_].lie = 1;
  submit(ada_, spec);
  for (int i = 0; i < 2; ++i)
    for (const AgentId rig : {rig_, second})
      report_all(rig);
  work();
  ASSERT_EQ(events<OwnerConvicted>().size(), 1U);
  EXPECT_FALSE(state().jobs.contains(id));
}

}  // namespace
}  // namespace reeve::core
