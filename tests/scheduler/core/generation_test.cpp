#include "scheduler/core/generations.h"

#include <algorithm>
#include <set>

#include "protocol/merkle.h"
#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

constexpr Iteration kShort{3, 2, 0, 0};  // tasks 0 1 U2, 3 4 U5, 6 7 U8

/// Three owners with an agent each, and a requester.
class Generations : public RegionFixture {
 protected:
  Generations() { begin({}); }
  void begin(const Policy& policy) {
    found(policy);
    rigs_.clear();
    owners_.clear();
    ada_ = requester("ada");
    for (int i = 0; i < 3; ++i) {
      owners_.push_back(owner("owner" + std::to_string(i), kMicroPerCredit));
      rigs_.push_back(join(owners_.back(), "rig" + std::to_string(i)));
    }
  }
  StepRef start(const Iteration& iteration, VerifyPolicy verify = {}) {
    JobSpec spec = iterating_job(iteration);
    spec.verify = verify;
    return {submit(ada_, spec), 0};
  }
  const StepState& step(StepRef ref) const { return *state().find_step(ref); }
  std::set<TaskIndex> held() const {
    std::set<TaskIndex> tasks;
    for (const Todo& todo : todo_)
      for (TaskIndex task = todo.assignment.tasks.first; task < todo.assignment.tasks.end(); ++task)
        tasks.insert(task);
    return tasks;
  }
  /// What the honest result of a task is stored as.
  Digest honest_blob(StepRef ref, TaskIndex task) const {
    return blob_of(merkle_root(leaves_of(ref, task, {})));
  }
  void report_held_once() {
    for (const Todo& todo : std::vector<Todo>(todo_))
      report(todo);
  }
  void upload_all() {
    for (const AskUpload& asked : std::exchange(uploads_, {}))
      answer_upload(asked, true, asked.root);
  }
  /// Works until the step has so many generations.
  void work_until(StepRef ref, std::uint32_t generations) {
    for (int turn = 0; turn < 1000 && generations_done(step(ref)) < generations; ++turn) {
      report_held_once();
      upload_all();
    }
  }

  PartyId ada_;
  std::vector<PartyId> owners_;
  std::vector<AgentId> rigs_;
};

TEST_F(Generations, ShardsOfTheFirstOneStartAndNothingElse) {
  const StepRef ref = start(kShort);
  EXPECT_EQ(held(), (std::set<TaskIndex>{0, 1}));
  for (const Todo& todo : todo_)
    EXPECT_TRUE(todo.assignment.inputs.empty()) << "they begin from the start";
  EXPECT_NE(explained(ref.job).find("generation 1 of 3, 0 of 2 gradients"), std::string::npos)
      << explained(ref.job);
}

TEST_F(Generations, AnUpdateGetsEveryShardAndTheUpdateBefore) {
  const StepRef ref = start(kShort);
  work();
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  std::map<TaskIndex, std::vector<Digest>> given;
  for (const auto& sent : effects<SendAssign>())
    for (const auto& assignment : sent.assign.assignments)
      for (TaskIndex task = assignment.tasks.first; task < assignment.tasks.end(); ++task)
        given[task] = assignment.inputs;
  const auto blobs = [&](std::vector<TaskIndex> tasks) {
    std::vector<Digest> all;
    for (const TaskIndex task : tasks)
      all.push_back(honest_blob(ref, task));
    return all;
  };
  EXPECT_EQ(given[0], blobs({}));
  EXPECT_EQ(given[2], blobs({0, 1}));
  EXPECT_EQ(given[3], blobs({2}));
  EXPECT_EQ(given[5], blobs({2, 3, 4}));
  EXPECT_EQ(given[7], blobs({5}));
  EXPECT_EQ(given[8], blobs({5, 6, 7}));
}

TEST_F(Generations, NothingGoesOnFromWhatOneOwnerSaysOrWhatIsNotStored) {
  begin(trusting());  // of another step one report would be enough
  const StepRef ref = start(kShort);
  report_held_once();
  EXPECT_EQ(held(), (std::set<TaskIndex>{0, 1})) << "each is to be confirmed by another owner";
  EXPECT_TRUE(uploads_.empty());
  report_held_once();
  EXPECT_EQ(uploads_.size(), 2U);
  EXPECT_EQ(held(), std::set<TaskIndex>{}) << "what agrees is not here yet";
  upload_all();
  EXPECT_EQ(held(), std::set<TaskIndex>{2});
  EXPECT_EQ(owners_that_ran(ref, 0).size(), 2U);
}

