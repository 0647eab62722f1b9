#include <map>

#include "protocol/limits.h"
#include "tests/agent/core_fixture.h"

namespace reeve::agent {
namespace {

using Credit = CoreFixture;
using HandOff = CoreFixture;
using Cancel = CoreFixture;
using Inputs = CoreFixture;
using Pause = CoreFixture;
using Stop = CoreFixture;
using Leaves = CoreFixture;

TEST_F(Credit, StartsWithTwoTasksASlot) {
  boot_connected(3);
  const auto credits = messages<msg::Credit>(all_);
  ASSERT_FALSE(credits.empty());
  EXPECT_EQ(credits.back().granted_total, 6u);
}

TEST_F(Credit, GrowsToAFifthOfASecondOfWork) {
  boot_connected(1);
  assign(5, {0, 2});
  finish(last<RunBatch>().at(0), {0, 1}, milliseconds(1));
  const auto credits = messages<msg::Credit>(all_);
  EXPECT_EQ(credits.back().granted_total, 2u + 200u - 1u);
}

TEST_F(Credit, LongTasksAreNotHoarded) {
  boot_connected(1);
  assign(5, {0, 2});
  finish(last<RunBatch>().at(0), {0, 1}, seconds(10));
  EXPECT_LE(messages<msg::Credit>(all_).back().granted_total, 3u);
}

TEST_F(Credit, IsBoundedHoweverShortTheTasks) {
  boot_connected(64);
  assign(5, {0, 2});
  finish(last<RunBatch>().at(0), {0, 1}, microseconds(1));
  EXPECT_LE(messages<msg::Credit>(all_).back().granted_total, limits::kCreditPerAgent + 2);
}

TEST_F(Credit, NeverFallsWithinAConversationAndBeginsAnewInTheNext) {
  boot_connected(1);
  assign(5, {0, 2});
  finish(last<RunBatch>().at(0), {0, 1}, milliseconds(1));
  std::uint64_t before = 0;
  for (const auto& credit : messages<msg::Credit>(all_)) {
    EXPECT_GT(credit.granted_total, before);
    before = credit.granted_total;
  }
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  connect();
  ASSERT_EQ(sent<msg::Credit>().size(), 1u);
  EXPECT_LT(sent<msg::Credit>()[0].granted_total, before);
}

TEST_F(HandOff, TinyTasksGoHundredsAtATime) {
  boot_connected(1);
  assign(5, {0, 2000});
  finish(last<RunBatch>().at(0), {0, 1}, microseconds(10));
  ASSERT_FALSE(last<RunBatch>().empty());
  EXPECT_GE(last<RunBatch>().at(0).items.at(0).tasks.count, 500u);
  EXPECT_LE(last<RunBatch>().at(0).items.at(0).tasks.count, bounds::kTasksPerBatch);
}

TEST_F(HandOff, LongTasksGoOneAtATimeAndNoneWaitsBehindThem) {
  boot_connected(2);
  assign(5, {0, 8});
  EXPECT_EQ(last<RunBatch>().size(), 2u);
  finish(last<RunBatch>().at(0), {0, 1}, seconds(1));
  ASSERT_EQ(last<RunBatch>().size(), 1u);
  EXPECT_EQ(last<RunBatch>()[0].items.at(0).tasks.count, 1u);
}

TEST_F(HandOff, RepeatedAssignmentRunsOnce) {
  boot_connected(1);
  assign(5, {0, 4});
  assign(5, {0, 4});
  EXPECT_EQ(core_->status().tasks_in_hand, 4u);
}

TEST_F(HandOff, CrashCostsTheTaskThatRanAndTheOthersRunAgain) {
  boot_connected(1);
  assign(5, {0, 3});
  const RunBatch run = last<RunBatch>().at(0);
  step(TaskFailed{0, run.batch, AttemptId(5), 0, msg::FailureReason::kCrashed, "signal 11"});
  step(SlotDown{0, "signal 11"});
  EXPECT_EQ(core_->status().tasks_failed, 1u);
  step(SlotUp{0});
  ASSERT_EQ(last<RunBatch>().size(), 1u);
  EXPECT_EQ(last<RunBatch>()[0].items.at(0).tasks.first, 1u);
}

TEST_F(HandOff, TaskLostInTheMiddleOfABatchIsTheOneThatFails) {
  boot_connected(1);
  assign(5, {0, 400});
  finish(last<RunBatch>().at(0), {0, 1}, microseconds(100));
  const RunBatch run = last<RunBatch>().at(0);
  const TaskIndex culprit = run.items.at(0).tasks.first + 10;
  step(TaskFailed{0, run.batch, AttemptId(5), culprit, msg::FailureReason::kCrashed, "signal 11"});
  const Effects after_fall = step(SlotDown{0, "signal 11"});
  step(SlotUp{0});
  std::uint32_t again = 0;
  const RunBatch next = last<RunBatch>().at(0);
  for (const BatchItem& item : next.items) {
    EXPECT_FALSE(culprit >= item.tasks.first && culprit < item.tasks.end());
    again += item.tasks.count;
  }
  EXPECT_GT(again, 0u);
  EXPECT_EQ(core_->status().tasks_in_hand, 398u);
}

TEST_F(HandOff, ResultsOfAReplacedWorkerAreNotCountedTwice) {
  boot_connected(1);
  assign(5, {0, 1});
  const RunBatch run = last<RunBatch>().at(0);
  step(SlotDown{0, "gone"});
  finish(run, {0, 1});
  EXPECT_EQ(core_->status().tasks_finished, 0u);
  EXPECT_EQ(core_->status().tasks_in_hand, 1u);
}

TEST_F(Cancel, QueuedTasksAreDropped) {
  boot_connected(1);
  assign(5, {0, 100});
  step(Received{msg::CancelAttempts{{{AttemptId(5), {1, 99}}}}});
  EXPECT_EQ(core_->status().tasks_in_hand, 1u);
  EXPECT_TRUE(last<CancelBatch>().empty());
}

TEST_F(Cancel, RunningTaskEndsAndEarnsNoReport) {
  boot_connected(1);
  assign(5, {0, 1});
  const RunBatch run = last<RunBatch>().at(0);
  step(Received{msg::CancelAttempts{{{AttemptId(5), {0, 1}}}}});
  ASSERT_EQ(last<CancelBatch>().size(), 1u);
  EXPECT_EQ(last<CancelBatch>()[0].batch, run.batch);
  step(SlotDown{0, ""});
  step(SlotUp{0});
  EXPECT_TRUE(last<RunBatch>().empty());
  EXPECT_TRUE(only<SendReport>(all_).empty());
}

TEST_F(Cancel, ResultThatComesAnywayIsDropped) {
  boot_connected(1);
  assign(5, {0, 1});
  const RunBatch run = last<RunBatch>().at(0);
  step(Received{msg::CancelAttempts{{{AttemptId(5), {0, 1}}}}});
  finish(run, {0, 1});
  EXPECT_TRUE(only<SendReport>(all_).empty());
}

TEST_F(Inputs, AreFetchedOnceAndTasksWaitForThem) {
  boot_connected(1);
  const Digest scene{{1}};
  assign(5, {0, 1}, step_info({scene}));
  EXPECT_EQ(last<FetchInput>().size(), 1u);
  EXPECT_TRUE(last<RunBatch>().empty());
  assign(6, {1, 1}, step_info({scene}));
  EXPECT_TRUE(last<FetchInput>().empty());
  step(InputReady{scene});
  EXPECT_EQ(last<RunBatch>().size(), 1u);
}

TEST_F(Inputs, MissingOneFailsItsTasksAndNoOthers) {
  boot_connected(1);
  const Digest scene{{1}};
  assign(5, {0, 2}, step_info({scene}));
  assign(6, {0, 2});
  step(InputFailed{scene, "not there"});
  const auto sections = only<SendReport>(wait(bounds::kReportAge));
  ASSERT_EQ(sections.size(), 1u);
  const msg::ReportSection& section = sections[0].report.sections.at(0);
  EXPECT_EQ(section.attempt, AttemptId(5));
  EXPECT_EQ(std::get<msg::FailedTasks>(section.outcome).reason, msg::FailureReason::kInputMissing);
  EXPECT_EQ(core_->status().tasks_in_hand, 2u);
}

TEST_F(Inputs, AreReleasedWithTheLastTaskThatNeedsThem) {
  boot_connected(1);
  const Digest scene{{1}};
  assign(5, {0, 2}, step_info({scene}));
  step(InputReady{scene});
  finish(last<RunBatch>().at(0), {0, 1}, seconds(1));
  EXPECT_TRUE(last<ReleaseInput>().empty());
  finish(last<RunBatch>().at(0), {1, 1}, seconds(1));
  EXPECT_EQ(last<ReleaseInput>().size(), 1u);
}

TEST_F(Pause, RunningTasksFinishAndQueuedOnesGoBack) {
  boot_connected(1);
  assign(5, {0, 4});
  const RunBatch run = last<RunBatch>().at(0);
  step(PauseRequested{});
  EXPECT_TRUE(sent<msg::Heartbeat>().at(0).paused);
  EXPECT_TRUE(last<CancelBatch>().empty());
  finish(run, {0, 1});
  const auto sections = reported();
  ASSERT_EQ(sections.size(), 2u);
  EXPECT_EQ(std::get<msg::FailedTasks>(sections[1].outcome).reason, msg::FailureReason::kAgentLeaving);
  EXPECT_EQ(sections[1].tasks, (TaskRange{1, 3}));
  EXPECT_TRUE(sent<msg::Credit>().empty());
}

TEST_F(Pause, EndsByItselfAfterItsTime) {
  boot_connected(1);
  step(PauseRequested{seconds(60)});
  EXPECT_TRUE(core_->status().paused);
  wait(seconds(60));
  EXPECT_FALSE(core_->status().paused);
}

TEST_F(Stop, HandsBackWhatIsUnfinishedAndEndsOnceAcknowledged) {
  boot_connected(1);
  assign(5, {0, 4});
  step(StopRequested{});
  EXPECT_EQ(last<CancelBatch>().size(), 1u);
  EXPECT_TRUE(last<Exit>().empty());
  step(SlotDown{0, ""});
  std::uint32_t returned = 0;
  for (const SendReport& report : only<SendReport>(all_)) {
    for (const msg::ReportSection& section : report.report.sections) {
      EXPECT_EQ(std::get<msg::FailedTasks>(section.outcome).reason, msg::FailureReason::kAgentLeaving);
      returned += section.tasks.count;
    }
  }
  EXPECT_EQ(returned, 4u);
  ack(5, {0, 1});
  ack(5, {1, 3});
  ASSERT_EQ(last<Exit>().size(), 1u);
  EXPECT_FALSE(last<Exit>()[0].why.has_value());
}

TEST_F(Stop, WhatIsCutShortMeanwhileIsNobodysFailure) {
  boot_connected(1);
  assign(5, {0, 1});
  const RunBatch run = last<RunBatch>().at(0);
  step(StopRequested{});
  step(TaskFailed{0, run.batch, AttemptId(5), 0, msg::FailureReason::kProgramFailed, "signal 15"});
  std::vector<msg::ReportSection> sections;
  for (const SendReport& report : only<SendReport>(all_))
    sections.insert(sections.end(), report.report.sections.begin(), report.report.sections.end());
  ASSERT_EQ(sections.size(), 1u);
  EXPECT_EQ(std::get<msg::FailedTasks>(sections[0].outcome).reason, msg::FailureReason::kAgentLeaving);
}

TEST_F(Stop, WaitsNoLongerThanItsPatience) {
  boot_connected(1);
  assign(5, {0, 4});
  step(StopRequested{});
  wait(bounds::kStopPatience);
  EXPECT_EQ(last<Exit>().size(), 1u);
}

TEST_F(Leaves, AreRecomputedBeforeTasksAndReported) {
  boot_connected(1);
  msg::LeafAssignment work{AttemptId(9), kStep, 4, {17}, seconds(120)};
  step(Received{msg::Assign{{step_info()}, {}, {work}, {}}});
  ASSERT_EQ(last<RunLeaves>().size(), 1u);
  const Digest hash{{9}};
  step(LeavesFinished{0, last<RunLeaves>()[0].batch, AttemptId(9), {hash}});
  const auto reports = last<SendReport>();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].report.leaves.at(0).hashes, std::vector<Digest>{hash});
}

