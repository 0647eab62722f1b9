#include <algorithm>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

/// One task whose result is uploaded, reported alike by two owners.
class Store : public RegionFixture {
 protected:
  Store() {
    ada_ = requester("ada", kMicroPerCredit);
    for (int i = 0; i < 2; ++i) {
      owners_.push_back(owner("owner" + std::to_string(i)));
      rigs_.push_back(join(owners_.back(), "rig" + std::to_string(i)));
    }
    JobSpec spec = stored_job(1);
    spec.verify = {VerifyMode::kQuorum, 2};
    id_ = submit(ada_, spec);
    for (int i = 0; i < 2; ++i)
      for (const AgentId rig : rigs_)
        report_all(rig);
  }
  MicroCredits held(std::size_t owner) const { return balance(AccountKind::kHeld, owners_[owner]); }
  std::size_t index_of(AgentId agent) const {
    return static_cast<std::size_t>(std::find(rigs_.begin(), rigs_.end(), agent) - rigs_.begin());
  }

  PartyId ada_;
  std::vector<PartyId> owners_;
  std::vector<AgentId> rigs_;
  JobId id_;
};

TEST_F(Store, NobodyIsPaidForBytesThatTheRegionDoesNotHold) {
  ASSERT_EQ(uploads_.size(), 1U) << "one of the two is asked";
  EXPECT_TRUE(events<Settled>().empty());
  EXPECT_EQ(held(0) + held(1), 0);
  const Account escrow = state().ledger.account({AccountKind::kEscrow, id_.value()});
  EXPECT_EQ(escrow.debits_pending, 2 * kPrice) << "but the pay is reserved";
  EXPECT_NE(explained(id_).find("being uploaded"), std::string::npos);

  answer_upload(uploads_[0], true, uploads_[0].root);
  EXPECT_EQ(held(0), kNet);
  EXPECT_EQ(held(1), kNet);
  EXPECT_EQ(balance(AccountKind::kFee), 2 * kFee);
  EXPECT_TRUE(state().ledger.pending().empty());
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit - 2 * kPrice);
}

TEST_F(Store, WrongBytesAreRefusedAndTheNextHolderIsAsked) {
  const AskUpload first = uploads_.at(0);
  answer_upload(first, true, Digest{{1}});
  EXPECT_TRUE(events<ResultStored>().empty());
  EXPECT_TRUE(events<Settled>().empty());
  ASSERT_EQ(uploads_.size(), 2U);
  EXPECT_NE(uploads_[1].to, first.to);
  answer_upload(uploads_[1], true, first.root);
  EXPECT_EQ(events<ResultStored>().size(), 1U);
  EXPECT_EQ(events<Settled>().size(), 2U);
}

TEST_F(Store, WhereTheUploaderIsGoneAnotherHolderThatIsThereIsAskedSoonAndNobodyIsBlamed) {
  const AskUpload first = uploads_.at(0);
  see(AgentGone{first.to});
  uploads_.clear();
  pass(seconds(11));
  ASSERT_EQ(uploads_.size(), 1U);
  EXPECT_EQ(uploads_[0].to, rigs_[1 - index_of(first.to)]);
  connect(first.to);
  EXPECT_EQ(uploads_.size(), 1U) << "the other one is asked now";
  see(UploadFinished{first.request.step, 0, first.request.attempt, true, Digest{{9}}, first.root, 8192});
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded) << "but what comes is taken";
  for (const PartyId owner : owners_)
    EXPECT_EQ(state().owners.at(owner).faults, 0U);
}

TEST_F(Store, HoldersThatComeAndGoPassAnUploadOnOnceEach) {
  uploads_.clear();
  for (int turn = 0; turn < 6; ++turn) {
    for (const AgentId rig : rigs_) {
      see(AgentGone{rig});
      pass(seconds(11));
      connect(rig);
    }
  }
  std::size_t changes = 0;
  for (std::size_t i = 1; i < uploads_.size(); ++i)
    if (uploads_[i].to != uploads_[i - 1].to) ++changes;
  EXPECT_LE(changes, rigs_.size()) << "else its deadline would never come";
}

