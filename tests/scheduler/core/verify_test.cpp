#include <set>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Verify : public RegionFixture {
 protected:
  void join_owners(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(owners_.size());
      owners_.push_back(owner("owner" + number));
      rigs_.push_back(join(owners_.back(), "rig" + number));
    }
  }
  /// Tasks of a one-step job by how many distinct owners ran them.
  std::map<std::size_t, int> spread(JobId id, std::uint32_t tasks) const {
    std::map<std::size_t, int> counts;
    for (TaskIndex task = 0; task < tasks; ++task) {
      const auto ran = owners_that_ran({id, 0}, task);
      const std::set<PartyId> distinct(ran.begin(), ran.end());
      EXPECT_EQ(distinct.size(), ran.size()) << "no owner runs a task twice";
      ++counts[distinct.size()];
    }
    return counts;
  }

  std::vector<PartyId> owners_;
  std::vector<AgentId> rigs_;
};

TEST_F(Verify, ANewOwnersTasksAreAllRunByTwoOwners) {
  const PartyId ada = requester("ada");
  join_owners(2);
  const JobId id = submit(ada, inline_job(10));
  work();
  EXPECT_EQ(spread(id, 10), (std::map<std::size_t, int>{{2, 10}}));
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Verify, TwoOwnersAgreeingArePaidOnceEach) {
  const PartyId ada = requester("ada", kMicroPerCredit);
  join_owners(2);
  const JobId id = submit(ada, inline_job(10));
  work();
  for (const PartyId owner : owners_)
    EXPECT_EQ(balance(AccountKind::kHeld, owner), 10 * kNet);
  EXPECT_EQ(balance(AccountKind::kFee), 20 * kFee);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), kMicroPerCredit - 20 * kPrice);
  EXPECT_EQ(balance(AccountKind::kEscrow, id.value()), 0);
  EXPECT_EQ(job(id).spent, 20 * kPrice);
}

TEST_F(Verify, WhoeverFollowsAWithheldResultIsConfirmedByAnotherOwner) {
  found(trusting());
  const PartyId ada = requester("ada");
  join_owners(1);
  const JobId id = submit(ada, stored_job(1));
  report_all(rigs_[0]);
  ASSERT_EQ(uploads_.size(), 1U) << "one report is enough, until its bytes are withheld";
  answer_upload(uploads_[0], false, {});
  ASSERT_EQ(events<StoreAbandoned>().size(), 1U);
  uploads_.clear();

  join_owners(1);
  report_all(rigs_[1]);
  EXPECT_TRUE(uploads_.empty()) << "nobody takes the second owner's word alone";
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  join_owners(1);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(owners_that_ran({id, 0}, 0).size(), 3U);
}

TEST_F(Verify, WithoutAnotherOwnerAResultWaits) {
  const PartyId ada = requester("ada");
  join_owners(1);
  const JobId id = submit(ada, inline_job(3));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  EXPECT_TRUE(events<Settled>().empty()) << "nobody is paid for what nobody checked";
  EXPECT_NE(explained(id).find("checked by an owner other than owner0"), std::string::npos) << explained(id);
  join_owners(1);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Verify, WhereNoOtherOwnerCouldTheRefereeChecks) {
  const PartyId ada = requester("ada");
  join_owners(1);
  referee();
  const JobId id = submit(ada, inline_job(3));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(owners_that_ran({id, 0}, 0), (std::vector<PartyId>{owners_[0], operator_}));
}

TEST_F(Verify, AfterProbationAFloorOfTasksIsStillDrawn) {
  Policy policy;
  policy.floor_ppm = 200'000;
  found(policy);
  const PartyId ada = requester("ada");
  join_owners(2);
  submit(ada, inline_job(60));
  work();
  ASSERT_GE(state().owners.at(owners_[0]).validated, policy.probation_tasks);
  ASSERT_GE(state().owners.at(owners_[1]).validated, policy.probation_tasks);
  const JobId id = submit(ada, inline_job(400));
  work();
  const auto counts = spread(id, 400);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_GT(counts.at(2), 40) << "a fifth is expected";
  EXPECT_LT(counts.at(2), 130);
  EXPECT_EQ(counts.at(1) + counts.at(2), 400);
}