/// Two seats of one gang of three, and an ordinary task before them.
msg::Assign two_seats(const msg::StepInfo& info) {
  const StepRef step = info.step;
  msg::GangSeat seat{AttemptId(20), 1, {}, {{"a", "x"}, {"b", "y"}, {"b", "y"}}};
  msg::Assign assign{{info}, {}, {}, {}};
  assign.assignments.push_back({AttemptId(21), step, {0, 1}, 0, seconds(30), {}, seat});
  seat.rank = 2;
  assign.assignments.push_back({AttemptId(22), step, {0, 1}, 0, seconds(30), {}, seat});
  return assign;
}

using GangSeats = CoreFixture;

TEST_F(GangSeats, TakeASlotEachAndNothingWaitsBehindThem) {
  boot_connected(2);
  step(Received{two_seats(step_info())});
  const auto runs = last<RunBatch>();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_NE(runs[0].slot, runs[1].slot);
  EXPECT_EQ(runs[0].items.at(0).gang->rank, 1u);
  EXPECT_EQ(runs[1].items.at(0).gang->rank, 2u);
  assign(30, {0, 8});
  EXPECT_TRUE(last<RunBatch>().empty());
}

TEST_F(GangSeats, WaitForASlotOfTheirOwnAndAreCancelledThere) {
  boot_connected(1);
  step(Received{two_seats(step_info())});
  EXPECT_EQ(last<RunBatch>().size(), 1u);
  step(Received{msg::CancelAttempts{
      {{AttemptId(21), {0, limits::kTasksPerStep}}, {AttemptId(22), {0, limits::kTasksPerStep}}}}});
  EXPECT_EQ(last<CancelBatch>().size(), 1u);
  step(SlotDown{0, ""});
  step(SlotUp{0});
  EXPECT_TRUE(last<RunBatch>().empty());
  EXPECT_EQ(core_->status().tasks_in_hand, 0u);
}

TEST_F(GangSeats, ThatNoSlotHasYetAreHandedBackWhenTheAgentStops) {
  boot_connected(1);
  step(Received{two_seats(step_info())});
  step(StopRequested{});
  step(SlotDown{0, ""});
  std::map<AttemptId, msg::FailureReason> returned;
  for (const SendReport& report : only<SendReport>(all_))
    for (const msg::ReportSection& section : report.report.sections)
      returned[section.attempt] = std::get<msg::FailedTasks>(section.outcome).reason;
  EXPECT_EQ(returned,
            (std::map<AttemptId, msg::FailureReason>{{AttemptId(21), msg::FailureReason::kAgentLeaving},
                                                     {AttemptId(22), msg::FailureReason::kAgentLeaving}}));
}

}  // namespace
}  // namespace reeve::agent
