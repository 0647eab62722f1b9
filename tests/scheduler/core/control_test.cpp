#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Control : public RegionFixture {
 protected:
  Control() {
    found(trusting());
    ada_ = requester("ada", kMicroPerCredit);
    rig_ = join(owner("otto"), "rig");
  }
  /// Escrow is held for four tasks at a time.
  void short_windows() {
    Policy policy = trusting();
    policy.escrow_window_tasks = 4;
    found(policy);
    ada_ = requester("ada", kMicroPerCredit);
    rig_ = join(owner("otto"), "rig");
  }
  bool done(const Answer& answer) const { return std::holds_alternative<msg::Done>(answer); }
  ErrorCode refused(const Answer& answer) const { return std::get<Error>(answer).code; }

  PartyId ada_;
  AgentId rig_;
};

TEST_F(Control, CancellingRefundsWhatWasNotSpent) {
  const JobId id = submit(ada_, inline_job(20));
  report(todo_of(rig_).at(0));
  const auto settled = static_cast<MicroCredits>(job(id).steps[0].done.size());
  ASSERT_GT(settled, 0);
  ASSERT_LT(settled, 20);
  ASSERT_TRUE(done(job_command(ada_, id, msg::JobVerb::kCancel)));
  EXPECT_EQ(job(id).state, msg::JobState::kCancelled);
  EXPECT_EQ(job(id).reason, "as asked");
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit - settled * kPrice);
  EXPECT_EQ(balance(AccountKind::kEscrow, id.value()), 0);
  EXPECT_EQ(core_->running_tasks(id), 0U);
  EXPECT_FALSE(effects<SendCancel>().empty());
  EXPECT_TRUE(todo_.empty());
}

TEST_F(Control, AnEndedJobIsNotCancelled) {
  const JobId id = submit(ada_, inline_job(1));
  work();
  EXPECT_EQ(refused(job_command(ada_, id, msg::JobVerb::kCancel)), ErrorCode::kConflict);
  EXPECT_EQ(refused(job_command(ada_, id, msg::JobVerb::kPause)), ErrorCode::kConflict);
  EXPECT_EQ(refused(job_command(ada_, id, msg::JobVerb::kSetPriority, 1)), ErrorCode::kConflict);
}

TEST_F(Control, AnotherRequestersJobDoesNotExist) {
  const JobId id = submit(ada_, inline_job(1));
  const PartyId eve = requester("eve");
  EXPECT_EQ(refused(job_command(eve, id, msg::JobVerb::kCancel)), ErrorCode::kNotFound);
  EXPECT_EQ(refused(job_command(ada_, JobId(99), msg::JobVerb::kCancel)), ErrorCode::kNotFound);
  EXPECT_TRUE(done(job_command(operator_, id, msg::JobVerb::kCancel))) << "the operator may";
}

TEST_F(Control, APausedJobGivesOutNothingUntilItIsResumed) {
  const JobId id = submit(ada_, inline_job(20));
  ASSERT_TRUE(done(job_command(ada_, id, msg::JobVerb::kPause)));
  work();
  const auto before = job(id).steps[0].done.size();
  EXPECT_GT(before, 0U) << "what was out is taken";
  EXPECT_LT(before, 20U);
  EXPECT_NE(explained(id).find("paused"), std::string::npos);
  pass(seconds(10));
  EXPECT_TRUE(todo_.empty());
  ASSERT_TRUE(done(job_command(ada_, id, msg::JobVerb::kResume)));
  EXPECT_EQ(refused(job_command(ada_, id, msg::JobVerb::kResume)), ErrorCode::kConflict);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Control, AWaitingJobThatIsPausedAndResumedStillWaits) {
  const JobId first = submit(ada_, inline_job(20));
  JobSpec spec = inline_job(1);
  spec.after = {first};
  const JobId second = submit(ada_, spec);
  ASSERT_EQ(job(second).state, msg::JobState::kQueued);
  ASSERT_TRUE(done(job_command(ada_, second, msg::JobVerb::kPause)));
  ASSERT_TRUE(done(job_command(ada_, second, msg::JobVerb::kResume)));
  EXPECT_EQ(job(second).state, msg::JobState::kQueued);
  work();
  EXPECT_EQ(job(second).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(second).steps[0].done.size(), 1U);
}

TEST_F(Control, AJobAfterOneThatDidNotSucceedFails) {
  const JobId first = submit(ada_, inline_job(20));
  JobSpec spec = inline_job(1);
  spec.after = {first};
  const JobId second = submit(ada_, spec);
  job_command(ada_, first, msg::JobVerb::kCancel);
  EXPECT_EQ(job(second).state, msg::JobState::kFailed);
  const JobId third = submit(ada_, spec);
  EXPECT_EQ(job(third).state, msg::JobState::kFailed) << "so does one that comes later";
}

TEST_F(Control, ALongChainOfJobsThatFailsNeedsNoDeepStack) {
  constexpr int kChain = 30'000;
  JobId last = submit(ada_, inline_job(20));
  const JobId first = last;
  StepOutput out;
  for (int i = 0; i < kChain; ++i) {  // not by submit(): it looks at every invariant each time
    CommandReceived input{ConnectionId(5), key("ada"), {}, {}};
    input.command.request[12] = static_cast<std::uint8_t>(1 + (i >> 16));
    input.command.request[13] = static_cast<std::uint8_t>(i >> 8);
    input.command.request[14] = static_cast<std::uint8_t>(i);
    JobSpec spec = inline_job(1);
    spec.after = {last};
    input.command.body = msg::SubmitJob{spec, false};
    out.clear();
    core_->step(now_, input, out);
    last = std::get<msg::Accepted>(std::get<SendReply>(out.effects.back()).reply.body).job;
  }
  job_command(ada_, first, msg::JobVerb::kCancel);
  EXPECT_EQ(job(last).state, msg::JobState::kFailed);
}

