#include <algorithm>
#include <set>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Dispute : public RegionFixture {
 protected:
  Dispute() {
    ada_ = requester("ada");
    liar_ = owner("liar", 7 * kMicroPerCredit);
    honest_ = owner("honest");
    liar_rig_ = join(liar_, "liar rig");
    honest_rig_ = join(honest_, "honest rig");
    habits_[liar_rig_].lie = 1;
  }
  /// A third owner, so that the honest result can be confirmed.
  void join_third() { join(owner("third"), "third rig"); }
  /// Both reported, and differ.
  void report_both() {
    for (int i = 0; i < 4; ++i)
      for (const AgentId rig : {liar_rig_, honest_rig_})
        report_all(rig);
  }
  /// The liar opens what is asked of him and leaves; a third owner confirms what stands.
  void go_on_without_the_liar() {
    const std::vector<AskOpening> asked = openings_;
    openings_.clear();
    for (const AskOpening& opening : asked)
      answer_opening(opening);
    see(AgentGone{liar_rig_});
    join_third();
    work();
  }
  OwnerRecord record(PartyId owner) const {
    const auto found = state().owners.find(owner);
    return found == state().owners.end() ? OwnerRecord{} : found->second;
  }
  static bool paid(const std::vector<Settled>& settled, PartyId owner) {
    return std::any_of(settled.begin(), settled.end(),
                       [owner](const Settled& e) { return e.owner == owner; });
  }

  PartyId ada_;
  PartyId liar_;
  PartyId honest_;
  AgentId liar_rig_;
  AgentId honest_rig_;
};

TEST_F(Dispute, OfASingleLeafNeedsNoOpening) {
  referee();
  const JobId id = submit(ada_, inline_job(1));
  report_both();
  ASSERT_EQ(events<LeafChosen>().size(), 1U);
  EXPECT_EQ(events<LeafChosen>()[0].leaf, 0U);
  EXPECT_TRUE(effects<AskOpening>().empty());
  go_on_without_the_liar();
  ASSERT_EQ(events<DisputeDecided>().size(), 1U);
  EXPECT_EQ(events<DisputeDecided>()[0].wrong.size(), 1U);
  EXPECT_EQ(record(liar_).strikes, 1U);
  EXPECT_FALSE(record(liar_).convicted);
  EXPECT_EQ(record(honest_).strikes, 0U);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_FALSE(paid(events<Settled>(), liar_));
  EXPECT_EQ(balance(AccountKind::kHeld, honest_), kNet);
}

TEST_F(Dispute, OfManyLeavesIsDecidedAtTheFirstThatDiffers) {
  habits_[liar_rig_].wrong_leaf = 2;
  referee();
  const JobId id = submit(ada_, stored_job(1));
  report_both();
  EXPECT_EQ(effects<AskOpening>().size(), 2U) << "both open";
  EXPECT_TRUE(events<LeafChosen>().empty());
  go_on_without_the_liar();
  ASSERT_EQ(events<LeafChosen>().size(), 1U);
  EXPECT_EQ(events<LeafChosen>()[0].leaf, 2U);
  EXPECT_EQ(record(liar_).strikes, 1U);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Dispute, TheSecondStrikeConvicts) {
  referee();
  const JobId id = submit(ada_, inline_job(2));
  report_both();
  join_third();
  work();
  ASSERT_EQ(events<OwnerConvicted>().size(), 1U);
  EXPECT_EQ(events<OwnerConvicted>()[0].owner, liar_);
  EXPECT_EQ(events<OwnerConvicted>()[0].slashed, 7 * kMicroPerCredit);
  EXPECT_EQ(balance(AccountKind::kStake, liar_), 0);
  EXPECT_EQ(balance(AccountKind::kInsurance), 7 * kMicroPerCredit);
  EXPECT_TRUE(state().parties.at(liar_).revoked);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  connect(liar_rig_);
  EXPECT_FALSE(connected(liar_rig_)) << "it does not come back";
}

TEST_F(Dispute, ADisprovedOwnerIsNotDrawnAgainWhileAnotherIsThere) {
  referee();
  const JobId id = submit(ada_, inline_job(1));
  report_both();
  const PartyId third = owner("third");
  join(third, "third rig");
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(record(liar_).strikes, 1U);
  const auto ran = owners_that_ran({id, 0}, 0);
  EXPECT_EQ(std::count(ran.begin(), ran.end(), liar_), 1);
  EXPECT_EQ(ran.back(), third);
}

TEST_F(Dispute, WhereOnlyADisprovedOwnerIsLeftTheRefereeRunsTheTask) {
  referee();
  const JobId id = submit(ada_, inline_job(1));
  report_both();
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(owners_that_ran({id, 0}, 0).back(), operator_);
}

TEST_F(Dispute, WhereOnlyAStruckOwnerIsLeftExplainSaysSo) {
  habits_[liar_rig_].opens = false;
  const JobId id = submit(ada_, stored_job(1));
  report_both();
  work();
  pass(seconds(61));
  ASSERT_EQ(events<AttemptRejected>().size(), 1U);
  EXPECT_EQ(tasks_held(liar_rig_), 0U) << "not at once";
  EXPECT_NE(explained(id).find("liar failed this task or had its result rejected; no other owner that could "
                               "run it is connected | join an agent of another owner, or run a referee"),
            std::string::npos)
      << explained(id);
  join_third();
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  const auto ran = owners_that_ran({id, 0}, 0);
  EXPECT_EQ(std::count(ran.begin(), ran.end(), liar_), 1);
}

