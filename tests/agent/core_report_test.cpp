#include "tests/agent/core_fixture.h"

namespace reeve::agent {
namespace {

using Report = CoreFixture;
using Spooled = CoreFixture;

TEST_F(Report, LeavesAtOnceWhenNothingElseIsUnderWay) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1});
  EXPECT_EQ(reported().size(), 1u);
}

TEST_F(Report, WaitsAFewMillisecondsForOthersWhileWorkGoesOn) {
  boot_connected(1);
  assign(5, {0, 3});
  finish(last<RunBatch>().at(0), {0, 1}, seconds(1));
  EXPECT_TRUE(reported().empty());
  wait(bounds::kReportAge);
  EXPECT_EQ(reported().size(), 1u);
}

TEST_F(Report, ConsecutiveTasksOfAnAttemptShareASection) {
  boot_connected(1);
  assign(5, {0, 400});
  finish(last<RunBatch>().at(0), {0, 1}, microseconds(100));
  wait(bounds::kReportAge);
  const RunBatch run = only<RunBatch>(all_).at(1);
  const TaskIndex from = run.items[0].tasks.first;
  finish(run, {from, 10});
  finish(run, {from + 10, 10});
  wait(bounds::kReportAge);
  ASSERT_EQ(reported().size(), 1u);
  EXPECT_EQ(reported()[0].tasks, (TaskRange{from, 20}));
}

TEST_F(Report, IsSentAgainUntilAcknowledgedAndNeverAfter) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1});
  wait(bounds::kResendAfter);
  EXPECT_EQ(reported().size(), 1u);
  ack(5, {0, 1});
  wait(bounds::kResendAfter);
  EXPECT_TRUE(reported().empty());
  EXPECT_EQ(core_->status().tasks_recorded, 1u);
}

TEST_F(Report, IsSentAgainInTheNextConversation) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1});
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  connect();
  ASSERT_EQ(reported().size(), 1u);
  EXPECT_EQ(reported()[0].attempt, AttemptId(5));
}

TEST_F(Report, RepeatedSectionIsTheSameSection) {
  boot_connected(1);
  assign(5, {0, 3});
  finish(last<RunBatch>().at(0), {0, 1}, seconds(1));
  wait(bounds::kReportAge);
  const TaskRange first = reported().at(0).tasks;
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  finish(only<RunBatch>(all_).at(1), {1, 1}, seconds(1));
  connect();
  wait(bounds::kReportAge);
  EXPECT_EQ(messages<msg::AgentHello>(all_).size(), 2u);
  bool repeated = false;
  for (const SendReport& report : only<SendReport>(all_)) {
    for (const msg::ReportSection& section : report.report.sections)
      repeated = repeated || (section.tasks == first && &report != &only<SendReport>(all_).front());
  }
  EXPECT_TRUE(repeated);
}

TEST_F(Report, PartlyAcknowledgedSectionKeepsTheRest) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1}, microseconds(100));
  ack(5, {0, 1});
  assign(6, {0, 30});
  finish(last<RunBatch>().at(0), {0, 30});
  ack(6, {10, 10});
  EXPECT_EQ(core_->status().tasks_unacked, 20u);
  wait(bounds::kResendAfter);
  std::uint32_t again = 0;
  for (const msg::ReportSection& section : reported()) {
    EXPECT_EQ(std::get<msg::InlineResults>(section.outcome).sizes.size(), section.tasks.count);
    again += section.tasks.count;
  }
  EXPECT_EQ(again, 20u);
}

TEST_F(Report, LeaseIsHeldUntilItsLastTaskIsAcknowledged) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1});
  EXPECT_EQ(messages<msg::Heartbeat>(wait(seconds(5))).at(0).held.size(), 1u);
  ack(5, {0, 1});
  EXPECT_TRUE(messages<msg::Heartbeat>(wait(seconds(5))).at(0).held.empty());
}

TEST_F(Report, IsWithinTheWiresBounds) {
  boot_connected(1);
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  for (std::uint64_t i = 1; i <= 2000; ++i)
    assign(i, {0, 1});
  for (int i = 0; i < 2000; ++i) {
    const RunBatch run = only<RunBatch>(all_).back();
    all_.clear();
    for (const BatchItem& item : run.items)
      step(TasksFinished{0, run.batch, item.attempt, item.tasks, results(1), milliseconds(200)});
    if (only<RunBatch>(all_).empty()) break;
  }
  connect();
  std::size_t sections = 0;
  for (const SendReport& report : last<SendReport>()) {
    EXPECT_LE(report.report.sections.size(), limits::kSectionsPerReport);
    EXPECT_EQ(report.report.sections.size(), report.leaf_bytes.size());
    sections += report.report.sections.size();
  }
  EXPECT_EQ(sections, 2000u);
}

TEST_F(Spooled, LargeResultsAreOnDiskBeforeTheyAreReported) {
  boot_connected(1);
  assign(5, {0, 1}, step_info({}, 768));
  const RunBatch run = last<RunBatch>().at(0);
  step(TasksFinished{
      0, run.batch, AttemptId(5), {0, 1}, msg::RootedResults{{Digest{{1}}}, {10000}}, seconds(1)});
  bool persisted = false;
  for (const Effect& effect : last_) {
    if (std::holds_alternative<Persist>(effect)) persisted = true;
    if (std::holds_alternative<SendReport>(effect)) {
      EXPECT_TRUE(persisted);
    }
  }
  EXPECT_TRUE(persisted);
}

