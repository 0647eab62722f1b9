#include "protocol/limits.h"
#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Lease : public RegionFixture {
 protected:
  Lease() {
    found(trusting());
    ada_ = requester("ada");
    otto_ = owner("otto");
  }
  static msg::HeldAttempt held(const Todo& todo) {
    const msg::Assignment& a = todo.assignment;
    return {a.attempt, a.step, a.tasks, a.replica, a.ticket};
  }
  msg::SectionStatus last_status() const { return effects<SendAck>().back().ack.items.at(0).status; }

  PartyId ada_;
  PartyId otto_;
};

TEST_F(Lease, LateResultEarnsNothing) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(1));
  const Todo late = todo_of(rig).at(0);
  now_ = now_ + seconds(29);
  beat(rig, {});  // it lives, and does not say that it holds the lease
  now_ = now_ + seconds(2);
  see(Tick{});
  ASSERT_EQ(todo_of(rig).size(), 1U);
  const Todo again = todo_of(rig).at(0);
  EXPECT_NE(again.assignment.attempt, late.assignment.attempt) << "the way back is a new attempt";

  see(report_of(late));
  EXPECT_EQ(last_status(), msg::SectionStatus::kLate);
  EXPECT_TRUE(events<Settled>().empty());
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), 0);

  report(again);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), kNet);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Lease, AnAgentThatIsLostReturnsItsTasks) {
  const AgentId quiet = join(otto_, "quiet");
  const JobId id = submit(ada_, inline_job(2));
  EXPECT_EQ(tasks_held(quiet), 2U);
  const AgentId other = join(otto_, "other");
  now_ = now_ + seconds(16);
  beat(other, {});
  see(Tick{});
  EXPECT_EQ(tasks_held(other), 2U);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(events<AttemptFailed>().empty()) << "a lost agent is no failure of its tasks";
}

TEST_F(Lease, HeartbeatsKeepALease) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(1));
  const AttemptId attempt = todo_of(rig).at(0).assignment.attempt;
  for (int i = 0; i < 4; ++i)
    pass(seconds(20));
  EXPECT_EQ(todo_of(rig).at(0).assignment.attempt, attempt);
  EXPECT_EQ(core_->running_tasks(id), 1U);
}

TEST_F(Lease, WhatAnAgentHoldsAndTheRegionDoesNotKnowIsCancelled) {
  const AgentId rig = join(otto_, "rig");
  submit(ada_, inline_job(1));
  const AttemptId known = todo_of(rig).at(0).assignment.attempt;
  beat(rig, {known, AttemptId(7)});
  ASSERT_EQ(effects<SendCancel>().size(), 1U);
  const SendCancel cancel = effects<SendCancel>()[0];
  EXPECT_EQ(cancel.to, rig);
  ASSERT_EQ(cancel.cancel.items.size(), 1U);
  EXPECT_EQ(cancel.cancel.items[0].attempt, AttemptId(7));
  EXPECT_EQ(cancel.cancel.items[0].tasks, (TaskRange{0, limits::kTasksPerStep})) << "all of it";
  EXPECT_EQ(tasks_held(rig), 1U);
}

TEST_F(Lease, AnotherAgentsAttemptIsCancelled) {
  const AgentId rig = join(otto_, "rig");
  submit(ada_, inline_job(1));
  const AttemptId known = todo_of(rig).at(0).assignment.attempt;
  const AgentId other = join(otto_, "other");
  beat(other, {known});
  ASSERT_EQ(effects<SendCancel>().size(), 1U);
  EXPECT_EQ(effects<SendCancel>()[0].to, other);
}

TEST_F(Lease, ALeafThatARefereeRecomputesIsNotCancelled) {
  const AgentId liar = join(otto_, "liar");
  habits_[liar].lie = 1;
  join(owner("honest"), "honest");
  const AgentId judge = referee();
  JobSpec spec = inline_job(1);
  spec.verify = {VerifyMode::kQuorum, 2};
  submit(ada_, spec);
  while (!todo_.empty())
    report(Todo(todo_.front()));
  ASSERT_EQ(leaves_.size(), 1U);
  beat(judge, {leaves_[0].second.attempt});
  EXPECT_TRUE(effects<SendCancel>().empty());
  beat(liar, {leaves_[0].second.attempt});
  EXPECT_EQ(effects<SendCancel>().size(), 1U);
}