TEST_F(Dispute, BothCanBeWrong) {
  habits_[honest_rig_].lie = 2;
  referee();
  const JobId id = submit(ada_, inline_job(1));
  report_both();
  habits_[liar_rig_].lie = habits_[honest_rig_].lie = 0;  // when they are asked again
  work();
  pass(seconds(6));
  work();
  ASSERT_EQ(events<DisputeDecided>().size(), 1U);
  EXPECT_EQ(events<DisputeDecided>()[0].wrong.size(), 2U);
  EXPECT_EQ(record(liar_).strikes, 1U);
  EXPECT_EQ(record(honest_).strikes, 1U);
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Dispute, AWithheldOpeningIsAFaultAndNoStrike) {
  habits_[liar_rig_].opens = false;
  referee();
  const JobId id = submit(ada_, stored_job(1));
  report_both();
  work();
  pass(seconds(59));
  EXPECT_TRUE(events<AttemptRejected>().empty()) << "the deadline has not passed";
  pass(seconds(2));
  ASSERT_EQ(events<AttemptRejected>().size(), 1U);
  EXPECT_EQ(events<AttemptRejected>()[0].owner, liar_);
  EXPECT_EQ(events<AttemptRejected>()[0].reason, RejectReason::kWithheld);
  EXPECT_EQ(record(liar_).faults, 1U);
  EXPECT_EQ(record(liar_).strikes, 0U);
  join_third();
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_FALSE(paid(events<Settled>(), liar_));
}

TEST_F(Dispute, AFalseOpeningIsAFault) {
  referee();
  submit(ada_, stored_job(1));
  report_both();
  const auto asked = effects<AskOpening>();
  const auto of_liar =
      std::find_if(asked.begin(), asked.end(), [this](const AskOpening& a) { return a.to == liar_rig_; });
  ASSERT_NE(of_liar, asked.end());
  // The shell found that the hashes do not hash to the root that was reported.
  see(OpeningReceived{liar_rig_, {of_liar->request.attempt, of_liar->request.step, 0, {}}});
  ASSERT_EQ(events<AttemptRejected>().size(), 1U);
  EXPECT_EQ(events<AttemptRejected>()[0].reason, RejectReason::kBadOpening);
  EXPECT_EQ(record(liar_).faults, 1U);
}

TEST_F(Dispute, AnOpeningIsTakenFromItsOwnAgentAlone) {
  submit(ada_, stored_job(1));
  report_both();
  for (const AskOpening& asked : effects<AskOpening>())
    see(OpeningReceived{asked.to == liar_rig_ ? honest_rig_ : liar_rig_,
                        {asked.request.attempt, asked.request.step, 0, {}}});
  EXPECT_TRUE(events<AttemptRejected>().empty());
}

TEST_F(Dispute, WaitsForARefereeAndSaysSo) {
  const JobId id = submit(ada_, inline_job(1));
  report_both();
  work();
  pass(hours(1));
  EXPECT_TRUE(events<DisputeDecided>().empty());
  EXPECT_NE(explained(id).find("no referee is connected"), std::string::npos) << explained(id);
  referee();
  pass(seconds(1));
  work();
  EXPECT_FALSE(events<DisputeDecided>().empty());
}

TEST_F(Dispute, ARefereeThatVanishesIsReplaced) {
  const AgentId judge = referee();
  submit(ada_, inline_job(1));
  report_both();
  ASSERT_EQ(leaves_.size(), 1U);
  leaves_.clear();
  see(AgentGone{judge});
  referee();
  work();
  EXPECT_FALSE(events<DisputeDecided>().empty());
}

TEST_F(Dispute, AnotherAgentsVerdictIsIgnored) {
  referee();
  submit(ada_, inline_job(1));
  report_both();
  ASSERT_EQ(leaves_.size(), 1U);
  const msg::LeafAssignment asked = leaves_[0].second;
  const auto lie = leaves_of(asked.step, asked.task, habits_[liar_rig_]);
  see(ReportReceived{liar_rig_, {}, {{asked.attempt, asked.step, asked.task, {0}, lie}}, {}});
  EXPECT_TRUE(events<DisputeDecided>().empty());
  EXPECT_EQ(record(honest_).strikes, 0U);
}

TEST_F(Dispute, GoesOnAfterARestart) {
  submit(ada_, stored_job(1));
  report_both();
  restart();
  connect(liar_rig_);
  connect(honest_rig_);
  std::set<AgentId> asked;
  for (const AskOpening& opening : openings_)
    asked.insert(opening.to);
  EXPECT_EQ(asked, (std::set<AgentId>{liar_rig_, honest_rig_})) << "both are asked again";
  referee();
  go_on_without_the_liar();
  EXPECT_EQ(events<DisputeDecided>().size(), 1U);
  EXPECT_EQ(record(liar_).strikes, 1U);
}

}  // namespace
}  // namespace reeve::core
