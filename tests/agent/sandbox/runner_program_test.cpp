#include <dirent.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "agent/sandbox/sandbox.h"
#include "agent/shell/process_runner.h"
#include "openjd/step_script.h"
#include "protocol/utf8.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent {
namespace {

constexpr const char* kMark = "reeve-runner-mark";

bool process_runs(const std::string& mark) {
  DIR* proc = opendir("/proc");
  bool found = false;
  while (const dirent* entry = readdir(proc)) {
    std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline");
    std::string line;
    std::getline(file, line);
    found = found || line.starts_with(mark);
  }
  closedir(proc);
  return found;
}

bool marked_process_runs() {
  return process_runs(kMark);
}

/// Waits long for something that takes moments.
template <class Condition>
bool eventually(const Condition& condition) {
  for (int i = 0; i < 600; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

/// A worker process that runs programs, as an agent drives it.
class RunnerProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto works = sandbox::sandbox_works(); !works) {
      ASSERT_NE(works.error().code, ErrorCode::kConflict) << works.error().message;
      GTEST_SKIP() << works.error().message;
    }
    RunnerOptions options;
    options.worker_path = std::string(REEVE_BIN_DIR) + "/reeve-worker";
    options.input_path = [](const Digest&) { return std::string(); };
    options.memory_mib = 256;
    options.slots = 2;
    options.scratch = (folder_.path() / "scratch").string();
    std::filesystem::create_directory(options.scratch);
    auto started = ProcessRunner::start(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    runner_ = std::move(started).value();
    ASSERT_TRUE(await<SlotUp>().has_value());
    ASSERT_TRUE(await<SlotUp>().has_value());
  }

  static openjd::Action bash(const std::string& text) {
    openjd::Action action;
    action.command = openjd::FormatString::literal("/bin/bash");
    action.args = {openjd::FormatString::literal("-c"), openjd::FormatString::literal(text)};
    return action;
  }

  static StepPtr step(const std::string& script_text) {
    openjd::StepScript script;
    script.on_run = bash(script_text);
    return step(script);
  }

  static std::shared_ptr<agent::StepWork> step(const openjd::StepScript& script) {
    auto info = std::make_shared<agent::StepWork>();
    info->step = {JobId(1), 0};
    info->kernel = {"program", 1};
    info->max_result_bytes = 4096;
    info->script = openjd::encode_step(script).value();
    return info;
  }

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

  static double seconds_of(const std::function<void()>& work) {
    const auto began = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }

  TemporaryFolder folder_;
  std::unique_ptr<ProcessRunner> runner_;
  std::vector<RunnerEvent> events_;
  std::size_t next_ = 0;
};

TEST_F(RunnerProgramTest, ReasonOfAFailureReachesTheAgent) {
  runner_->run({0, 1, {{AttemptId(5), step("echo lost >&2; exit 9"), {0, 1}}}});
  const auto failed = await<TaskFailed>();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, msg::FailureReason::kProgramFailed);
  EXPECT_NE(failed->message.find("exited with code: 9"), std::string::npos) << failed->message;
  EXPECT_NE(failed->message.find("lost"), std::string::npos) << failed->message;
  runner_->run({0, 2, {{AttemptId(6), step("echo fine"), {0, 1}}}});
  EXPECT_TRUE(await<TaskOutput>().has_value());
}

TEST_F(RunnerProgramTest, WhateverBytesAProgramFailsWithItsReasonIsText) {
  runner_->run(
      {0,
       1,
       {{AttemptId(5), step("printf 'openjd_fail: gr\\303\\266\\303\\237er \\377\\n'; exit 1"), {0, 1}}}});
  const auto failed = await<TaskFailed>();
  ASSERT_TRUE(failed.has_value());
  EXPECT_NE(failed->message.find("größer ?"), std::string::npos) << failed->message;
  EXPECT_EQ(whole_utf8(failed->message), failed->message.size());
}