TEST_F(Lease, ASilentAgentGetsNothingUntilItsNextWord) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(2));
  const AttemptId lost = todo_of(rig).at(0).assignment.attempt;
  silence(seconds(16));
  EXPECT_FALSE(connected(rig));
  EXPECT_EQ(core_->running_tasks(id), 0U);
  EXPECT_EQ(todo_.size(), 1U) << "nothing is sent to it";

  beat(rig, {lost});
  EXPECT_TRUE(connected(rig));
  ASSERT_EQ(effects<SendCancel>().size(), 1U);
  EXPECT_EQ(effects<SendCancel>()[0].cancel.items.at(0).attempt, lost) << "its old lease is over";
  ASSERT_EQ(todo_of(rig).size(), 1U);
  EXPECT_GT(todo_of(rig)[0].assignment.attempt, lost);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Lease, AReportOfASilentAgentIsLateAndBringsItBack) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(1));
  const ReportReceived report = report_of(todo_of(rig).at(0));
  todo_.clear();
  silence(seconds(16));
  see(report);
  EXPECT_EQ(last_status(), msg::SectionStatus::kLate);
  EXPECT_TRUE(connected(rig));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), kNet) << "once";
}

TEST_F(Lease, ACreditOfASilentAgentBringsItBack) {
  const AgentId rig = join(otto_, "rig");
  silence(seconds(16));
  ASSERT_FALSE(connected(rig));
  see(CreditGranted{rig, 10'000});
  EXPECT_TRUE(connected(rig));
}

TEST_F(Lease, ADisconnectedAgentIsNotBackByALateWord) {
  const AgentId rig = join(otto_, "rig");
  silence(seconds(16));
  see(AgentGone{rig});
  beat(rig, {});
  see(CreditGranted{rig, 10'000});
  EXPECT_FALSE(connected(rig));
}

TEST_F(Lease, AnAgentRevokedInItsSilenceIsNotBack) {
  const AgentId rig = join(otto_, "rig");
  silence(seconds(16));
  msg::Revoke revoke;
  revoke.agent = rig;
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(otto_, revoke)));
  beat(rig, {});
  EXPECT_FALSE(connected(rig));
}

TEST_F(Lease, ASilentRefereesLeafGoesToAnother) {
  const AgentId liar = join(otto_, "liar");
  habits_[liar].lie = 1;
  const AgentId honest = join(owner("honest"), "honest");
  referee();
  JobSpec spec = inline_job(1);
  spec.verify = {VerifyMode::kQuorum, 2};
  submit(ada_, spec);
  while (!todo_.empty())
    report(Todo(todo_.front()));
  ASSERT_EQ(leaves_.size(), 1U);
  leaves_.clear();
  now_ = now_ + seconds(16);
  for (const AgentId rig : {liar, honest})
    beat(rig, {});
  see(Tick{});
  EXPECT_TRUE(leaves_.empty());
  const AgentId second = referee();
  ASSERT_EQ(leaves_.size(), 1U);
  EXPECT_EQ(leaves_[0].first, second);
}

TEST_F(Lease, AStallEndsAtTheTimeLimitAndIsCharged) {
  join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(1));
  for (int i = 0; i < 8; ++i)
    pass(seconds(10));
  EXPECT_TRUE(events<AttemptFailed>().empty()) << "the limit and a lease have not passed";
  pass(seconds(11));
  ASSERT_EQ(events<AttemptFailed>().size(), 1U);
  EXPECT_EQ(events<AttemptFailed>()[0].reason, msg::FailureReason::kTimeLimit);
  EXPECT_EQ(events<AttemptFailed>()[0].tasks, (TaskRange{0, 1}));
  EXPECT_FALSE(effects<SendCancel>().empty());
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
}

TEST_F(Lease, AnImageMayBeFetchedAndUnpackedForLongerThanItsTasksRun) {
  const AgentId rig = enrol_agent(otto_, "rig");
  tags_[rig] = {std::string(kImageTag)};
  connect(rig);
  JobSpec spec = inline_job(1);
  spec.steps[0].need.tags = {std::string(kImageTag)};
  submit(ada_, spec);
  for (int i = 0; i < 180; ++i)
    pass(seconds(10));
  EXPECT_TRUE(events<AttemptFailed>().empty()) << "half an hour, and then the limit and a lease";
  for (int i = 0; i < 10; ++i)
    pass(seconds(10));
  EXPECT_EQ(events<AttemptFailed>().size(), 1U);
}

TEST_F(Lease, ProgressKeepsALongLeaseAlive) {
  const AgentId rig = join(otto_, "rig", 8);
  submit(ada_, inline_job(16));
  const AgentId other = join(otto_, "other");
  ASSERT_TRUE(todo_of(other).empty());
  ASSERT_EQ(todo_of(rig).size(), 1U) << "one lease of sixteen tasks";
  Todo todo = todo_of(rig).at(0);
  for (TaskIndex task = 0; task < 16; ++task) {  // 320 s in all, each task within its 60
    pass(seconds(20));
    todo.assignment.tasks = {task, 1};
    see(report_of(todo));
  }
  EXPECT_TRUE(events<AttemptFailed>().empty());
  EXPECT_EQ(job(JobId(1)).state, msg::JobState::kSucceeded);
}

TEST_F(Lease, ATaskThatKillsItsAgentsIsChargedInTheEnd) {
  const AgentId rig = enrol_agent(otto_, "rig");
  submit(ada_, inline_job(1));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(events<AttemptFailed>().empty());
    connect(rig);
    see(AgentGone{rig});
  }
  ASSERT_EQ(events<AttemptFailed>().size(), 1U);
  EXPECT_NE(events<AttemptFailed>()[0].message.find("vanished 5 times"), std::string::npos);
}

