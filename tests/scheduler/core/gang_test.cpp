#include <set>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Gang : public RegionFixture {
 protected:
  Gang() { found(trusting()); }

  static JobSpec gang_job(std::uint32_t least, std::uint32_t most, std::uint32_t tasks = 1) {
    JobSpec spec = program_job(tasks);
    spec.verify = {VerifyMode::kNone, 1};
    spec.steps[0].gang_min = least;
    spec.steps[0].gang_max = most;
    return spec;
  }
  /// Joins an agent that is of a farm.
  AgentId join_farm(PartyId owner, const std::string& name, const std::string& farm,
                    std::uint32_t slots = 2) {
    const AgentId agent = enrol_agent(owner, name);
    connect_farm(agent, farm, slots);
    return agent;
  }
  void connect_farm(AgentId agent, const std::string& farm, std::uint32_t slots = 2,
                    const std::vector<msg::HeldAttempt>& held = {}) {
    AgentConnected input{ConnectionId(100 + agent.value()), agent, {}};
    input.hello.name = "rig";
    input.hello.slots = slots;
    input.hello.capability = {4, 8192, 0, 0, {}, {{std::string(kProgramKernel), 1}, {"test", 1}}, ""};
    input.hello.held = held;
    input.hello.farm = farm;
    input.hello.gang_endpoint = "10.0.0." + std::to_string(agent.value()) + ":7790";
    see(input);
    see(CreditGranted{agent, 100});
  }
  std::vector<Todo> seats() const {
    std::vector<Todo> found;
    for (const Todo& todo : todo_)
      if (todo.assignment.gang.is_gang()) found.push_back(todo);
    return found;
  }
  Todo lead() const {
    for (const Todo& todo : seats())
      if (todo.assignment.gang.rank == 0) return todo;
    ADD_FAILURE() << "no gang runs";
    return {};
  }
  /// Reports one task and keeps the rest of its attempt: an agent's slots never come free together.
  void report_one(AgentId agent) {
    for (Todo& todo : todo_) {
      if (todo.agent != agent || todo.assignment.tasks.count == 0) continue;
      Todo one = todo;
      one.assignment.tasks.count = 1;
      todo.assignment.tasks = {todo.assignment.tasks.first + 1, todo.assignment.tasks.count - 1};
      now_ = now_ + task_time_;
      see(report_of(one));
      return;
    }
  }
  void beat_all() {
    for (const AgentView& view : core_->agents()) {
      std::vector<AttemptId> held;
      for (const Todo& todo : todo_of(view.agent))
        held.push_back(todo.assignment.attempt);
      if (view.online) beat(view.agent, held);
    }
  }
};

TEST_F(Gang, StartsOnAllItsSlotsAtOnceOrOnNone) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  join_farm(otto, "rig01", "hall");
  const JobId id = submit(ada, gang_job(4, 4));
  EXPECT_TRUE(todo_.empty()) << "two slots are no four";
  EXPECT_NE(explained(id).find("needs 4 slots of one owner's farm at once; the most is 2 (rig01)"),
            std::string::npos)
      << explained(id);
  join_farm(otto, "rig02", "hall");
  ASSERT_EQ(seats().size(), 4U);
  std::set<std::uint32_t> ranks;
  for (const Todo& todo : seats()) {
    const msg::GangSeat& seat = todo.assignment.gang;
    ranks.insert(seat.rank);
    ASSERT_EQ(seat.members.size(), 4U);
    EXPECT_EQ(seat.lead, lead().assignment.attempt);
    EXPECT_EQ(seat.secret, lead().assignment.gang.secret);
    EXPECT_EQ(seat.members[seat.rank].endpoint, "10.0.0." + std::to_string(todo.agent.value()) + ":7790");
  }
  EXPECT_EQ(ranks, (std::set<std::uint32_t>{0, 1, 2, 3}));
}

TEST_F(Gang, IsOfOneOwnerAndOneFarm) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  join_farm(otto, "rig01", "hall");
  join_farm(otto, "rig02", "barn");
  join_farm(owner("olga"), "rig03", "hall");
  join(otto, "rig04", 8);  // names no farm
  submit(ada, gang_job(3, 4));
  EXPECT_TRUE(todo_.empty());
  join_farm(otto, "rig05", "barn", 1);
  ASSERT_EQ(seats().size(), 3U);
}

TEST_F(Gang, TakesAsManySlotsAsAreFreeUpToItsMost) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  join_farm(otto, "rig01", "hall", 3);
  join_farm(otto, "rig02", "hall", 2);
  submit(ada, gang_job(2, 8));
  EXPECT_EQ(seats().size(), 5U);
  submit(ada, gang_job(2, 2));
  EXPECT_EQ(seats().size(), 5U) << "nothing is free";
}