TEST_F(RunnerProgramTest, WhatAProgramWritesIsSeenWhileItRuns) {
  runner_->run({0, 1, {{AttemptId(5), step("echo früh; echo spät >&2; sleep 100000"), {0, 1}}}});
  std::string seen;
  ASSERT_TRUE(eventually([&] {
    EXPECT_TRUE(runner_->pump().empty());  // neither a result nor a failure yet
    for (const TaskText& text : runner_->take_texts()) {
      EXPECT_EQ(text.attempt, AttemptId(5));
      EXPECT_EQ(text.task, 0u);
      EXPECT_EQ(text.offset, seen.size());
      seen += text.text;
    }
    return seen.size() >= 12;
  }));
  EXPECT_NE(seen.find("früh\n"), std::string::npos);
  EXPECT_NE(seen.find("spät\n"), std::string::npos);
}

TEST_F(RunnerProgramTest, AProgramThatNobodyListensToWritesOn) {
  // More than all buffers on the way hold; the agent reads nothing until the program is long through.
  runner_->run({0, 1, {{AttemptId(5), step("seq 2000000 >&2; echo through > /dev/null"), {0, 1}}}});
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const auto output = await<TaskOutput>();
  ASSERT_TRUE(output.has_value());
  std::string seen;
  std::uint64_t end = 0;
  for (const TaskText& text : runner_->take_texts()) {
    EXPECT_GE(text.offset, end);
    end = text.offset + text.text.size();
    seen += text.text;
  }
  EXPECT_TRUE(seen.starts_with("1\n2\n3\n"));
  EXPECT_TRUE(seen.ends_with("1999999\n2000000\n")) << seen.substr(seen.size() - 100);
  EXPECT_GT(end, seen.size());  // and some of it is missing
}

TEST_F(RunnerProgramTest, HogIsOutOfMemoryAndItsNeighbourRuns) {
  runner_->run({0, 1, {{AttemptId(5), step("x=x; while :; do x=$x$x; done"), {0, 1}}}});
  const auto failed = await<TaskFailed>();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, msg::FailureReason::kOutOfMemory) << failed->message;
  runner_->run({0, 2, {{AttemptId(6), step("echo fine"), {0, 1}}}});
  EXPECT_TRUE(await<TaskOutput>().has_value());
}

TEST_F(RunnerProgramTest, CancelledProgramIsGoneWithAllItsChildren) {
  const std::string mark = std::string("exec -a ") + kMark + " sleep 100000";
  runner_->run({0, 1, {{AttemptId(5), step("(" + mark + ") & " + mark), {0, 1}}}});
  ASSERT_TRUE(eventually(marked_process_runs));
  runner_->cancel({0, 1, {}});
  ASSERT_TRUE(await<SlotDown>().has_value());
  EXPECT_TRUE(eventually([] { return !marked_process_runs(); }));
  ASSERT_TRUE(await<SlotUp>().has_value());
  runner_->run({0, 2, {{AttemptId(6), step("ls; echo fine"), {0, 1}}}});
  EXPECT_TRUE(await<TaskOutput>().has_value());
}

TEST_F(RunnerProgramTest, TreeOfACancelledProgramIsGoneWithinTwoSeconds) {
  // Daemons of daemons, in sessions of their own, that ignore whatever can be ignored.
  const std::string tree =
      std::string("trap '' TERM INT HUP; for i in 1 2 3 4; do (setsid bash -c 'trap \"\" TERM; ") +
      "(setsid bash -c \"trap : TERM; exec -a " + kMark + " sleep 100000\" &) ; exec -a " + kMark +
      " sleep 100000' &) ; done; exec -a " + kMark + " sleep 100000";
  runner_->run({0, 1, {{AttemptId(5), step(tree), {0, 1}}}});
  ASSERT_TRUE(eventually(marked_process_runs));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const double took = seconds_of([this] {
    runner_->cancel({0, 1, {}});
    EXPECT_TRUE(eventually([this] {
      for (RunnerEvent& event : runner_->pump())
        events_.push_back(std::move(event));
      return !marked_process_runs();
    }));
  });
  EXPECT_LT(took, 2.0);
  ASSERT_TRUE(await<SlotDown>().has_value());
}

