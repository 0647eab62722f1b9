#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

using Verdict = msg::ComparisonVerdict;

/// Owners whose results of one task have bytes of their own, and a referee that says which are alike.
class Comparison : public RegionFixture {
 protected:
  Comparison() {
    found(trusting());
    ada_ = requester("ada", kMicroPerCredit);
  }
  /// Joins one more owner: `lie` says what its results are like, `look` which bytes they have.
  void join_owner(std::uint64_t lie, std::uint64_t look) {
    const std::string number = std::to_string(owners_.size());
    owners_.push_back(owner("owner" + number));
    rigs_.push_back(join(owners_.back(), "rig" + number));
    habits_[rigs_.back()].lie = lie;
    habits_[rigs_.back()].look = look;
  }
  MicroCredits held(std::size_t i) const { return balance(AccountKind::kHeld, owners_[i]); }
  std::vector<PartyId> rejected(RejectReason reason) const {
    std::vector<PartyId> owners;
    for (const AttemptRejected& e : events<AttemptRejected>())
      if (e.reason == reason) owners.push_back(e.owner);
    return owners;
  }
  void nobody_is_blamed() const {
    for (const auto& [id, record] : state().owners) {
      EXPECT_EQ(record.strikes, 0U);
      EXPECT_EQ(record.faults, 0U);
    }
  }
  bool compares_now(JobId id) const {
    const auto& open = job(id).steps[0].open;
    return open.contains(0) && std::holds_alternative<Comparing>(open.at(0).phase);
  }
  void reconnect_all() {
    for (const AgentId rig : rigs_)
      connect(rig);
  }

  PartyId ada_;
  std::vector<PartyId> owners_;
  std::vector<AgentId> rigs_;
};

TEST_F(Comparison, AlikeResultsAreOneAndBothArePaid) {
  join_owner(0, 1);
  join_owner(0, 2);
  comparer();
  const JobId id = submit(ada_, compared_job(3));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(events<ComparisonDecided>().size(), 3U);
  EXPECT_EQ(held(0), 3 * kNet);
  EXPECT_EQ(held(1), 3 * kNet);
  EXPECT_EQ(job(id).spent, 6 * kPrice);
  nobody_is_blamed();
}

TEST_F(Comparison, TheFirstOfTheGroupIsTheResultAndIsNotUploadedTwice) {
  join_owner(0, 1);
  join_owner(0, 2);
  comparer();
  submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(events<ResultStored>().size(), 1U);
  ASSERT_EQ(events<ComparisonOpened>().size(), 1U);
  EXPECT_EQ(events<ResultStored>()[0].attempt, events<ComparisonOpened>()[0].a);
  EXPECT_EQ(effects<AskUpload>().size(), 2U) << "each is asked once, to be compared";
}

TEST_F(Comparison, EqualRootsNeedNoReferee) {
  join_owner(0, 0);
  join_owner(0, 0);
  const JobId id = submit(ada_, compared_job(2));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(events<ComparisonOpened>().empty());
  EXPECT_EQ(held(0), 2 * kNet);
  EXPECT_EQ(held(1), 2 * kNet);
}

TEST_F(Comparison, UnlikeResultsAskAThirdOwnerWhoDecides) {
  join_owner(7, 1);
  join_owner(0, 2);
  comparer();
  const JobId id = submit(ada_, compared_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning) << "one against one decides nothing";
  EXPECT_TRUE(events<Settled>().empty());
  join_owner(0, 3);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(rejected(RejectReason::kOutvoted), std::vector<PartyId>{owners_[0]});
  EXPECT_EQ(held(0), 0);
  EXPECT_EQ(held(1), kNet);
  EXPECT_EQ(held(2), kNet);
  nobody_is_blamed();
}

TEST_F(Comparison, ThatIsUndecidableIsNoAgreementAndIsNotAskedTwice) {
  join_owner(0, 1);
  join_owner(0, 2);
  comparer();
  verdict_ = Verdict::kUndecidable;
  const JobId id = submit(ada_, compared_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  ASSERT_EQ(events<ComparisonDecided>().size(), 1U);
  EXPECT_EQ(events<ComparisonDecided>()[0].verdict, Verdict::kUndecidable);
  verdict_.reset();
  pass(seconds(700));
  work();
  EXPECT_EQ(events<ComparisonDecided>().size(), 1U);
  join_owner(0, 3);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(id).spent, 2 * kPrice);
  nobody_is_blamed();
}