TEST_F(Generations, StaleShardsDoNotWaitForTheUpdateBefore) {
  const StepRef ref = start({4, 2, 1, 0});
  EXPECT_EQ(held(), (std::set<TaskIndex>{0, 1, 3, 4})) << "both go on from the start";
  work_until(ref, 1);
  std::map<TaskIndex, std::vector<Digest>> given;
  work();
  for (const auto& sent : effects<SendAssign>())
    for (const auto& assignment : sent.assign.assignments)
      given[assignment.tasks.first] = assignment.inputs;
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  EXPECT_EQ(given[6], std::vector<Digest>{honest_blob(ref, 2)}) << "of the generation before the last";
  EXPECT_EQ(given[9], std::vector<Digest>{honest_blob(ref, 5)});
}

TEST_F(Generations, ResultsThatNothingNeedsAreDroppedAndChosenUpdatesKept) {
  const StepRef ref = start({4, 2, 0, 2});
  work();
  std::set<TaskIndex> dropped;
  std::set<TaskIndex> kept;
  for (const auto& e : events<ResultsSpent>()) {
    for (const TaskRange range : e.dropped)
      for (TaskIndex task = range.first; task < range.end(); ++task)
        EXPECT_TRUE(dropped.insert(task).second);
    for (const TaskRange range : e.kept)
      for (TaskIndex task = range.first; task < range.end(); ++task)
        EXPECT_TRUE(kept.insert(task).second);
  }
  EXPECT_EQ(kept, (std::set<TaskIndex>{5, 11})) << "each second, and the last";
  EXPECT_EQ(dropped, (std::set<TaskIndex>{0, 1, 2, 3, 4, 6, 7, 8, 9, 10}));
  EXPECT_TRUE(step(ref).passed.empty());
}

TEST_F(Generations, AnAgentMayFetchWhatItsTaskGoesOnFromAndNothingElse) {
  const StepRef ref = start(kShort);
  work_until(ref, 1);
  ASSERT_FALSE(todo_.empty());
  const Digest state_after_first = honest_blob(ref, 2);
  for (const Todo& todo : todo_) {
    EXPECT_TRUE(*core_->needs_input(todo.agent, state_after_first));
    EXPECT_FALSE(*core_->needs_input(todo.agent, honest_blob(ref, 0))) << "a spent gradient";
  }
  for (const AgentId rig : rigs_) {
    if (!todo_of(rig).empty()) continue;
    EXPECT_FALSE(*core_->needs_input(rig, state_after_first)) << "it has no task that needs it";
  }
}

TEST_F(Generations, GoOnAfterARestart) {
  const StepRef ref = start({6, 2, 1, 0});
  for (std::uint32_t generation = 1; generation < 6; ++generation) {
    work_until(ref, generation);
    restart();
    for (const AgentId rig : rigs_)
      connect(rig);
  }
  work();
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  EXPECT_EQ(events<ResultStored>().size(), 18U) << "nothing was stored twice";
}

TEST_F(Generations, AWrongShardIsConvictedAndWhatFollowsIsOfTheRightOne) {
  referee();
  habits_[rigs_[0]].lie = 1;
  habits_[rigs_[0]].wrong_leaf = 2;
  const StepRef ref = start({8, 4, 0, 0});
  work();
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  EXPECT_TRUE(state().owners.at(owners_[0]).convicted);
  for (const auto& e : events<ResultStored>())
    EXPECT_EQ(e.blob, honest_blob(ref, e.task)) << e.task;
}

TEST_F(Generations, ARefereeGetsTheInputsOfTheTaskThatItJudges) {
  const AgentId judge = referee();
  const StepRef ref = start(kShort);
  work_until(ref, 1);
  habits_[rigs_[0]].lie = habits_[rigs_[1]].lie = 1;
  habits_[rigs_[1]].lie = 2;
  habits_[rigs_[2]].lie = 3;
  leaves_.clear();
  for (int turn = 0; turn < 20 && leaves_.empty(); ++turn) {
    report_held_once();
    for (const AskOpening& asked : std::exchange(openings_, {}))
      answer_opening(asked);
  }
  ASSERT_FALSE(leaves_.empty());
  EXPECT_EQ(leaves_[0].first, judge);
  EXPECT_EQ(leaves_[0].second.inputs, std::vector<Digest>{honest_blob(ref, 2)});
  EXPECT_TRUE(*core_->needs_input(judge, honest_blob(ref, 2)));
}

