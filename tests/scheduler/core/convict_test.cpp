#include <algorithm>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

constexpr MicroCredits kStake = 3 * kMicroPerCredit;
constexpr MicroCredits kFunds = 10 * kMicroPerCredit;

/// A liar who was trusted: his tasks were accepted on his word alone, until two of another job are disproved.
class Convict : public RegionFixture {
 protected:
  Convict() {
    found(trusting());
    ada_ = requester("ada", kFunds);
    bob_ = requester("bob", kFunds);
    liar_ = owner("liar", kStake);
    honest_ = owner("honest");
    third_ = owner("third");
    liar_rig_ = join(liar_, "liar rig");
  }
  /// A job of ada's of which the liar's word for `done` of its tasks was taken.
  JobId trusted_job(std::uint32_t tasks, std::uint32_t done) {
    const JobId id = submit(ada_, inline_job(tasks));
    while (job(id).steps[0].done.size() < done) {
      Todo todo = todo_of(liar_rig_).at(0);
      for (const TaskRange whole = todo.assignment.tasks;
           todo.assignment.tasks.first < whole.end() && job(id).steps[0].done.size() < done;
           ++todo.assignment.tasks.first) {
        todo.assignment.tasks.count = 1;
        see(report_of(todo));
      }
      std::erase_if(todo_, [&](const Todo& t) { return t.assignment.attempt == todo.assignment.attempt; });
    }
    return id;
  }
  /// Two disproved results of bob's job.
  void expose() {
    habits_[liar_rig_].lie = 1;
    JobSpec spec = inline_job(2);
    spec.verify = {VerifyMode::kQuorum, 2};
    spec.priority = 100;
    bobs_ = submit(bob_, spec);
    honest_rig_ = join(honest_, "honest rig");
    referee();
    for (int i = 0; i < 1000 && events<OwnerConvicted>().empty(); ++i) {
      for (const AgentId rig : {liar_rig_, honest_rig_})
        for (const Todo& todo : todo_of(rig))
          if (todo.assignment.step.job == bobs_) report(todo);
      for (int j = 0; j < 2 && !leaves_.empty(); ++j)
        judge();
    }
    ASSERT_EQ(events<OwnerConvicted>().size(), 1U);
  }
  void judge() {
    const auto [agent, leaf] = leaves_.front();
    leaves_.erase(leaves_.begin());
    see(ReportReceived{
        agent, {}, {{leaf.attempt, leaf.step, leaf.task, {0}, leaves_of(leaf.step, leaf.task, {})}}, {}});
  }
  void finish() {
    join(third_, "third rig");
    work();
  }

  PartyId ada_;
  PartyId bob_;
  PartyId liar_;
  PartyId honest_;
  PartyId third_;
  AgentId liar_rig_;
  AgentId honest_rig_;
  JobId bobs_;
};

TEST_F(Convict, WhatHadNotVestedIsTakenBackAndTheStakeSlashed) {
  trusted_job(5, 5);
  ASSERT_EQ(balance(AccountKind::kHeld, liar_), 5 * kNet);
  expose();
  EXPECT_EQ(balance(AccountKind::kHeld, liar_), 0);
  EXPECT_EQ(balance(AccountKind::kStake, liar_), 0);
  EXPECT_GT(balance(AccountKind::kInsurance), 0);
  const OwnerConvicted e = events<OwnerConvicted>()[0];
  EXPECT_EQ(e.slashed, kStake);
  EXPECT_EQ(e.clawed_back, 5 * kNet);
  EXPECT_TRUE(state().owners.at(liar_).unvested.empty());
}

TEST_F(Convict, UnconfirmedTasksAreComputedAgainAndTheJobSucceedsAgain) {
  const JobId id = trusted_job(5, 5);
  ASSERT_EQ(job(id).state, msg::JobState::kSucceeded);
  expose();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  EXPECT_EQ(job(id).reopened, 5U);
  EXPECT_EQ(job(id).steps[0].done.size(), 0U);
  finish();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(bobs_).state, msg::JobState::kSucceeded);
  for (TaskIndex task = 0; task < 5; ++task)
    EXPECT_NE(owners_that_ran({id, 0}, task).back(), liar_);
}