TEST_F(Verify, WithoutVerificationOneReportIsEnough) {
  const PartyId ada = requester("ada");
  join_owners(2);
  JobSpec spec = inline_job(10);
  spec.verify.mode = VerifyMode::kNone;
  const JobId id = submit(ada, spec);
  work();
  EXPECT_EQ(spread(id, 10), (std::map<std::size_t, int>{{1, 10}}));
}

TEST_F(Verify, AQuorumOfThreeTakesThreeOwners) {
  const PartyId ada = requester("ada");
  join_owners(2);
  JobSpec spec = inline_job(5);
  spec.verify = {VerifyMode::kQuorum, 3};
  const JobId id = submit(ada, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning) << "two are not enough";
  join_owners(1);
  work();
  EXPECT_EQ(spread(id, 5), (std::map<std::size_t, int>{{3, 5}}));
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  for (const PartyId owner : owners_)
    EXPECT_EQ(balance(AccountKind::kHeld, owner), 5 * kNet);
}

TEST_F(Verify, AFailedAttemptIsRetriedOnAnotherOwner) {
  found(trusting());
  const PartyId ada = requester("ada");
  join_owners(1);
  habits_[rigs_[0]].fails = true;
  const JobId id = submit(ada, inline_job(1));
  report_all(rigs_[0]);
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  join_owners(1);
  work();
  EXPECT_EQ(owners_that_ran({id, 0}, 0), (std::vector<PartyId>{owners_[1]}));
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kHeld, owners_[0]), 0);
}

TEST_F(Verify, TasksFailWhenRetriesAreUsedUp) {
  found(trusting());
  const PartyId ada = requester("ada", kMicroPerCredit);
  join_owners(3);
  for (const AgentId rig : rigs_)
    habits_[rig].fails = true;
  JobSpec spec = inline_job(4);
  spec.max_retries = 2;
  const JobId id = submit(ada, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kFailed);
  EXPECT_EQ(job(id).steps[0].failed.size(), 4U);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), kMicroPerCredit) << "failures cost nothing";
  EXPECT_NE(job(id).reason.find("4 tasks failed"), std::string::npos);
  for (TaskIndex task = 0; task < 4; ++task) {
    std::set<PartyId> tried;
    int attempts = 0;
    for (const auto& e : events<AttemptFailed>())
      if (e.tasks.first <= task && task < e.tasks.end()) tried.insert(e.owner), ++attempts;
    EXPECT_EQ(attempts, 3) << "the first attempt and two retries";
    EXPECT_EQ(tried.size(), 3U) << "each of another owner";
  }
}

TEST_F(Verify, TheOnlyOwnerTriesAgainAfterAPause) {
  found(trusting());
  const PartyId ada = requester("ada");
  join_owners(1);
  habits_[rigs_[0]].fails = true;
  const JobId id = submit(ada, inline_job(1));
  report_all(rigs_[0]);
  EXPECT_EQ(tasks_held(rigs_[0]), 0U) << "not at once";
  habits_[rigs_[0]].fails = false;
  pass(seconds(11));
  EXPECT_EQ(tasks_held(rigs_[0]), 1U);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Verify, AResultOfTheWrongKernelIsRefusedByName) {
  found(trusting());
  const PartyId ada = requester("ada");
  join_owners(1);
  submit(ada, inline_job(1));
  ReportReceived report = report_of(todo_of(rigs_[0]).at(0));
  report.sections[0].section.kernel.contract = 2;
  see(report);
  const auto item = effects<SendAck>().back().ack.items.at(0);
  EXPECT_EQ(item.status, msg::SectionStatus::kRefused);
  EXPECT_NE(item.why.find("kernel test/2 reported, test/1 asked"), std::string::npos) << item.why;
  EXPECT_TRUE(events<ResultsRecorded>().empty());
}

TEST_F(Verify, AResultLargerThanTheStepAllowsIsRefused) {
  found(trusting());
  const PartyId ada = requester("ada");
  join_owners(1);
  submit(ada, stored_job(1));
  ReportReceived report = report_of(todo_of(rigs_[0]).at(0));
  std::get<msg::RootedResults>(report.sections[0].section.outcome).sizes[0] = 8193;
  see(report);
  EXPECT_EQ(effects<SendAck>().back().ack.items.at(0).status, msg::SectionStatus::kRefused);
  EXPECT_EQ(events<AttemptFailed>().size(), 1U);
}

}  // namespace
}  // namespace reeve::core