TEST_F(Generations, AFailedTaskEndsTheJobAndARetryGoesOnThere) {
  const StepRef ref = start(kShort);
  work_until(ref, 1);
  for (const AgentId rig : rigs_)
    habits_[rig].fails = true;
  for (int turn = 0; turn < 50 && job(ref.job).live(); ++turn) {
    work();
    pass(seconds(60));
  }
  ASSERT_EQ(job(ref.job).state, msg::JobState::kFailed) << "and it does not wait for what can never start";
  for (const AgentId rig : rigs_)
    habits_[rig].fails = false;
  job_command(ada_, ref.job, msg::JobVerb::kRetryFailed);
  EXPECT_EQ(generations_done(step(ref)), 1U);
  for (int turn = 0; turn < 50 && job(ref.job).live(); ++turn) {
    work();
    pass(seconds(60));
  }
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  EXPECT_EQ(events<ResultStored>().size(), 9U);
}

TEST_F(Generations, AJobWhoseResultsNobodyConfirmsAnyMoreFailsAndBeginsAnewWhenItIsRetried) {
  Policy policy;
  policy.strikes = 1;
  begin(policy);
  see(AgentGone{rigs_[2]});
  habits_[rigs_[0]].lie = habits_[rigs_[1]].lie = 1;  // of one mind
  const StepRef ref = start(kShort);
  work_until(ref, 2);
  ASSERT_EQ(generations_done(step(ref)), 2U);
  referee();
  connect(rigs_[2]);
  JobSpec other = stored_job(6);
  other.verify = {VerifyMode::kQuorum, 2};
  submit(ada_, other);
  work();
  ASSERT_TRUE(state().owners.at(owners_[0]).convicted && state().owners.at(owners_[1]).convicted);
  EXPECT_EQ(job(ref.job).state, msg::JobState::kFailed);
  for (int i = 3; i < 5; ++i)
    rigs_.push_back(join(owner("owner" + std::to_string(i)), "rig" + std::to_string(i)));
  job_command(ada_, ref.job, msg::JobVerb::kRetryFailed);
  EXPECT_EQ(generations_done(step(ref)), 0U);
  work();
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  std::map<TaskIndex, Digest> last;
  for (const auto& e : events<ResultStored>())
    if (e.step == ref) last[e.task] = e.blob;
  for (const auto& [task, blob] : last)
    EXPECT_EQ(blob, honest_blob(ref, task)) << task;
}

TEST_F(Generations, AnAgentThatIsFarSlowerThanItsSiblingsIsReplaced) {
  const StepRef ref = start({4, 3, 0, 0});
  work_until(ref, 1);
  habits_[rigs_[0]].reports = false;
  work();
  const std::vector<Todo> late = todo_of(rigs_[0]);
  ASSERT_FALSE(late.empty()) << "the generation waits for it";
  const std::uint32_t before = generations_done(step(ref));
  for (int s = 0; s < 30; ++s)
    pass(seconds(1));
  for (const Todo& todo : todo_of(rigs_[0]))
    EXPECT_NE(todo.assignment.attempt, late[0].assignment.attempt)
        << "taken back, long before its time limit";
  work();
  EXPECT_GT(generations_done(step(ref)), before);
  const auto failed = events<AttemptFailed>();
  ASSERT_FALSE(failed.empty());
  EXPECT_NE(failed[0].message.find("far longer than others"), std::string::npos);
}

TEST_F(Generations, PausedAndResumedTheyGoOn) {
  const StepRef ref = start(kShort);
  work_until(ref, 1);
  job_command(ada_, ref.job, msg::JobVerb::kPause);
  work();
  const std::uint32_t at = generations_done(step(ref));
  EXPECT_LT(at, 3U);
  job_command(ada_, ref.job, msg::JobVerb::kResume);
  work();
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
}

TEST_F(Generations, TakenUncheckedTheySaySo) {
  const StepRef ref = start(kShort, {VerifyMode::kNone, 2});
  EXPECT_NE(explained(ref.job).find("taken unchecked (--verify none)"), std::string::npos)
      << explained(ref.job);
  work();
  EXPECT_EQ(owners_that_ran(ref, 0).size(), 1U);
}