TEST_F(Convict, TheRequesterIsNotChargedTwice) {
  const JobId id = trusted_job(5, 5);
  expose();
  finish();
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds - 5 * kPrice);
  EXPECT_EQ(balance(AccountKind::kAvailable, bob_), kFunds - 4 * kPrice);
  EXPECT_EQ(job(id).spent, 5 * kPrice);
  EXPECT_EQ(balance(AccountKind::kFee), 9 * kFee);
}

TEST_F(Convict, TheInsuranceGetsBackWhatItLentAndWasNotSpent) {
  const JobId id = trusted_job(5, 5);
  expose();
  EXPECT_EQ(balance(AccountKind::kEscrow, id.value()), 5 * 2 * kPrice) << "each may run twice again";
  EXPECT_EQ(balance(AccountKind::kInsurance), kStake - 5 * kPrice) << "half of it came from the liar";
  EXPECT_EQ(state().lent.at(id), 5 * kPrice);
  finish();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kInsurance), kStake);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds - 5 * kPrice);
  EXPECT_TRUE(state().lent.empty());
}

TEST_F(Convict, ACancelledRecomputationRepaysTheInsuranceFirst) {
  const JobId id = trusted_job(5, 5);
  expose();
  job_command(ada_, id, msg::JobVerb::kCancel);
  EXPECT_EQ(balance(AccountKind::kInsurance), kStake);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds) << "what the liar had of it";
}

TEST_F(Convict, TheInsurancePaysWhatComputingAgainCostsMore) {
  const PartyId crony = owner("crony", kStake);
  const AgentId crony_rig = join(crony, "crony rig");
  JobSpec spec = inline_job(5);
  spec.verify = {VerifyMode::kQuorum, 2};
  const JobId id = submit(ada_, spec);
  work();
  ASSERT_EQ(job(id).state, msg::JobState::kSucceeded);
  see(AgentGone{crony_rig});
  expose();
  ASSERT_EQ(balance(AccountKind::kAvailable, ada_), kFunds - 5 * kPrice) << "the liar's half is back";
  habits_[crony_rig].lie = 2;
  connect(crony_rig, 8);
  spec = inline_job(20);
  spec.verify = {VerifyMode::kQuorum, 2};
  submit(bob_, spec);
  finish();
  ASSERT_EQ(events<OwnerConvicted>().size(), 2U);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds - 5 * kPrice) << "she pays for no second time";
  EXPECT_EQ(balance(AccountKind::kInsurance), 2 * kStake - 5 * kPrice);
}

TEST_F(Convict, TheInsuranceLendsNothingThatTheEscrowHolds) {
  const JobId id = trusted_job(20, 6);
  expose();
  ASSERT_EQ(events<JobReopened>().size(), 1U);
  EXPECT_TRUE(events<JobReopened>()[0].chain.empty());
  EXPECT_EQ(balance(AccountKind::kEscrow, id.value()), 20 * 2 * kPrice);
  EXPECT_EQ(balance(AccountKind::kInsurance), kStake);
}

TEST_F(Convict, WhatWasLentIsKnownAfterARestart) {
  const JobId id = trusted_job(5, 5);
  expose();
  restart();
  connect(honest_rig_);
  EXPECT_EQ(state().lent.at(id), 5 * kPrice);
  finish();
  EXPECT_EQ(balance(AccountKind::kInsurance), kStake);
}

TEST_F(Convict, WhatAnotherOwnerConfirmedStands) {
  JobSpec spec = inline_job(3);
  spec.verify = {VerifyMode::kQuorum, 2};
  const JobId id = submit(ada_, spec);
  honest_rig_ = join(honest_, "first rig");
  work();
  ASSERT_EQ(job(id).state, msg::JobState::kSucceeded);
  see(AgentGone{honest_rig_});
  expose();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(id).steps[0].done.size(), 3U);
  EXPECT_EQ(balance(AccountKind::kHeld, liar_), 0) << "he is not paid for it all the same";
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds - 3 * kPrice) << "his share goes back";
}