TEST_F(Comparison, AProgramWhoseResultsAreNeverAlikeFailsAndNamesTheTolerance) {
  for (std::uint64_t lie = 1; lie <= 6; ++lie)
    join_owner(lie, lie);
  comparer();
  const JobId id = submit(ada_, compared_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kFailed);
  EXPECT_EQ(rejected(RejectReason::kOutvoted).size(), 5U) << "a sixth owner is not asked";
  ASSERT_EQ(events<TasksFailed>().size(), 1U);
  EXPECT_NE(events<TasksFailed>()[0].why.find("'pixels'"), std::string::npos);
  EXPECT_EQ(events<ComparisonDecided>().size(), 4U + 3 + 2 + 1) << "each pair once";
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit) << "nobody is paid";
}

TEST_F(Comparison, AQuorumOfThreeIsReachedByThreeThatAreAlikeAndPaysNoMore) {
  join_owner(5, 1);
  join_owner(0, 2);
  join_owner(0, 3);
  join_owner(0, 4);
  comparer();
  JobSpec spec = compared_job(1);
  spec.verify = {VerifyMode::kQuorum, 3};
  const JobId id = submit(ada_, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(id).spent, 3 * kPrice);
  EXPECT_EQ(held(0), 0);
}

TEST_F(Comparison, AGroupDoesNotOutgrowItsQuorumAfterTheOneItWasUnlikeIsConvicted) {
  join_owner(0, 0);
  join_owner(7, 0);
  comparer();
  const JobId id = submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(job(id).steps[0].open.at(0).needed, 3U) << "two results are unlike: a third is asked for";
  JobSpec kernel_job = inline_job(2);
  kernel_job.verify = {VerifyMode::kQuorum, 2};
  const JobId trap = submit(ada_, kernel_job);
  work();
  ASSERT_EQ(events<OwnerConvicted>().size(), 1U);
  ASSERT_EQ(job(id).steps[0].open.at(0).attempts.size(), 1U);
  job_command(ada_, trap, msg::JobVerb::kCancel);
  join_owner(0, 3);
  join_owner(0, 3);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(id).spent, 2 * kPrice) << "what is held covers two results, not three that are alike";
}

TEST_F(Comparison, ALostRefereeIsReplacedByAnother) {
  join_owner(0, 1);
  join_owner(0, 2);
  const AgentId first = comparer();
  habits_[first].compares = false;
  const JobId id = submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  const auto lost = comparisons_[0].second;
  comparisons_.clear();
  const AgentId second = comparer();
  see(AgentGone{first});
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  ASSERT_EQ(events<ComparisonDecided>().size(), 1U);
  EXPECT_EQ(events<ComparisonDecided>()[0].referee, second);
  EXPECT_NE(events<ComparisonDecided>()[0].referee_attempt, lost.attempt);
}

TEST_F(Comparison, ASilentRefereeIsAskedAgainAtTheDeadlineAndItsLateWordIsIgnored) {
  join_owner(0, 1);
  join_owner(0, 2);
  const AgentId slow = comparer();
  habits_[slow].compares = false;
  const JobId id = submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  const auto late = comparisons_[0].second;
  pass(seconds(599));
  EXPECT_EQ(effects<SendAssign>().back().assign.comparisons[0].attempt, late.attempt);
  pass(seconds(2));
  ASSERT_EQ(comparisons_.size(), 1U) << "the first was taken back";
  EXPECT_NE(comparisons_[0].second.attempt, late.attempt);
  verdict_ = Verdict::kDiffer;
  answer_comparison(slow, late);
  EXPECT_TRUE(events<ComparisonDecided>().empty());
  verdict_.reset();
  habits_[slow].compares = true;
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Comparison, WhatARefereeDoesNotNameAmongWhatItHoldsGoesOutAgain) {
  join_owner(0, 1);
  join_owner(0, 2);
  const AgentId restarted = comparer();
  habits_[restarted].compares = false;
  submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  const AttemptId asked = comparisons_[0].second.attempt;
  const auto beats = [&](std::vector<AttemptId> held) {
    see(HeartbeatReceived{restarted, {std::move(held), false}});
    pass(seconds(1));
    return effects<SendAssign>().back().assign.comparisons.at(0).attempt;
  };
  EXPECT_EQ(beats({}), asked) << "it may be on its way";
  pass(seconds(30));
  EXPECT_EQ(beats({asked}), asked);
  EXPECT_NE(beats({}), asked);
}