TEST_F(Spooled, ResultsStayUntilTheRegionReleasesThem) {
  boot_connected(1);
  assign(5, {0, 1}, step_info({}, 768));
  const RunBatch run = last<RunBatch>().at(0);
  step(TasksFinished{
      0, run.batch, AttemptId(5), {0, 1}, msg::RootedResults{{Digest{{1}}}, {10000}}, seconds(1)});
  ack(5, {0, 1});
  EXPECT_TRUE(last<Forget>().empty());
  step(Received{msg::UploadRequest{AttemptId(5), kStep, 0}});
  EXPECT_EQ(last<Upload>().size(), 1u);
  step(Received{msg::OpeningRequest{AttemptId(5), kStep, 0}});
  EXPECT_EQ(last<AnswerOpening>().size(), 1u);
  step(Received{msg::Verdicts{{{AttemptId(5), kStep, {0, 1}, msg::VerdictKind::kReleased, 0}}}});
  EXPECT_EQ(last<Forget>().size(), 1u);
  step(Received{msg::OpeningRequest{AttemptId(5), kStep, 0}});
  ASSERT_EQ(sent<msg::Opening>().size(), 1u);
  EXPECT_TRUE(sent<msg::Opening>()[0].leaf_hashes.empty());
}

TEST_F(Spooled, SmallResultsGoToDiskOnlyWhenTheRegionIsSlow) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1});
  EXPECT_TRUE(only<Persist>(all_).empty());
  wait(bounds::kPersistAfter);
  EXPECT_EQ(last<Persist>().size(), 1u);
  ack(5, {0, 1});
  EXPECT_EQ(last<Forget>().size(), 1u);
}

TEST_F(Spooled, SlowAcknowledgementsLeaveTheSpoolEmpty) {
  boot_connected(1);
  assign(5, {0, 1});
  finish(last<RunBatch>().at(0), {0, 1});
  wait(bounds::kPersistAfter);
  EXPECT_GT(core_->status().spooled_bytes, 0u);
  ack(5, {0, 1});
  EXPECT_EQ(core_->status().spooled_bytes, 0u);
}

TEST_F(Spooled, OpeningOfASmallResultIsItsBytes) {
  boot_connected(1);
  assign(5, {0, 2}, step_info({}, 2));
  const RunBatch run = last<RunBatch>().at(0);
  finish(run, {0, 1}, seconds(1));
  const RunBatch next = last<RunBatch>().at(0);
  step(TasksFinished{0, next.batch, AttemptId(5), {1, 1}, msg::InlineResults{{3}, {7, 8, 9}}, seconds(1)});
  step(Received{msg::OpeningRequest{AttemptId(5), kStep, 1}});
  ASSERT_EQ(last<AnswerOpening>().size(), 1u);
  EXPECT_EQ(last<AnswerOpening>()[0].payload, (Bytes{7, 8, 9}));
  EXPECT_EQ(last<AnswerOpening>()[0].leaf_bytes, 2u);
}

TEST_F(Spooled, FullSpoolTakesNoMoreWork) {
  AgentOptions options;
  options.slots = 1;
  options.spool_bytes = 5000;
  core_ = std::make_unique<AgentCore>(options);
  step(Started{});
  connect();
  step(SlotUp{0});
  assign(5, {0, 1}, step_info({}, 768));
  const RunBatch run = last<RunBatch>().at(0);
  all_.clear();
  step(TasksFinished{
      0, run.batch, AttemptId(5), {0, 1}, msg::RootedResults{{Digest{{1}}}, {10000}}, milliseconds(1)});
  EXPECT_TRUE(messages<msg::Credit>(all_).empty());
  EXPECT_NE(core_->status().why_idle.find("spool"), std::string::npos);
}

SpooledSection stored(TaskRange tasks, bool acked) {
  SpooledSection held;
  held.section = {AttemptId(5), {JobId(7), 0}, tasks, {"render.path", 1}, {}, {}};
  held.section.outcome =
      msg::RootedResults{std::vector<Digest>(tasks.count), std::vector<std::uint64_t>(tasks.count, 9000)};
  held.lease_tasks = {0, 4};
  held.leaf_bytes = 768;
  held.acked = acked;
  return held;
}

TEST_F(Spooled, AfterARestartStoredResultsAreReportedAndTheRestHandedBack) {
  boot(1, {stored({0, 1}, true), stored({1, 2}, false)});
  connect();
  const auto hellos = sent<msg::AgentHello>();
  ASSERT_EQ(hellos.at(0).held.size(), 1u);
  EXPECT_EQ(hellos[0].held[0].tasks, (TaskRange{0, 4}));
  const auto sections = reported();
  ASSERT_EQ(sections.size(), 2u);
  EXPECT_EQ(sections[0].tasks, (TaskRange{1, 2}));
  EXPECT_TRUE(std::holds_alternative<msg::RootedResults>(sections[0].outcome));
  EXPECT_EQ(sections[1].tasks, (TaskRange{3, 1}));
  EXPECT_TRUE(std::holds_alternative<msg::FailedTasks>(sections[1].outcome));
}

TEST_F(Spooled, SettledWorkIsCounted) {
  boot_connected(1);
  step(Received{msg::Verdicts{{{AttemptId(5), kStep, {0, 3}, msg::VerdictKind::kSettled, 30},
                               {AttemptId(5), kStep, {3, 1}, msg::VerdictKind::kRejected, 0}}}});
  EXPECT_EQ(core_->status().tasks_accepted, 3u);
  EXPECT_EQ(core_->status().accepted, 30);
  EXPECT_EQ(core_->status().tasks_rejected, 1u);
}

}  // namespace
}  // namespace reeve::agent