TEST_F(Generations, EveryTaskIsQuotedAsOftenAsItRuns) {
  JobSpec spec = iterating_job(kShort);
  const auto quote = std::get<msg::Accepted>(command(ada_, msg::SubmitJob{spec, false, true}));
  EXPECT_EQ(quote.quote_likely, 9 * 2 * kPrice);
  EXPECT_EQ(quote.quote_most, 9 * 2 * kPrice);
}

TEST_F(Generations, EscrowIsHeldForAWindowOfTasksNotForEachGeneration) {
  const StepRef ref = start({100, 2, 0, 0});
  work();
  EXPECT_EQ(job(ref.job).state, msg::JobState::kSucceeded);
  EXPECT_LE(events<EscrowHeld>().size(), 3U);
}

TEST_F(Generations, WhatDoesNotFitIsRefusedByName) {
  const auto refusal = [&](const Iteration& iteration, auto change) {
    JobSpec spec = iterating_job(iteration);
    change(spec);
    const Answer answer = command(ada_, msg::SubmitJob{spec, false});
    const auto* error = std::get_if<Error>(&answer);
    return error == nullptr ? std::string() : error->message;
  };
  const auto as_it_is = [](JobSpec&) {};
  EXPECT_NE(refusal({0, 2, 0, 0}, [](JobSpec& spec) { spec.steps[0].task_count = 1; }).find("0 generations"),
            std::string::npos);
  EXPECT_NE(refusal({1, 1025, 0, 0}, as_it_is).find("1025 shards"), std::string::npos);
  EXPECT_NE(refusal({40, 2, 17, 0}, as_it_is).find("staleness 17"), std::string::npos);
  EXPECT_NE(refusal(kShort, [](JobSpec& spec) { ++spec.steps[0].task_count; }).find("task_count 10"),
            std::string::npos);
  EXPECT_NE(refusal(kShort,
                    [](JobSpec& spec) {
                      spec.verify = {VerifyMode::kQuorum, 1};
                    })
                .find("quorum of 1"),
            std::string::npos);
  EXPECT_NE(
      refusal(kShort, [](JobSpec& spec) { spec.steps[0].need.kernel.name = "program"; }).find("kernels"),
      std::string::npos);
}

/// The state of a long run: what is kept of it does not grow with what is done.
TEST(GenerationsState, StaysSmallHoweverManyThereAre) {
  constexpr Iteration kLong{100'000, 8, 2, 0};
  Durable state;
  apply_event(state, RegionCreated{"test", {}, {}, {}, {}});
  JobAccepted accepted{JobId(1), PartyId(1), {}, {0}, {}, {}};
  accepted.spec.steps.resize(1);
  accepted.spec.steps[0].task_count = static_cast<std::uint32_t>(kLong.task_count());
  accepted.spec.steps[0].iteration = kLong;
  apply_event(state, accepted);
  const StepRef ref{JobId(1), 0};
  apply_event(state, StepOpened{ref});
  const StepState& step = *state.find_step(ref);
  std::size_t most = 0;
  for (std::uint32_t generation = 0; generation < kLong.generations; ++generation) {
    for (TaskIndex task = kLong.shards_of(generation).first; task <= kLong.update_of(generation); ++task) {
      ASSERT_TRUE(std::ranges::any_of(
          open_tasks(step), [task](TaskRange open) { return open.first <= task && task < open.end(); }));
      apply_event(state, ResultStored{ref, task, AttemptId(1), {}, {}, 1, {}});
      for (const std::uint32_t slot : {0U, 1U})
        apply_event(state, Settled{AttemptId(1), {}, PartyId(2), ref, slot, {{task, 1}}, 1, 0, 0, {}, {}});
    }
    Spent spent = spent_after(step, generation);
    apply_event(state, ResultsSpent{ref, std::move(spent.dropped), std::move(spent.kept)});
    apply_event(
        state,
        Vested{PartyId(2), static_cast<std::uint32_t>(state.owners.at(PartyId(2)).unvested.size()), {}, {}});
    most = std::max(most, encode_state(state).size());
  }
  EXPECT_EQ(generations_done(step), kLong.generations);
  EXPECT_TRUE(step.complete());
  EXPECT_EQ(step.done.range_count(), 1U);
  EXPECT_LT(most, 4096U) << "bytes of a snapshot";
}

}  // namespace
}  // namespace reeve::core