TEST_F(Gang, OfTwoThatCannotBothRunOneRunsAndThenTheOther) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  const AgentId rig01 = join_farm(otto, "rig01", "hall");
  const AgentId rig02 = join_farm(otto, "rig02", "hall");
  const JobId first = submit(ada, gang_job(3, 3));
  const JobId second = submit(ada, gang_job(3, 3));
  EXPECT_EQ(seats().size(), 3U);
  report(lead());
  EXPECT_EQ(job(first).state, msg::JobState::kSucceeded);
  ASSERT_EQ(seats().size(), 3U) << "the first one's slots are free at once";
  EXPECT_EQ(lead().assignment.step.job, second);
  report(lead());
  EXPECT_EQ(job(second).state, msg::JobState::kSucceeded);
  EXPECT_EQ(tasks_held(rig01) + tasks_held(rig02), 0U);
}

TEST_F(Gang, EndsWholeWhenOneOfItsAgentsIsLostAndStartsAgainOnOthers) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  join_farm(otto, "rig01", "hall");
  join_farm(otto, "rig02", "hall");
  const JobId id = submit(ada, gang_job(4, 4));
  const AttemptId before = lead().assignment.attempt;
  const AgentId gone = lead().agent == AgentId(1) ? AgentId(2) : AgentId(1);
  see(AgentGone{gone});
  std::erase_if(todo_, [gone](const Todo& todo) { return todo.agent == gone; });
  EXPECT_TRUE(seats().empty()) << "the others were told to stop";
  EXPECT_TRUE(events<AttemptFailed>().empty()) << "it is not the program's fault";
  join_farm(otto, "rig03", "hall");
  ASSERT_EQ(seats().size(), 4U);
  EXPECT_NE(lead().assignment.attempt, before);
  report(lead());
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Gang, FailsWhenAnyMemberFailsAndIsChargedOnce) {
  const PartyId ada = requester("ada");
  const AgentId rig = join_farm(owner("otto"), "rig01", "hall", 3);
  submit(ada, gang_job(3, 3));
  habits_[rig].fails = true;
  for (const Todo& todo : seats())
    if (todo.assignment.gang.rank == 2) {
      report(todo);
      break;
    }
  ASSERT_EQ(events<AttemptFailed>().size(), 1U);
  EXPECT_NE(events<AttemptFailed>()[0].message.find("rank 2 on rig01: it crashed"), std::string::npos);
}

TEST_F(Gang, IsCancelledOnAllItsSlots) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  join_farm(otto, "rig01", "hall");
  join_farm(otto, "rig02", "hall");
  const JobId id = submit(ada, gang_job(4, 4));
  ASSERT_EQ(seats().size(), 4U);
  job_command(ada, id, msg::JobVerb::kCancel);
  EXPECT_TRUE(seats().empty());
  submit(ada, gang_job(4, 4));
  EXPECT_EQ(seats().size(), 4U) << "every slot is free again";
}

TEST_F(Gang, CostsTheLeastOfItsSlots) {
  const PartyId ada = requester("ada");
  join_farm(owner("otto"), "rig01", "hall", 4);
  const JobId id = submit(ada, gang_job(3, 4));
  EXPECT_EQ(job(id).steps[0].task_price, 3 * kPrice);
}

TEST_F(Gang, IsNotStarvedBySmallTasks) {
  const PartyId ada = requester("ada");
  const PartyId bob = requester("bob");
  const AgentId rig = join_farm(owner("otto"), "rig01", "hall", 2);
  const JobId small = submit(bob, inline_job(100'000));
  const JobId id = submit(ada, gang_job(2, 2));
  for (int i = 0; i < 300 && seats().empty(); ++i) {
    report_one(rig);
    beat_all();
  }
  EXPECT_EQ(seats().size(), 2U) << explained(id);
  EXPECT_TRUE(job(small).live()) << "it had not to wait for the small ones' end";
}

TEST_F(Gang, IsNotAdoptedAfterARestartButStartsAgain) {
  const PartyId ada = requester("ada");
  const AgentId rig = join_farm(owner("otto"), "rig01", "hall", 2);
  const JobId id = submit(ada, gang_job(2, 2));
  std::vector<msg::HeldAttempt> held;
  for (const Todo& todo : seats())
    held.push_back(
        {todo.assignment.attempt, todo.assignment.step, todo.assignment.tasks, 0, todo.assignment.ticket});
  ASSERT_EQ(held.size(), 2U);
  restart();
  connect_farm(rig, "hall", 2, held);
  ASSERT_EQ(seats().size(), 2U);
  EXPECT_NE(lead().assignment.attempt, held[0].attempt);
  report(lead());
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Gang, OfAKernelOrOfNoSizeIsRefused) {
  const PartyId ada = requester("ada");
  for (const auto& [least, most] : {std::pair{0U, 3U}, {3U, 2U}, {1U, 257U}}) {
    const Answer answer = command(ada, msg::SubmitJob{gang_job(least, most), false});
    ASSERT_TRUE(std::holds_alternative<Error>(answer)) << least << ":" << most;
    EXPECT_NE(std::get<Error>(answer).message.find("steps[0].gang"), std::string::npos);
  }
  JobSpec kernel = inline_job(1);
  kernel.steps[0].gang_min = kernel.steps[0].gang_max = 2;
  EXPECT_TRUE(std::holds_alternative<Error>(command(ada, msg::SubmitJob{kernel, false})));
}

}  // namespace
}  // namespace reeve::core