TEST_F(RunnerProgramTest, CancelledProgramHasItsNoticeWhileOtherSlotsGoOn) {
  openjd::StepScript script;
  script.on_run = bash("trap 'exec -a reeve-told-mark sleep 100000' TERM; (exec -a " + std::string(kMark) +
                       " sleep 100000) & wait");
  script.on_run.cancelation = {true, 3};
  runner_->run({0, 1, {{AttemptId(5), step(script), {0, 1}}}});
  ASSERT_TRUE(eventually(marked_process_runs));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // to set its trap
  const double took = seconds_of([this] {
    runner_->cancel({0, 1, {}});
    runner_->run({1, 2, {{AttemptId(6), step("echo fine"), {0, 1}}}});
    ASSERT_TRUE(await<TaskOutput>().has_value());
    EXPECT_TRUE(marked_process_runs());
    const auto down = await<SlotDown>();
    ASSERT_TRUE(down.has_value());
    EXPECT_EQ(down->why, "");
  });
  EXPECT_GE(took, 2.9);
  EXPECT_LT(took, 10.0);
  EXPECT_FALSE(marked_process_runs());
  EXPECT_FALSE(process_runs("reeve-told-mark"));
}

TEST_F(RunnerProgramTest, NoticeThatIsTakenIsNotWaitedOut) {
  openjd::StepScript script;
  script.on_run = bash("trap 'exit 0' TERM; (exec -a " + std::string(kMark) + " sleep 100000) & wait");
  script.on_run.cancelation = {true, 0};  // 120 s
  runner_->run({0, 1, {{AttemptId(5), step(script), {0, 1}}}});
  ASSERT_TRUE(eventually(marked_process_runs));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double took = seconds_of([this] {
    runner_->cancel({0, 1, {}});
    ASSERT_TRUE(await<SlotDown>().has_value());
  });
  EXPECT_LT(took, 5.0);
}

TEST_F(RunnerProgramTest, TimeLimitOfAStepEndsAProgramAsItsActionSays) {
  openjd::StepScript script;
  script.on_run = bash("trap 'echo was told; exit 7' TERM; sleep 100000 & wait");
  script.on_run.cancelation = {true, 30};
  const auto limited = step(script);
  limited->time_limit = seconds(1);
  runner_->run({0, 1, {{AttemptId(5), limited, {0, 1}}}});
  const auto failed = await<TaskFailed>();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, msg::FailureReason::kTimeLimit);
  EXPECT_NE(failed->message.find("was told"), std::string::npos) << failed->message;
  runner_->run({0, 2, {{AttemptId(6), step("echo fine"), {0, 1}}}});
  EXPECT_TRUE(await<TaskOutput>().has_value());  // of the same worker
}

TEST_F(RunnerProgramTest, TasksOfOneStepShareTheirEnvironmentsUntilNoneComes) {
  openjd::Environment environment;
  environment.name = "stamp";
  environment.on_enter = bash("cat /proc/sys/kernel/random/uuid > stamp");
  environment.on_exit = bash(std::string("exec -a ") + kMark + " sleep 0.5");
  openjd::StepScript script;
  script.environments = {environment};
  script.on_run = bash("cat stamp");
  const auto stamped = step(script);
  Bytes stamps[3];
  for (BatchId batch = 1; batch <= 2; ++batch) {
    runner_->run({0, batch, {{AttemptId(batch), stamped, {0, 1}}}});
    const auto output = await<TaskOutput>();
    ASSERT_TRUE(output.has_value());
    stamps[batch] = output->payload;
  }
  EXPECT_EQ(stamps[1], stamps[2]);
  EXPECT_TRUE(eventually(marked_process_runs));  // nothing came: it is left
  runner_->run({0, 3, {{AttemptId(3), stamped, {0, 1}}}});
  const auto output = await<TaskOutput>();
  ASSERT_TRUE(output.has_value());
  EXPECT_NE(output->payload, stamps[1]);
}