TEST_F(Convict, AJobInItsMiddleGoesOnWithoutHim) {
  const JobId id = trusted_job(20, 6);
  expose();
  EXPECT_EQ(job(id).steps[0].done.size(), 0U);
  finish();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds - 20 * kPrice);
}

TEST_F(Convict, ACancelledJobStaysCancelled) {
  const JobId id = trusted_job(20, 6);
  job_command(ada_, id, msg::JobVerb::kCancel);
  expose();
  EXPECT_EQ(job(id).state, msg::JobState::kCancelled);
  finish();
  EXPECT_EQ(job(id).state, msg::JobState::kCancelled);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kFunds) << "what the liar had of it comes back";
}

TEST_F(Convict, APausedJobStaysPaused) {
  const JobId id = trusted_job(20, 6);
  job_command(ada_, id, msg::JobVerb::kPause);
  expose();
  EXPECT_EQ(job(id).state, msg::JobState::kPaused);
  EXPECT_EQ(job(id).steps[0].done.size(), 0U);
  job_command(ada_, id, msg::JobVerb::kResume);
  finish();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Convict, AJobThatWaitsForAReopenedOneRunsAllItsSteps) {
  const JobId first = trusted_job(3, 3);
  JobSpec spec = inline_job(1);
  spec.after = {first};
  spec.verify.mode = VerifyMode::kNone;
  spec.steps.push_back(spec.steps[0]);
  spec.steps[1].depends_on = {0};
  const JobId second = submit(ada_, spec);
  ASSERT_TRUE(job(second).steps[0].opened);
  const Todo todo = todo_of(liar_rig_).at(0);
  ASSERT_EQ(todo.assignment.step.job, second);
  todo_.clear();
  see(AgentGone{liar_rig_});
  connect(liar_rig_);
  std::erase_if(todo_, [second](const Todo& t) { return t.assignment.step.job == second; });
  expose();
  ASSERT_EQ(job(first).state, msg::JobState::kRunning);
  // The second job's first step ends while the first job is computed again.
  for (const Todo& given : todo_of(honest_rig_))
    if (given.assignment.step.job == second) report(given);
  EXPECT_NE(job(second).state, msg::JobState::kSucceeded) << "its second step never ran";
  finish();
  EXPECT_EQ(job(first).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(second).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(second).steps[1].done.size(), 1U);
}

TEST_F(Convict, HisKeysAreDropped) {
  expose();
  std::vector<TransportKey> dropped;
  for (const DropPeer& drop : effects<DropPeer>())
    dropped.push_back(drop.key);
  EXPECT_NE(std::find(dropped.begin(), dropped.end(), key("liar")), dropped.end());
  EXPECT_NE(std::find(dropped.begin(), dropped.end(), key("liar rig")), dropped.end());
  EXPECT_EQ(dropped.size(), 2U);
}

TEST_F(Convict, WhatHadVestedIsHis) {
  Policy policy = trusting();
  policy.stake_target = 0;
  policy.vest_age = hours(1);
  found(policy);
  ada_ = requester("ada", kFunds);
  bob_ = requester("bob", kFunds);
  liar_ = owner("liar", kStake);
  honest_ = owner("honest");
  third_ = owner("third");
  liar_rig_ = join(liar_, "liar rig");
  trusted_job(5, 5);
  pass(hours(2));
  ASSERT_EQ(balance(AccountKind::kPayable, liar_), 5 * kNet);
  expose();
  EXPECT_EQ(balance(AccountKind::kPayable, liar_), 5 * kNet);
}

TEST_F(Convict, SurvivesARestart) {
  const JobId id = trusted_job(5, 5);
  expose();
  restart();
  connect(honest_rig_);
  finish();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_GE(balance(AccountKind::kAvailable, ada_), kFunds - 5 * kPrice);
}

}  // namespace
}  // namespace reeve::core
