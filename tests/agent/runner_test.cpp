#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>

#include "agent/shell/process_runner.h"
#include "openjd/step_script.h"
#include "protocol/digest.h"

namespace reeve::agent {
namespace {

/// One worker process, driven by hand.
class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RunnerOptions options;
    options.worker_path = std::string(REEVE_BIN_DIR) + "/reeve-worker";
    options.input_path = [](const Digest&) { return std::string(); };
    auto started = ProcessRunner::start(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    runner_ = std::move(started).value();
    ASSERT_TRUE(await<SlotUp>().has_value());
  }

  static StepPtr step(const std::string& kernel, const std::vector<std::string>& args = {}) {
    openjd::StepScript script;
    script.on_run.command = openjd::FormatString::literal("reeve:" + kernel);
    for (const std::string& arg : args)
      script.on_run.args.push_back(openjd::FormatString::literal(arg));
    auto info = std::make_shared<agent::StepWork>();
    info->step = {JobId(1), 0};
    info->kernel = {kernel, 1};
    info->max_result_bytes = 4096;
    info->script = openjd::encode_step(script).value();
    return info;
  }

  /// The next event of type T; others before it are dropped. Nothing if none comes for long.
  template <class T>
  std::optional<T> await() {
    for (int i = 0; i < 300; ++i) {
      while (next_ < events_.size()) {
        RunnerEvent& event = events_[next_++];
        if (T* wanted = std::get_if<T>(&event)) return std::move(*wanted);
      }
      pollfd item{runner_->fd(), POLLIN, 0};
      poll(&item, 1, 100);
      events_ = runner_->pump();
      next_ = 0;
    }
    return std::nullopt;
  }

  std::unique_ptr<ProcessRunner> runner_;
  std::vector<RunnerEvent> events_;
  std::size_t next_ = 0;
};

TEST_F(RunnerTest, ResultsOfABatchComeInOrderAndWhole) {
  runner_->run({0, 1, {{AttemptId(5), step("sha256"), {10, 500}}, {AttemptId(6), step("sha256"), {0, 2}}}});
  TaskIndex next = 10;
  std::uint32_t seen = 0;
  while (seen < 502) {
    const auto output = await<TaskOutput>();
    ASSERT_TRUE(output.has_value());
    if (seen < 500) {
      EXPECT_EQ(output->attempt, AttemptId(5));
      EXPECT_EQ(output->tasks.first, next);
      next = output->tasks.end();
    } else {
      EXPECT_EQ(output->attempt, AttemptId(6));
    }
    EXPECT_EQ(output->payload.size(), 32u * output->tasks.count);
    seen += output->tasks.count;
  }
}

TEST_F(RunnerTest, HangCostsTheTaskAndTheWorkerComesBack) {
  StepPtr spin = step("spin", {"--ms", "3600000"});
  auto limited = std::make_shared<agent::StepWork>(*spin);
  limited->time_limit = milliseconds(300);
  runner_->run({0, 1, {{AttemptId(5), limited, {0, 1}}}});
  const auto failed = await<TaskFailed>();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, msg::FailureReason::kTimeLimit);
  EXPECT_EQ(failed->task, 0u);
  EXPECT_TRUE(await<SlotUp>().has_value());
}

TEST_F(RunnerTest, CancelledTaskIsKilledAndBlamesNobody) {
  runner_->run({0, 1, {{AttemptId(5), step("spin", {"--ms", "3600000"}), {0, 1}}}});
  runner_->cancel({0, 1, {}});
  const auto down = await<SlotDown>();
  ASSERT_TRUE(down.has_value());
  EXPECT_EQ(down->why, "");
  EXPECT_TRUE(await<SlotUp>().has_value());
}

TEST_F(RunnerTest, WorkGivenToALostWorkerIsNotAwaitedFromItsSuccessor) {
  runner_->run({0, 1, {{AttemptId(5), step("spin", {"--ms", "3600000"}), {0, 1}}}});
  runner_->cancel({0, 1, {}});
  ASSERT_TRUE(await<SlotDown>().has_value());
  runner_->run({0, 2, {{AttemptId(6), step("sha256"), {0, 1}}}});
  ASSERT_TRUE(await<SlotUp>().has_value());
  runner_->run({0, 3, {{AttemptId(7), step("sha256"), {0, 1}}}});
  const auto output = await<TaskOutput>();
  ASSERT_TRUE(output.has_value());
  EXPECT_EQ(output->batch, 3u);
}

TEST_F(RunnerTest, RefusedTaskSaysWhyAndTheWorkerGoesOn) {
  runner_->run({0, 1, {{AttemptId(5), step("nothing-such"), {0, 1}}}});
  const auto failed = await<TaskFailed>();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, msg::FailureReason::kRefused);
  EXPECT_NE(failed->message.find("nothing-such"), std::string::npos);
  runner_->run({0, 2, {{AttemptId(6), step("sha256"), {0, 1}}}});
  EXPECT_TRUE(await<TaskOutput>().has_value());
}

TEST_F(RunnerTest, LeavesOfAResultAreRecomputed) {
  msg::LeafAssignment work{AttemptId(9), {JobId(1), 0}, 4, {0, 1}, seconds(60)};
  runner_->run_leaves({0, 3, step("sha256"), work});
  const auto leaves = await<LeavesFinished>();
  ASSERT_TRUE(leaves.has_value());
  ASSERT_EQ(leaves->hashes.size(), 2u);
  EXPECT_NE(leaves->hashes[0], Digest{});
  EXPECT_EQ(leaves->hashes[1], Digest{});
}

TEST(Runner, MissingWorkerProgramIsNamed) {
  RunnerOptions options;
  options.worker_path = "/nowhere/reeve-worker";
  const auto started = ProcessRunner::start(options);
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("/nowhere/reeve-worker"), std::string::npos);
}

}  // namespace
}  // namespace reeve::agent
