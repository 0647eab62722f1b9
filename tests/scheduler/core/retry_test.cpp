#include "protocol/limits.h"
#include "tests/scheduler/core/region_fixture.h"

/// What a task's next attempt has of its earlier ones: a checkpoint, more memory, and other agents.
namespace reeve::core {
namespace {

class Retry : public RegionFixture {
 protected:
  void SetUp() override {
    found(trusting());
    ada_ = requester("ada");
  }

  /// One attempt of each task is enough.
  static JobSpec lasting_job(std::uint32_t tasks = 1) {
    JobSpec spec = program_job(tasks);
    spec.verify.mode = VerifyMode::kNone;
    spec.steps[0].checkpoint_mib = 1;
    return spec;
  }
  static JobSpec growing_job(std::uint32_t most_mib) {
    JobSpec spec = lasting_job();
    spec.steps[0].need.memory_mib = 1024;
    spec.steps[0].most_memory_mib = most_mib;
    return spec;
  }
  std::uint64_t at_work() const {
    std::uint64_t tasks = 0;
    for (const Todo& todo : todo_)
      tasks += todo.assignment.tasks.count;
    return tasks;
  }

  PartyId ada_;
};

TEST_F(Retry, TheNextAttemptGoesOnFromTheCheckpoint) {
  const AgentId a = join(owner("otto"), "a");
  const JobId id = submit(ada_, lasting_job());
  const Todo first = todo_.at(0);
  EXPECT_EQ(first.assignment.checkpoint, Digest{});
  leave_checkpoint(first, 0, 1);
  ASSERT_EQ(checkpoints_.size(), 1U);
  EXPECT_EQ(checkpoints_[0].to, a);
  answer_checkpoint();
  const AgentId b = enrol_agent(owner("olga"), "b");
  todo_.clear();
  see(AgentGone{a});
  restart();  // it is durable
  connect(b);
  const Todo second = todo_.at(0);
  EXPECT_EQ(second.assignment.checkpoint, checkpoint_blob(1));
  EXPECT_EQ(core_->needs_input(b, checkpoint_blob(1)), true);
  EXPECT_EQ(core_->needs_input(b, checkpoint_blob(2)), false);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(job(id).steps[0].checkpoints.empty()) << "a task that is done has no next attempt";
}

TEST_F(Retry, OfAnArrayEachTaskGoesOnFromItsOwn) {
  const AgentId a = join(owner("otto"), "a");
  submit(ada_, lasting_job(5));
  const Todo first = todo_.at(0);
  ASSERT_GE(first.assignment.tasks.count, 2U);
  const TaskIndex with = first.assignment.tasks.first + 1;
  leave_checkpoint(first, with, 7);
  answer_checkpoint();
  see(AgentGone{a});
  todo_.clear();
  const AgentId b = enrol_agent(owner("olga"), "b");
  connect(b, 8);
  std::uint64_t alone = 0;
  for (const Todo& todo : todo_) {
    const TaskRange tasks = todo.assignment.tasks;
    if (tasks.first <= with && with < tasks.end()) {
      EXPECT_EQ(tasks.count, 1U) << "a task with a checkpoint travels alone";
      EXPECT_EQ(todo.assignment.checkpoint, checkpoint_blob(7));
      ++alone;
    } else {
      EXPECT_EQ(todo.assignment.checkpoint, Digest{});
    }
  }
  EXPECT_EQ(alone, 1U);
  EXPECT_EQ(at_work(), 5U);
}

TEST_F(Retry, WhereOwnersCheckEachOtherNobodyGoesOnFromAnothersWork) {
  const PartyId otto = owner("otto");
  const AgentId a = join(otto, "a");
  JobSpec spec = lasting_job();
  spec.verify = {VerifyMode::kQuorum, 2};
  submit(ada_, spec);
  leave_checkpoint(todo_.at(0), 0, 1);
  answer_checkpoint();
  todo_.clear();
  see(AgentGone{a});
  const AgentId b = join(owner("olga"), "b");
  ASSERT_EQ(todo_.at(0).agent, b);
  EXPECT_EQ(todo_[0].assignment.checkpoint, Digest{});
  see(AgentGone{b});
  todo_.clear();
  join(otto, "c");
  EXPECT_EQ(todo_.at(0).assignment.checkpoint, checkpoint_blob(1)) << "another agent of the same owner does";
}

TEST_F(Retry, NothingElseIsTakenForACheckpoint) {
  const AgentId a = join(owner("otto"), "a");
  const AgentId b = join(owner("olga"), "b");
  const JobId plain = submit(ada_, program_job(1));
  leave_checkpoint(todo_.at(0), 0, 1);
  EXPECT_TRUE(checkpoints_.empty()) << "of a step that keeps none";
  job_command(ada_, plain, msg::JobVerb::kCancel);
  todo_.clear();
  submit(ada_, lasting_job());
  const Todo todo = todo_.at(0);
  leave_checkpoint(todo, 0, 1, (1U << 20) + 1);
  EXPECT_TRUE(checkpoints_.empty()) << "larger than the step allows";
  leave_checkpoint(todo, 1, 1);
  EXPECT_TRUE(checkpoints_.empty()) << "of a task that it does not have";
  leave_checkpoint({todo.agent == a ? b : a, todo.assignment}, 0, 1);
  EXPECT_TRUE(checkpoints_.empty()) << "of another's attempt";
  leave_checkpoint(todo, 0, 1);
  ASSERT_EQ(checkpoints_.size(), 1U);
  leave_checkpoint(todo, 0, 2);
  EXPECT_EQ(checkpoints_.size(), 1U) << "one at a time";
  AskUpload asked = checkpoints_.at(0);
  see(UploadFinished{asked.request.step, 0, asked.request.attempt, true, checkpoint_blob(3),
                     checkpoint_blob(3), asked.size_bytes, true});
  EXPECT_TRUE(events<CheckpointStored>().empty()) << "other bytes than were offered";
  leave_checkpoint(todo, 0, 2);
  EXPECT_EQ(checkpoints_.size(), 1U) << "not at once";
  pass(seconds(5));
  leave_checkpoint(todo, 0, 2);
  EXPECT_EQ(checkpoints_.size(), 2U);
}

TEST_F(Retry, WhoDoesNotGetTheCheckpointLetsTheNextBeginAnew) {
  const AgentId a = join(owner("otto"), "a");
  const JobId id = submit(ada_, lasting_job());
  leave_checkpoint(todo_.at(0), 0, 1);
  answer_checkpoint();
  see(AgentGone{a});
  todo_.clear();
  connect(a);
  ASSERT_EQ(todo_.at(0).assignment.checkpoint, checkpoint_blob(1));
  fail(todo_.at(0), msg::FailureReason::kInputMissing);
  EXPECT_TRUE(events<AttemptFailed>().empty()) << "at nobody's charge";
  ASSERT_EQ(tasks_held(a), 1U);
  EXPECT_EQ(todo_.at(0).assignment.checkpoint, Digest{});
  fail(todo_.at(0), msg::FailureReason::kInputMissing);
  EXPECT_EQ(events<AttemptFailed>().size(), 1U) << "another input is";
  EXPECT_TRUE(job(id).steps[0].checkpoints.empty());
}

TEST_F(Retry, ALateCheckpointOfATaskThatIsDoneIsDropped) {
  join(owner("otto"), "a");
  const JobId id = submit(ada_, lasting_job());
  leave_checkpoint(todo_.at(0), 0, 1);
  work();
  ASSERT_EQ(job(id).state, msg::JobState::kSucceeded);
  answer_checkpoint();
  EXPECT_TRUE(events<CheckpointStored>().empty());
}

TEST_F(Retry, WhoRanOutOfMemoryHasTwiceAsMuchNext) {
  const AgentId a = join(owner("otto"), "a");
  const JobId id = submit(ada_, growing_job(3000));
  for (const std::uint32_t memory_mib : {1024U, 2048U, 3000U}) {
    ASSERT_EQ(tasks_held(a), 1U);
    EXPECT_EQ(todo_.at(0).assignment.memory_mib, memory_mib);
    fail(todo_.at(0), msg::FailureReason::kOutOfMemory);
    if (memory_mib < 3000) {
      EXPECT_EQ(job(id).steps[0].open.at(0).failures, 0U) << "it is nobody's failure";
      restart();
      connect(a);
    }
  }
  EXPECT_EQ(job(id).steps[0].open.at(0).failures, 1U) << "there is no more to give";
}

TEST_F(Retry, MoreMemoryIsSoughtWhereItIs) {
  const AgentId a = join(owner("otto"), "a");
  const JobId id = submit(ada_, growing_job(16384));
  for (int i = 0; i < 3; ++i)
    fail(todo_.at(0), msg::FailureReason::kOutOfMemory);
  ASSERT_EQ(todo_.at(0).assignment.memory_mib, 8192U);
  fail(todo_.at(0), msg::FailureReason::kOutOfMemory);
  EXPECT_EQ(tasks_held(a), 0U) << "a slot of it has 8192 MiB";
  EXPECT_NE(
      explained(id).find("has 16384 MiB next; the most that an agent that could run it has is 8192 MiB"),
      std::string::npos)
      << explained(id);
}

TEST_F(Retry, NoMoreTasksRunAtOnceThanTheStepAllows) {
  const AgentId a = join(owner("otto"), "a", 8);
  const AgentId b = join(owner("olga"), "b", 8);
  JobSpec spec = lasting_job(20);
  spec.steps[0].most_at_once = 3;
  const JobId id = submit(ada_, spec);
  EXPECT_EQ(at_work(), 3U);
  EXPECT_NE(explained(id).find("3 tasks are with agents"), std::string::npos);
  see(AgentGone{todo_.at(0).agent});
  todo_.clear();
  connect(a, 8);
  connect(b, 8);
  for (int round = 0; job(id).live() && round < 100; ++round) {
    std::uint64_t held = tasks_held(a) + tasks_held(b);
    EXPECT_LE(held, 3U);
    ASSERT_GT(held, 0U) << "the others follow";
    report(todo_.at(0));
  }
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
}

TEST_F(Retry, AnAgentThatFailsThreeInARowComesAfterAllOthers) {
  const PartyId otto = owner("otto");
  const AgentId bad = join(otto, "bad");
  JobSpec spec = lasting_job(40);
  spec.max_retries = 100;
  const JobId id = submit(ada_, spec);
  habits_[bad].fails = true;
  for (int i = 0; i < 3; ++i)
    report_all(bad);
  const AgentId good = join(owner("olga"), "good");
  for (int i = 0; i < 3; ++i)
    report_all(bad);
  EXPECT_EQ(tasks_held(bad), 0U);
  EXPECT_NE(explained(id).find("failed several tasks of this job in a row, and come after all others: bad"),
            std::string::npos)
      << explained(id);
  const JobId other = submit(ada_, lasting_job(40));
  EXPECT_GT(tasks_held(bad), 0U) << "of another job it has its share";
  job_command(ada_, other, msg::JobVerb::kCancel);
  see(AgentGone{good});
  see(Tick{});
  EXPECT_GT(tasks_held(bad), 0U) << "better than nobody";
}

TEST_F(Retry, ATaskThatThreeOwnersFailedHasFailed) {
  for (const char* name : {"otto", "olga", "omar", "oona"}) {
    const AgentId rig = join(owner(name), std::string(name) + " rig");
    habits_[rig].fails = true;
  }
  const JobId id = submit(ada_, lasting_job());
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kFailed);
  EXPECT_EQ(events<AttemptFailed>().size(), 3U);
}

TEST_F(Retry, AnEndedJobIsForgottenAndALiveOneIsNot) {
  const AgentId a = join(owner("otto"), "a");
  const JobId id = submit(ada_, lasting_job());
  const auto forget = [&](PartyId who) {
    return command(who, msg::JobCommand{id, msg::JobVerb::kForget, 0, ""});
  };
  const Answer early = forget(ada_);
  ASSERT_TRUE(std::holds_alternative<Error>(early));
  EXPECT_NE(std::get<Error>(early).message.find("has not ended"), std::string::npos);
  report_all(a);
  ASSERT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(std::holds_alternative<Error>(forget(requester("eve")))) << "it is not hers";
  EXPECT_TRUE(std::holds_alternative<msg::Done>(forget(ada_)));
  ASSERT_EQ(events<JobPurged>().size(), 1U);
  EXPECT_EQ(events<JobPurged>()[0].command.party, ada_);
}

}  // namespace
}  // namespace reeve::core
