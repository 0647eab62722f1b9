#include "scheduler/core/bit_classes.h"

#include <algorithm>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

/// Owners whose hosts give the same bits within a class, and others from class to class.
class BitClass : public RegionFixture {
 protected:
  BitClass() {
    found(trusting());
    ada_ = requester("ada", kMicroPerCredit);
  }
  PartyId join_of(const std::string& bit_class, std::uint32_t slots = 1) {
    const std::string number = std::to_string(owners_.size());
    owners_.push_back(owner("owner" + number));
    const AgentId rig = enrol_agent(owners_.back(), "rig" + number);
    bit_classes_[rig] = bit_class;
    habits_[rig].lie = 1 + std::hash<std::string>{}(bit_class) % 1000;
    connect(rig, slots);
    rigs_.push_back(rig);
    return owners_.back();
  }
  std::vector<PartyId> ran(JobId id, TaskIndex task) const {
    std::vector<PartyId> owners;
    for (const ResultsRecorded& e : events<ResultsRecorded>())
      if (e.step.job == id && e.tasks.first <= task && task < e.tasks.end()) owners.push_back(e.owner);
    return owners;
  }

  PartyId ada_;
  std::vector<PartyId> owners_;
  std::vector<AgentId> rigs_;
};

TEST_F(BitClass, CopiesOfAProgramStayInOneClassAndNobodyIsOutvoted) {
  join_of("v3");
  join_of("v4");
  join_of("v3");
  join_of("v4");
  const JobId id = submit(ada_, program_job(20));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(events<AttemptRejected>().empty());
  for (TaskIndex task = 0; task < 20; ++task)
    EXPECT_EQ(ran(id, task).size(), 2U) << "task " << task;
  EXPECT_EQ(job(id).spent, 40 * kPrice);
}

TEST_F(BitClass, OneThatNobodySharesIsGivenNoTaskOfWhichTwoMustAgree) {
  const PartyId lone = join_of("v2");
  join_of("v4");
  join_of("v4");
  const JobId id = submit(ada_, program_job(20));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  for (TaskIndex task = 0; task < 20; ++task) {
    const std::vector<PartyId> owners = ran(id, task);
    EXPECT_EQ(std::count(owners.begin(), owners.end(), lone), 0);
  }
}

TEST_F(BitClass, WithoutASecondOwnerOfItATaskWaitsAndExplainNamesIt) {
  join_of("v3");
  join_of("v4");
  const JobId id = submit(ada_, program_job(1));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  EXPECT_EQ(ran(id, 0).size(), 1U);
  const std::string said = explained(id);
  EXPECT_NE(said.find(ran(id, 0)[0] == owners_[0] ? "bit class 'v3'" : "bit class 'v4'"), std::string::npos)
      << said;
  EXPECT_NE(said.find("none is connected"), std::string::npos) << said;
  join_of(ran(id, 0)[0] == owners_[0] ? "v3" : "v4");
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(BitClass, ATaskThatIsStuckInALoneClassIsRunAgainWhereAQuorumIs) {
  const PartyId lone = join_of("v2");
  const JobId id = submit(ada_, program_job(3));
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning);
  join_of("v4");
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kRunning) << "one against one";
  join_of("v4");
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kHeld, lone), 0) << "nobody could confirm what it said";
  EXPECT_EQ(balance(AccountKind::kHeld, owners_[1]), 3 * kNet);
  EXPECT_EQ(balance(AccountKind::kHeld, owners_[2]), 3 * kNet);
}

TEST_F(BitClass, OfARecordedResultIsKnownAfterARestart) {
  join_of("v3");
  const JobId id = submit(ada_, program_job(1));
  work();
  restart();  // its agent does not come back
  const PartyId other = join_of("v4");
  work();
  EXPECT_EQ(ran(id, 0).size(), 1U) << "another class";
  const PartyId mate = join_of("v3");
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(balance(AccountKind::kHeld, other), 0);
  EXPECT_EQ(balance(AccountKind::kHeld, mate), kNet);
}

TEST_F(BitClass, IsOfNoAccountWhereResultsAreComparedOrAKernelMakesThem) {
  join_of("v3");
  join_of("v4");
  for (const AgentId rig : rigs_)
    habits_[rig].lie = 0;
  JobSpec kernels = inline_job(2);
  kernels.verify = {VerifyMode::kQuorum, 2};
  const JobId id = submit(ada_, kernels);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  habits_[rigs_[1]].look = 5;
  comparer();
  const JobId compared = submit(ada_, compared_job(2));
  work();
  EXPECT_EQ(job(compared).state, msg::JobState::kSucceeded);
}

TEST_F(BitClass, IsJournalledOnceAndAgainOnlyWhenItChanges) {
  join_of("v3");
  connect(rigs_[0]);
  EXPECT_EQ(events<BitClassSeen>().size(), 1U);
  bit_classes_[rigs_[0]] = "v4";
  connect(rigs_[0]);
  ASSERT_EQ(events<BitClassSeen>().size(), 2U);
  EXPECT_EQ(state().bit_classes.at(rigs_[0]), "v4");
  const Bytes snapshot = encode_state(state());
  Durable read;
  ASSERT_TRUE(decode_state(snapshot, read));
  EXPECT_EQ(read.bit_classes, state().bit_classes);
}

}  // namespace
}  // namespace reeve::core