TEST_F(Store, AnUploaderThatVanishesWithAllOthersIsPassedOverAtTheDeadline) {
  const AskUpload first = uploads_.at(0);
  for (const AgentId rig : rigs_)
    see(AgentGone{rig});
  uploads_.clear();
  pass(seconds(299));
  EXPECT_TRUE(uploads_.empty() || uploads_[0].to == first.to) << "there is still time";
  uploads_.clear();
  pass(seconds(2));
  ASSERT_FALSE(uploads_.empty());
  EXPECT_EQ(uploads_[0].to, rigs_[1 - index_of(first.to)]);
  answer_upload(uploads_[0], true, uploads_[0].root);
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded);
}

TEST_F(Store, AReconnectedUploaderIsAskedAgain) {
  const AskUpload first = uploads_.at(0);
  see(AgentGone{first.to});
  uploads_.clear();
  connect(first.to);
  ASSERT_EQ(uploads_.size(), 1U);
  EXPECT_EQ(uploads_[0].to, first.to);
}

TEST_F(Store, AResultThatNobodyUploadsIsComputedAgain) {
  answer_upload(uploads_.at(0), false, {});
  answer_upload(uploads_.at(1), false, {});
  ASSERT_EQ(events<StoreAbandoned>().size(), 1U);
  EXPECT_TRUE(state().ledger.pending().empty()) << "the reservations are void";
  for (const PartyId owner : owners_)
    EXPECT_EQ(state().owners.at(owner).faults, 1U);
  uploads_.clear();
  EXPECT_TRUE(todo_.empty()) << "not at once by those who had it";
  EXPECT_NE(explained(id_).find("owner0, owner1 failed this task or had its result rejected; no other owner"),
            std::string::npos)
      << explained(id_);
  pass(seconds(6));
  work();
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded);
  EXPECT_EQ(owners_that_ran({id_, 0}, 0).size(), 4U) << "two new attempts";
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit - 2 * kPrice);
}

TEST_F(Store, OwnersWhoUploadedInVainAreNotDrawnAgainWhileOthersAreThere) {
  std::vector<PartyId> others;
  for (int i = 2; i < 4; ++i) {
    others.push_back(owner("owner" + std::to_string(i)));
    join(others.back(), "rig" + std::to_string(i));
  }
  answer_upload(uploads_.at(0), false, {});
  answer_upload(uploads_.at(1), false, {});
  uploads_.clear();
  work();
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded);
  auto ran = owners_that_ran({id_, 0}, 0);
  ran.erase(ran.begin(), ran.begin() + 2);
  std::sort(ran.begin(), ran.end());
  EXPECT_EQ(ran, others);
}

TEST_F(Store, AnUploadThatComesTwiceIsPaidOnce) {
  const AskUpload asked = uploads_.at(0);
  answer_upload(asked, true, asked.root);
  answer_upload(asked, true, asked.root);
  EXPECT_EQ(events<ResultStored>().size(), 1U);
  EXPECT_EQ(held(0) + held(1), 2 * kNet);
}

TEST_F(Store, AnotherHoldersUploadCountsAsWell) {
  const AskUpload asked = uploads_.at(0);
  for (const auto& e : events<ResultsRecorded>())
    if (e.agent != asked.to)
      see(UploadFinished{asked.request.step, 0, e.attempt, true, Digest{{9}}, asked.root, 8192});
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded);
}

TEST_F(Store, CancellingVoidsTheReservation) {
  job_command(ada_, id_, msg::JobVerb::kCancel);
  EXPECT_TRUE(state().ledger.pending().empty());
  EXPECT_EQ(balance(AccountKind::kAvailable, ada_), kMicroPerCredit);
  answer_upload(uploads_.at(0), true, uploads_[0].root);
  EXPECT_TRUE(events<ResultStored>().empty()) << "it came too late";
}

TEST_F(Store, GoesOnAfterARestart) {
  restart();
  connect(rigs_[0]);
  connect(rigs_[1]);
  ASSERT_FALSE(uploads_.empty());
  answer_upload(uploads_[0], true, uploads_[0].root);
  EXPECT_EQ(job(id_).state, msg::JobState::kSucceeded);
  EXPECT_EQ(held(0) + held(1), 2 * kNet);
}

}  // namespace
}  // namespace reeve::core