TEST_F(Comparison, WithAComparatorOfTheRequestersTheRefereeHasTheStepsInputs) {
  join_owner(0, 1);
  join_owner(0, 2);
  const AgentId referee = comparer();
  habits_[referee].compares = false;
  const Digest program{{42}};
  JobSpec spec = compared_job(1);
  spec.steps[0].compare = "command:./same.py";
  spec.steps[0].inputs = {program};
  submit(ada_, spec);
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  const msg::Assign assign = effects<SendAssign>().back().assign;
  ASSERT_EQ(assign.steps.size(), 1U);
  EXPECT_EQ(assign.steps[0].inputs, std::vector<Digest>{program});
  EXPECT_EQ(core_->needs_input(referee, program), true);
  EXPECT_EQ(core_->needs_input(referee, Digest{{43}}), false);
}

TEST_F(Comparison, WithoutAComparerItWaitsAndExplainNamesWho) {
  join_owner(0, 1);
  join_owner(0, 2);
  referee();  // recomputes leaves, and cannot compare
  const JobId id = submit(ada_, compared_job(1));
  work();
  EXPECT_TRUE(compares_now(id));
  const std::string why = explained(id);
  EXPECT_NE(why.find("the results of owner0 and owner1"), std::string::npos) << why;
  EXPECT_NE(why.find("compare/1"), std::string::npos) << why;
  EXPECT_NE(why.find("the operator runs one"), std::string::npos) << why;
  pass(seconds(3600));
  EXPECT_TRUE(compares_now(id)) << "what is uploaded is not lost to a deadline";
  comparer();
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Comparison, AWithheldUploadIsAFaultAndTheNextOwnerIsAsked) {
  join_owner(0, 1);
  join_owner(0, 2);
  comparer();
  habits_[rigs_[1]].uploads = false;
  const JobId id = submit(ada_, compared_job(1));
  work();
  EXPECT_TRUE(compares_now(id));
  EXPECT_NE(explained(id).find("owner1 is asked to upload"), std::string::npos) << explained(id);
  join_owner(0, 3);
  pass(seconds(301));
  EXPECT_EQ(rejected(RejectReason::kUploadFailed), std::vector<PartyId>{owners_[1]});
  EXPECT_EQ(state().owners.at(owners_[1]).faults, 1U);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(held(0), kNet);
  EXPECT_EQ(held(1), 0);
  EXPECT_EQ(held(2), kNet);
}

TEST_F(Comparison, AnUploadOfOtherBytesThanReportedIsAFault) {
  join_owner(0, 1);
  join_owner(0, 2);
  comparer();
  habits_[rigs_[0]].uploads = habits_[rigs_[1]].uploads = false;
  submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(uploads_.size(), 2U);
  const AskUpload asked = uploads_[0];
  answer_upload(asked, true, Digest{{9}});
  EXPECT_EQ(rejected(RejectReason::kUploadFailed).size(), 1U);
  EXPECT_TRUE(events<CandidateStored>().empty());
}

TEST_F(Comparison, AWordFromAnAgentThatWasNotAskedIsIgnored) {
  join_owner(0, 1);
  join_owner(7, 2);
  const AgentId asked = comparer();
  const AgentId other = comparer();
  habits_[asked].compares = habits_[other].compares = false;
  const JobId id = submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  const auto [referee, comparison] = comparisons_[0];
  verdict_ = Verdict::kSame;
  answer_comparison(rigs_[1], comparison);
  answer_comparison(referee == asked ? other : asked, comparison);
  EXPECT_TRUE(events<ComparisonDecided>().empty());
  EXPECT_TRUE(compares_now(id));
}

