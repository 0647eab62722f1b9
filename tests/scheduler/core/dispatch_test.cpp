#include <set>

#include "protocol/limits.h"
#include "scheduler/core/rooms.h"
#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

TEST(Place, EveryNeedIsMet) {
  const Capability has{4, 8192, 1, 16'000, {"fast", "london"}, {{"test", 1}, {"test", 2}}, ""};
  TaskNeed need;
  need.kernel = {"test", 1};
  EXPECT_TRUE(meets(has, need));
  const auto fails = [&has, &need](auto change) {
    TaskNeed other = need;
    change(other);
    return !meets(has, other);
  };
  EXPECT_TRUE(fails([](TaskNeed& n) { n.cpus = 5; }));
  EXPECT_TRUE(fails([](TaskNeed& n) { n.memory_mib = 8193; }));
  EXPECT_TRUE(fails([](TaskNeed& n) { n.gpus = 2; }));
  EXPECT_TRUE(fails([](TaskNeed& n) { n.vram_mib = 16'001; }));
  EXPECT_TRUE(fails([](TaskNeed& n) { n.tags = {"fast", "paris"}; }));
  EXPECT_TRUE(fails([](TaskNeed& n) { n.kernel.contract = 3; })) << "the contract's version counts";
  EXPECT_FALSE(fails([](TaskNeed& n) { n.tags = {"fast", "london"}, n.cpus = 4, n.gpus = 1; }));
}

TEST(Place, AnEmptyNeedIsMetByAnySlotWithItsKernel) {
  TaskNeed need;
  need.kernel = {"test", 1};
  EXPECT_TRUE(meets(Capability{0, 0, 0, 0, {}, {{"test", 1}}, ""}, need));
  EXPECT_FALSE(meets(Capability{64, 1 << 20, 8, 1 << 16, {"fast"}, {}, ""}, need));
  EXPECT_FALSE(meets(Capability{64, 1 << 20, 8, 1 << 16, {"fast"}, {{"other", 1}}, ""}, need));
}

TEST(Place, ACopyGoesToAnotherOwner) {
  OpenTask task;
  task.attempts.push_back({AttemptId(1), AgentId(1), PartyId(7), {}, 0, true});
  EXPECT_FALSE(may_run_copy(task, PartyId(7)));
  EXPECT_TRUE(may_run_copy(task, PartyId(8)));
}

TEST(Place, WorkInHandIsOneTaskASlotAndWhatTheTargetHolds) {
  AgentSession agent;
  agent.slots = 3;
  const Duration target = milliseconds(200);
  EXPECT_EQ(work_in_hand(agent, 0, target), 6U) << "nothing is known yet";
  EXPECT_EQ(work_in_hand(agent, seconds(10).ns, target), 6U) << "long tasks: one runs, one waits";
  EXPECT_EQ(work_in_hand(agent, milliseconds(20).ns, target), 33U);
  EXPECT_EQ(work_in_hand(agent, 1, target), 3U * 100'001U) << "bounded";
  EXPECT_EQ(work_in_hand(agent, seconds(1).ns, Duration{}), 6U) << "no target: one runs, one waits";
  agent.slots = limits::kSlotsPerAgent;
  EXPECT_EQ(work_in_hand(agent, 1, hours(1)), 1024U * 100'001U) << "no product overflows";
}

class Dispatch : public RegionFixture {
 protected:
  Dispatch() { found(trusting()); }
};

TEST_F(Dispatch, TasksGoOnlyWhereTheirNeedsAreMet) {
  const PartyId ada = requester("ada");
  const AgentId rig = join(owner("otto"), "rig");
  JobSpec spec = inline_job(4);
  spec.steps[0].need.gpus = 1;
  const JobId id = submit(ada, spec);
  EXPECT_EQ(tasks_held(rig), 0U);
  EXPECT_NE(explained(id).find("gpus 0 < 1"), std::string::npos) << explained(id);
  const JobId other = submit(ada, inline_job(1));
  EXPECT_EQ(core_->running_tasks(other), 1U) << "a job that no agent can run blocks no other";
}

TEST_F(Dispatch, RequestersShareAnAgentEvenly) {
  const PartyId ada = requester("ada");
  const PartyId bob = requester("bob");
  const JobId a = submit(ada, inline_job(400));
  const JobId b = submit(bob, inline_job(400));
  const AgentId rig = join(owner("otto"), "rig");
  for (int i = 0; i < 60; ++i)
    report_all(rig);
  const auto done_a = job(a).steps[0].done.size();
  const auto done_b = job(b).steps[0].done.size();
  ASSERT_GT(done_a + done_b, 60U);
  EXPECT_LE(done_a > done_b ? done_a - done_b : done_b - done_a, 6U) << done_a << " and " << done_b;
}

TEST_F(Dispatch, IdleTimeEarnsNoArrears) {
  const PartyId ada = requester("ada");
  const PartyId bob = requester("bob");
  const AgentId rig = join(owner("otto"), "rig");
  const JobId a = submit(ada, inline_job(400));
  for (int i = 0; i < 30; ++i)
    report_all(rig);
  const auto before = job(a).steps[0].done.size();
  const JobId b = submit(bob, inline_job(400));
  for (int i = 0; i < 30; ++i)
    report_all(rig);
  EXPECT_GT(job(a).steps[0].done.size(), before + 10) << "the newcomer does not take everything";
  EXPECT_GT(job(b).steps[0].done.size(), 10U);
}

TEST_F(Dispatch, AmongARequestersJobsTheHigherPriorityRunsFirst) {
  const PartyId ada = requester("ada");
  const JobId low = submit(ada, inline_job(20));
  JobSpec urgent = inline_job(20);
  urgent.priority = 10;
  const JobId high = submit(ada, urgent);
  const AgentId rig = join(owner("otto"), "rig");
  while (job(low).steps[0].done.empty() && !todo_of(rig).empty())
    report(todo_of(rig).front());
  EXPECT_EQ(job(high).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(low).state, msg::JobState::kRunning);
}

TEST_F(Dispatch, AChangedPriorityCountsFromThenOn) {
  const PartyId ada = requester("ada");
  const JobId first = submit(ada, inline_job(20));
  const JobId second = submit(ada, inline_job(20));
  job_command(ada, second, msg::JobVerb::kSetPriority, 5);
  const AgentId rig = join(owner("otto"), "rig");
  for (const Todo& todo : todo_of(rig))
    EXPECT_EQ(todo.assignment.step.job, second);
  EXPECT_FALSE(todo_of(rig).empty());
  EXPECT_EQ(core_->running_tasks(first), 0U);
}

TEST_F(Dispatch, NoMoreIsSentThanCreditAllows) {
  const PartyId ada = requester("ada");
  const AgentId rig = enrol_agent(owner("otto"), "rig");
  submit(ada, inline_job(100));
  connect(rig, 8, 3);
  EXPECT_EQ(tasks_held(rig), 3U);
  report_all(rig);
  EXPECT_EQ(tasks_held(rig), 0U) << "credit is cumulative: what was done does not come back";
  see(CreditGranted{rig, 5});
  EXPECT_EQ(tasks_held(rig), 2U);
  see(CreditGranted{rig, 5});
  EXPECT_EQ(tasks_held(rig), 2U) << "the same grant twice gives nothing";
}

TEST_F(Dispatch, LongTasksAreNotHoarded) {
  const PartyId ada = requester("ada");
  const AgentId rig = join(owner("otto"), "rig");
  task_time_ = seconds(10);
  submit(ada, inline_job(100));
  report(todo_of(rig).at(0));
  EXPECT_EQ(tasks_held(rig), 2U) << "one runs, one waits";
}

TEST_F(Dispatch, ShortTasksAreSentAhead) {
  const PartyId ada = requester("ada");
  const AgentId rig = join(owner("otto"), "rig");
  task_time_ = milliseconds(1);
  submit(ada, inline_job(100'000));
  for (int i = 0; i < 20; ++i)
    report(todo_of(rig).at(0));
  EXPECT_GT(tasks_held(rig), 100U);
}

TEST_F(Dispatch, ASmallJobIsSpreadOverAllAgents) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  std::vector<AgentId> rigs;
  for (int i = 0; i < 4; ++i)
    rigs.push_back(join(otto, "rig" + std::to_string(i), 4));
  submit(ada, inline_job(8));
  for (const AgentId rig : rigs) {
    EXPECT_GE(tasks_held(rig), 1U);
    EXPECT_LE(tasks_held(rig), 3U);
  }
}

TEST_F(Dispatch, EveryTaskIsLeasedOnce) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  for (int i = 0; i < 3; ++i)
    join(otto, "rig" + std::to_string(i), 2);
  submit(ada, inline_job(9));
  IntervalSet seen;
  for (const Todo& todo : todo_)
    EXPECT_EQ(seen.insert(todo.assignment.tasks), todo.assignment.tasks.count);
  EXPECT_EQ(seen.size(), 9U);
}

TEST_F(Dispatch, ARefereeRunsNoFreshTasks) {
  const PartyId ada = requester("ada");
  const AgentId judge = referee();
  submit(ada, inline_job(5));
  EXPECT_EQ(tasks_held(judge), 0U);
}

/// More agents than a draw looks at.
class Crowd : public RegionFixture {
 protected:
  Crowd() { ada_ = requester("ada"); }
  std::vector<AgentId> crowd(PartyId owner, int rigs) {
    std::vector<AgentId> joined;
    for (int i = 0; i < rigs; ++i)
      joined.push_back(join(owner, "rig" + std::to_string(rigs_++)));
    return joined;
  }

  PartyId ada_;
  int rigs_ = 0;
};

TEST_F(Crowd, OneOtherOwnersAgentInItIsFoundAtWhateverPlace) {
  constexpr int kRigs = 200;
  for (const int place : {0, 63, 64, 137, kRigs}) {
    found(Policy{});
    ada_ = requester("ada");
    const PartyId many = owner("many");
    crowd(many, place);
    const AgentId other = enrol_agent(owner("single"), "other");
    crowd(many, kRigs - place);
    const JobId id = submit(ada_, inline_job(1));
    const Todo first = todo_.at(0);
    connect(other);
    report(first);
    for (int round = 0; round <= kRigs / 64; ++round)
      see(Tick{});
    ASSERT_EQ(tasks_held(other), 1U) << "at place " << place;
    report_all(other);
    EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  }
}

TEST_F(Crowd, CopiesAreSpreadOverItAndNeverGoToTheSameOwner) {
  std::map<AgentId, PartyId> owner_of;
  for (int i = 0; i < 100; ++i) {
    const PartyId id = owner("owner" + std::to_string(i));
    owner_of[join(id, "rig" + std::to_string(i), 8)] = id;
  }
  const JobId id = submit(ada_, inline_job(300));
  const std::vector<Todo> firsts = todo_;
  todo_.clear();
  for (const Todo& todo : firsts)
    see(report_of(todo));
  std::set<PartyId> checkers;
  for (const Todo& todo : todo_) {
    const PartyId checker = owner_of.at(todo.agent);
    EXPECT_NE(owners_that_ran(todo.assignment.step, todo.assignment.tasks.first).at(0), checker);
    checkers.insert(checker);
  }
  EXPECT_GT(checkers.size(), 40U);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Crowd, WhoHasNoRoomIsNotDrawn) {
  const PartyId many = owner("many");
  const std::vector<AgentId> rigs = crowd(many, 100);
  const AgentId other = enrol_agent(owner("single"), "other");
  submit(ada_, inline_job(3));
  const std::vector<Todo> firsts = todo_;
  connect(other, 1, 2);  // two tasks, and no more
  todo_.clear();
  for (const Todo& todo : firsts)
    see(report_of(todo));
  for (int round = 0; round < 4; ++round)
    see(Tick{});
  EXPECT_EQ(tasks_held(other), 2U);
  for (const Todo& todo : todo_)
    EXPECT_EQ(todo.agent, other) << "nobody of the first owner has a copy";
}

TEST_F(Dispatch, TasksThatNobodyMayRunNowHoldUpNoOthers) {
  const PartyId ada = requester("ada");
  const AgentId a = join(owner("otto"), "a", 100);
  JobSpec spec = inline_job(80);
  spec.verify = {VerifyMode::kQuorum, 2};
  spec.max_retries = 100;
  submit(ada, spec);
  Todo part = todo_of(a).at(0);
  ASSERT_EQ(part.assignment.tasks.count, 80U);
  const AgentId b = join(owner("olga"), "b", 100);
  part.assignment.tasks = {0, 70};
  see(report_of(part));
  habits_[b].fails = true;  // seventy tasks, of which both owners are out for now
  report_all(b);
  ASSERT_EQ(tasks_held(b), 0U);
  habits_[a].fails = true;
  part.assignment.tasks = {70, 10};
  see(report_of(part));  // ten that b may run at once
  for (int round = 0; round < 2; ++round)
    see(Tick{});
  EXPECT_EQ(tasks_held(b), 10U);
}

TEST_F(Dispatch, AnAgentThatIsPausedIsNotWaitedFor) {
  const PartyId ada = requester("ada");
  const AgentId a = join(owner("otto"), "a");
  const PartyId olga = owner("olga");
  const AgentId b = join(olga, "b");
  const AgentId judge = referee();
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(olga, msg::SetAgentPaused{b, true})));
  JobSpec spec = inline_job(1);
  spec.verify = {VerifyMode::kQuorum, 2};
  submit(ada, spec);
  report_all(a);
  EXPECT_EQ(tasks_held(judge), 1U);
}

TEST_F(Dispatch, EscrowHoldsTheWorstCaseOfWhatIsOut) {
  const PartyId ada = requester("ada", 10 * kMicroPerCredit);
  join(owner("otto"), "rig");
  const JobId id = submit(ada, inline_job(10));
  EXPECT_EQ(balance(AccountKind::kEscrow, id.value()), 10 * 2 * kPrice) << "each task may run twice";
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), 10 * kMicroPerCredit - 20 * kPrice);
}

}  // namespace
}  // namespace reeve::core