TEST_F(Lease, AReconnectedAgentKeepsWhatItHolds) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(2));
  const Todo todo = todo_of(rig).at(0);
  connect(rig, 1, 10'000, {held(todo)});
  EXPECT_EQ(core_->running_tasks(id), 2U);
  EXPECT_TRUE(effects<SendCancel>().empty());
  report(todo);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Lease, AReconnectedAgentThatForgotLosesItsLeases) {
  const AgentId rig = join(otto_, "rig");
  submit(ada_, inline_job(2));
  const Todo old = todo_of(rig).at(0);
  todo_.clear();
  connect(rig);
  ASSERT_EQ(tasks_held(rig), 2U);
  EXPECT_NE(todo_of(rig).at(0).assignment.attempt, old.assignment.attempt);
}

TEST_F(Lease, ARestartAdoptsWhatATrueTicketProves) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(2));
  const Todo todo = todo_of(rig).at(0);
  restart();
  EXPECT_EQ(core_->running_tasks(id), 0U);
  connect(rig, 1, 10'000, {held(todo)});
  EXPECT_EQ(core_->running_tasks(id), 2U);
  EXPECT_TRUE(todo_.empty()) << "nothing is sent anew";
  see(report_of(todo));
  EXPECT_EQ(last_status(), msg::SectionStatus::kRecorded);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), 2 * kNet);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Lease, AForgedTicketIsNotAdopted) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(2));
  const Todo todo = todo_of(rig).at(0);
  restart();
  msg::HeldAttempt forged = held(todo);
  forged.ticket[0] ^= 1;
  connect(rig, 1, 10'000, {forged});
  ASSERT_EQ(effects<SendCancel>().size(), 1U);
  EXPECT_EQ(effects<SendCancel>()[0].cancel.items.at(0).attempt, todo.assignment.attempt);
  ASSERT_EQ(tasks_held(rig), 2U);
  EXPECT_NE(todo_of(rig).at(0).assignment.attempt, todo.assignment.attempt);
  EXPECT_EQ(core_->running_tasks(id), 2U);
}