TEST_F(Comparison, GoesOnAfterARestartWhereverItStood) {
  join_owner(0, 1);
  join_owner(0, 2);
  for (const AgentId rig : rigs_)
    habits_[rig].uploads = false;
  const JobId id = submit(ada_, compared_job(1));
  work();
  ASSERT_TRUE(compares_now(id));
  restart();  // nothing is uploaded yet
  EXPECT_TRUE(compares_now(id));
  reconnect_all();
  habits_[rigs_[0]].uploads = true;
  work();
  ASSERT_EQ(events<CandidateStored>().size(), 1U);
  restart();  // one of the two is
  for (const AgentId rig : rigs_)
    habits_[rig].uploads = true;
  reconnect_all();
  work();
  ASSERT_EQ(events<CandidateStored>().size(), 2U) << "what came is not asked for again";
  restart();  // both are
  reconnect_all();
  const AgentId referee = comparer();
  habits_[referee].compares = false;
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  restart();  // the referee's lease is lost
  reconnect_all();
  connect(referee, 1, 10'000, {}, true);
  habits_[referee].compares = true;
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Comparison, ASnapshotRemembersWhoIsUnlikeWhom) {
  join_owner(0, 1);
  join_owner(7, 2);
  comparer();
  submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(events<ComparisonDecided>().size(), 1U);
  const Bytes snapshot = encode_state(state());
  Durable back;
  ASSERT_TRUE(decode_state(snapshot, back));
  EXPECT_EQ(encode_state(back), snapshot);
  const OpenTask& open = back.jobs.begin()->second.steps[0].open.at(0);
  EXPECT_EQ(open.unlike.size(), 1U);
  EXPECT_NE(open.attempts[0].group, open.attempts[1].group);
  EXPECT_NE(open.attempts[0].blob, Digest{});
}

TEST_F(Comparison, ACancelledJobTakesItsComparisonBack) {
  join_owner(0, 1);
  join_owner(0, 2);
  habits_[comparer()].compares = false;
  const JobId id = submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  job_command(ada_, id, msg::JobVerb::kCancel);
  EXPECT_TRUE(comparisons_.empty());
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit);
}

TEST_F(Comparison, ABlobIsForItsRefereeAloneAndForNoLongerThanItCompares) {
  join_owner(0, 1);
  join_owner(0, 2);
  const AgentId referee = comparer();
  habits_[referee].compares = false;
  submit(ada_, compared_job(1));
  work();
  ASSERT_EQ(comparisons_.size(), 1U);
  const auto asked = comparisons_[0].second;
  EXPECT_EQ(core_->needs_input(referee, asked.a), true);
  EXPECT_EQ(core_->needs_input(referee, asked.b), true);
  EXPECT_EQ(core_->needs_input(rigs_[0], asked.b), false);
  answer_comparison(referee, asked);
  EXPECT_EQ(core_->needs_input(referee, asked.a), false);
}

TEST_F(Comparison, AResultWithinAReportIsRefusedBecauseNobodyCouldSeeIt) {
  join_owner(0, 1);
  const JobId id = submit(ada_, compared_job(1));
  ASSERT_EQ(todo_.size(), 1U);
  ReportReceived input = report_of(todo_[0]);
  input.sections[0].section.outcome = msg::InlineResults{{32}, Bytes(32)};
  see(input);
  EXPECT_EQ(events<AttemptFailed>().size(), 1U);
  EXPECT_TRUE(events<ResultsRecorded>().empty());
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
}

TEST_F(Comparison, IsForProgramsAndItsTextIsChecked) {
  const auto refused = [this](JobSpec spec) {
    const Answer answer = command(ada_, msg::SubmitJob{std::move(spec), false});
    const auto* error = std::get_if<Error>(&answer);
    return error == nullptr ? std::string() : error->message;
  };
  JobSpec kernel = inline_job(1);
  kernel.steps[0].compare = "pixels";
  EXPECT_NE(refused(kernel).find("is for programs alone"), std::string::npos);
  JobSpec unknown = compared_job(1);
  unknown.steps[0].compare = "guess";
  EXPECT_NE(refused(unknown).find("steps[0].compare 'guess'"), std::string::npos);
  JobSpec leaves = compared_job(1);
  leaves.steps[0].leaf_bytes = 16;
  EXPECT_NE(refused(leaves).find("leaf_bytes 16"), std::string::npos);
}

}  // namespace
}  // namespace reeve::core