TEST_F(RunnerProgramTest, ManyShortTasksOfOneBatchHaveEachTheirResult) {
  constexpr std::uint32_t kTasks = 40;
  openjd::StepScript script;
  script.on_run.command = openjd::FormatString::literal("/bin/true");  // over sooner than results are sent
  script.space =
      openjd::ParameterSpace::make({{"N", openjd::ParameterType::kInt,
                                     openjd::RangeExpr::parse("1-" + std::to_string(kTasks)).value()}},
                                   openjd::Combination::product_of_all(1))
          .value();
  runner_->run({0, 1, {{AttemptId(1), step(script), {0, kTasks}}}});
  std::uint32_t done = 0;
  while (done < kTasks) {
    const auto output = await<TaskOutput>();
    ASSERT_TRUE(output.has_value()) << "after " << done;
    EXPECT_EQ(output->tasks.first, done);
    for (const std::uint32_t size : output->sizes)
      EXPECT_EQ(size, output->sizes.front());
    EXPECT_GT(output->sizes.front(), 0u);
    done += output->tasks.count;
  }
}

TEST_F(RunnerProgramTest, StepsAndJobsNeverShareASandbox) {
  // Whoever stands in another namespace of processes stands behind other walls.
  openjd::StepScript script;
  script.on_run = bash("readlink /proc/self/ns/pid /proc/self/ns/mnt; ls");
  std::vector<Bytes> seen;
  for (const StepRef which :
       {StepRef{JobId(1), 0}, StepRef{JobId(1), 1}, StepRef{JobId(2), 0}, StepRef{JobId(1), 0}}) {
    const auto one = step(script);
    one->step = which;
    Bytes first;
    for (int task = 0; task < 2; ++task) {
      const BatchId batch = 2 * seen.size() + static_cast<BatchId>(task) + 1;
      runner_->run({0, batch, {{AttemptId(batch), one, {0, 1}}}});
      const auto output = await<TaskOutput>();
      ASSERT_TRUE(output.has_value());
      if (task == 0) first = output->payload;
      EXPECT_EQ(first, output->payload);
    }
    for (const Bytes& other : seen)
      EXPECT_NE(first, other);
    seen.push_back(first);
  }
}

TEST_F(RunnerProgramTest, EnvironmentsAreLeftWhereTheAgentEnds) {
  openjd::Environment environment;
  environment.name = "server";
  environment.on_exit = bash(std::string("exec -a ") + kMark + " sleep 0.7");
  openjd::StepScript script;
  script.environments = {environment};
  script.on_run = bash("true");
  runner_->run({0, 1, {{AttemptId(1), step(script), {0, 1}}}});
  ASSERT_TRUE(await<TaskOutput>().has_value());
  const double took = seconds_of([this] { runner_.reset(); });
  EXPECT_GE(took, 0.6);
  EXPECT_LT(took, 2.9);
  EXPECT_FALSE(marked_process_runs());
}

TEST_F(RunnerProgramTest, EnvironmentsThatCannotBeLeftDoNotHoldTheAgent) {
  openjd::Environment environment;
  environment.name = "server";
  environment.on_exit = bash(std::string("trap '' TERM; exec -a ") + kMark + " sleep 100000");
  openjd::StepScript script;
  script.environments = {environment};
  script.on_run = bash("true");
  runner_->run({0, 1, {{AttemptId(1), step(script), {0, 1}}}});
  ASSERT_TRUE(await<TaskOutput>().has_value());
  EXPECT_LT(seconds_of([this] { runner_.reset(); }), 4.0);
  EXPECT_FALSE(marked_process_runs());
}

TEST_F(RunnerProgramTest, NothingIsLeftWhereTheAgentEndsInTheMiddle) {
  runner_->run(
      {0, 1, {{AttemptId(5), step(std::string("touch made; exec -a ") + kMark + " sleep 100000"), {0, 1}}}});
  ASSERT_TRUE(eventually(marked_process_runs));
  runner_.reset();
  EXPECT_TRUE(eventually([] { return !marked_process_runs(); }));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "scratch"));
  const std::string group = "reeve-" + sandbox::slot_name((folder_.path() / "scratch/slot-0").string());
  EXPECT_FALSE(std::filesystem::exists("/sys/fs/cgroup/pids/" + group));
}

}  // namespace
}  // namespace reeve::agent