TEST_F(Lease, ATicketServesItsOwnAgentAndItsOwnTasks) {
  const AgentId rig = join(otto_, "rig");
  const AgentId thief = enrol_agent(otto_, "thief");
  const JobId id = submit(ada_, inline_job(3));
  const Todo todo = todo_of(rig).at(0);
  restart();
  connect(thief, 1, 0, {held(todo)});
  EXPECT_EQ(core_->running_tasks(id), 0U);
  msg::HeldAttempt wider = held(todo);
  wider.tasks.count = 3;
  connect(rig, 1, 0, {wider});
  EXPECT_EQ(core_->running_tasks(id), 0U);
}

TEST_F(Lease, WhatOthersDidMeanwhileIsNotAdopted) {
  const AgentId rig = join(otto_, "rig");
  const AgentId other = enrol_agent(otto_, "other");
  const JobId id = submit(ada_, inline_job(2));
  const Todo todo = todo_of(rig).at(0);
  restart();
  connect(other, 1, 1);
  report_all(other);
  connect(rig, 1, 0, {held(todo)});
  EXPECT_EQ(core_->running_tasks(id), 1U);
  see(report_of(todo));
  EXPECT_EQ(last_status(), msg::SectionStatus::kLate) << "one of its tasks is done";
}

TEST_F(Lease, AttemptIdsNeverRepeatOverARestart) {
  const AgentId rig = join(otto_, "rig");
  submit(ada_, inline_job(1));
  const AttemptId before = todo_of(rig).at(0).assignment.attempt;
  restart();
  connect(rig);
  EXPECT_GT(todo_of(rig).at(0).assignment.attempt, before);
}

TEST_F(Lease, ADuplicateReportIsAcknowledgedAndPaidOnce) {
  const AgentId rig = join(otto_, "rig");
  submit(ada_, inline_job(2));
  const ReportReceived report = report_of(todo_of(rig).at(0));
  see(report);
  see(report);
  ASSERT_EQ(effects<SendAck>().size(), 2U);
  EXPECT_EQ(last_status(), msg::SectionStatus::kRecorded);
  EXPECT_EQ(events<ResultsRecorded>().size(), 1U);
  EXPECT_EQ(balance(AccountKind::kHeld, otto_), 2 * kNet);
}

TEST_F(Lease, ADuplicateOfAResultThatAwaitsItsCheckIsNotASecondOpinion) {
  found(Policy{});
  const PartyId ada = requester("ada");
  const AgentId rig = join(owner("otto"), "rig");
  const JobId id = submit(ada, inline_job(1));
  const ReportReceived report = report_of(todo_of(rig).at(0));
  see(report);
  see(report);
  EXPECT_EQ(last_status(), msg::SectionStatus::kRecorded);
  EXPECT_EQ(job(id).steps[0].open.at(0).attempts.size(), 1U);
  EXPECT_TRUE(events<Settled>().empty());
}

TEST_F(Lease, AnotherAgentsLeaseCannotBeReported) {
  const AgentId rig = join(otto_, "rig");
  submit(ada_, inline_job(1));
  const AgentId thief = join(owner("eve"), "thief");
  Todo stolen = todo_of(rig).at(0);
  stolen.agent = thief;
  see(report_of(stolen));
  EXPECT_EQ(last_status(), msg::SectionStatus::kLate);
  EXPECT_TRUE(events<ResultsRecorded>().empty());
}

TEST_F(Lease, AClockThatJumpsBackEndsNoLease) {
  const AgentId rig = join(otto_, "rig");
  const JobId id = submit(ada_, inline_job(1));
  now_ = now_ - hours(1);
  see(Tick{});
  report_all(rig);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

}  // namespace
}  // namespace reeve::core