TEST_F(Control, AJobOutOfFundsPausesAndFundingResumesIt) {
  short_windows();
  const PartyId bob = requester("bob", 15 * kPrice);
  JobSpec spec = inline_job(20);  // at most 40 times the price, for each task may run twice
  const JobId id = submit(bob, spec);
  work();
  EXPECT_GE(job(id).steps[0].done.size(), 12U) << "what can be paid runs";
  EXPECT_EQ(job(id).state, msg::JobState::kPaused);
  EXPECT_TRUE(job(id).out_of_funds);
  EXPECT_NE(explained(id).find("credits do not cover the next task"), std::string::npos) << explained(id);
  EXPECT_NE(explained(id).find("it can cost 20000 | ask the region's operator to fund"), std::string::npos)
      << explained(id);
  EXPECT_GE(balance(AccountKind::kAvailable, bob), 0);
  ASSERT_TRUE(done(command(operator_, msg::Fund{bob, 100 * kPrice})));
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kAvailable, bob), 95 * kPrice);
}

TEST_F(Control, AChunkThatCannotBePaidIsCutToWhatCan) {
  short_windows();
  const AgentId large = join(owner("olga"), "large", 64);
  const PartyId bob = requester("bob", 15 * kPrice);
  const JobId id = submit(bob, inline_job(128));
  EXPECT_EQ(core_->running_tasks(id), 7U);
  EXPECT_GT(tasks_held(large), 0U);
}

TEST_F(Control, EscrowHoldsNoMoreThanWhatIsLeftCanCost) {
  short_windows();
  join(owner("olga"), "other");
  JobSpec spec = inline_job(10);
  spec.verify = {VerifyMode::kQuorum, 2};
  const JobId id = submit(ada_, spec);
  while (!todo_.empty()) {
    report(Todo(todo_.front()));
    const auto left = static_cast<MicroCredits>(10 - job(id).steps[0].done.size());
    EXPECT_LE(balance(AccountKind::kEscrow, id.value()), left * 2 * kPrice);
  }
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Control, ATaskThatIsTriedAgainIsNotReservedTwice) {
  const JobId id = submit(ada_, inline_job(4));
  habits_[rig_].fails = true;
  Todo first = todo_.at(0);
  first.assignment.tasks = {0, 1};
  todo_[0].assignment.tasks = {1, 1};
  see(report_of(first));
  habits_[rig_].fails = false;
  join(owner("olga"), "other", 4);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(events<JobPaused>().empty());
}

TEST_F(Control, FundingResumesNobodyElsesJob) {
  short_windows();
  const PartyId bob = requester("bob", 25 * kPrice);
  const JobId poor = submit(bob, inline_job(40));
  work();
  ASSERT_TRUE(job(poor).out_of_funds);
  ASSERT_TRUE(done(command(operator_, msg::Fund{ada_, 100 * kPrice})));
  EXPECT_EQ(job(poor).state, msg::JobState::kPaused);
}

TEST_F(Control, AJobOfAnOlderJournalPausesAtAMaximumPriceBelowItsQuote) {
  see(AgentGone{rig_});
  const JobId id = submit(ada_, inline_job(20));
  Durable durable;
  for (Event event : journal_) {
    if (auto* accepted = std::get_if<JobAccepted>(&event)) accepted->spec.max_price = 9 * kPrice;
    apply_event(durable, event);
  }
  core_ = std::make_unique<Core>(std::move(durable), std::array<std::uint8_t, 32>{});
  StepOutput out;
  core_->boot(now_, out);
  connect(rig_);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kPaused);
  EXPECT_NE(job(id).reason.find("maximum price of 90000"), std::string::npos) << job(id).reason;
  EXPECT_LE(job(id).spent, 9 * kPrice);
  EXPECT_GT(job(id).spent, 0);
}

TEST_F(Control, FailedTasksAreRetriedOnDemand) {
  habits_[rig_].fails = true;
  JobSpec spec = inline_job(3);
  spec.max_retries = 0;
  const JobId id = submit(ada_, spec);
  work();
  ASSERT_EQ(job(id).state, msg::JobState::kFailed);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit);
  habits_[rig_].fails = false;
  ASSERT_TRUE(done(job_command(ada_, id, msg::JobVerb::kRetryFailed)));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit - 3 * kPrice);
  EXPECT_EQ(refused(job_command(ada_, id, msg::JobVerb::kRetryFailed)), ErrorCode::kConflict);
}

TEST_F(Control, ASubscriberHearsOfTheEndWithItsResult) {
  const Answer answer = command(ada_, msg::SubmitJob{inline_job(1), true});
  const JobId id = std::get<msg::Accepted>(answer).job;
  work();
  const auto told = effects<NotifyJob>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].update.job, id);
  EXPECT_EQ(told[0].update.state, msg::JobState::kSucceeded);
  EXPECT_EQ(told[0].update.settled, 1U);
  EXPECT_EQ(told[0].update.inline_result.size(), 32U);
}

TEST_F(Control, AStrangerSubscribesToNothing) {
  const JobId id = submit(ada_, inline_job(1));
  const PartyId eve = requester("eve");
  ASSERT_TRUE(eve.valid());
  see(SubscribeReceived{ConnectionId(66), key("eve"), id, true});
  work();
  EXPECT_TRUE(effects<NotifyJob>().empty());
}

}  // namespace
}  // namespace reeve::core
