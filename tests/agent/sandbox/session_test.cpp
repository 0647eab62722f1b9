#include <chrono>

#include "tests/agent/sandbox/session_fixture.h"

/// Environments and the tasks between them.
namespace reeve::agent::worker {
namespace {

TEST_F(SessionTest, EnvironmentsAreEnteredOnceForSeveralTasksAndLeftInReverse) {
  script_.environments = {environment("job", "echo enter job >> log", "echo leave job >> log"),
                          environment("step", "echo enter step >> log", "echo leave step >> log")};
  script_.on_run = shell("cat log; echo task $TASK");
  ASSERT_FALSE(session().enter().has_value());
  EXPECT_EQ(run_task("1"), "enter job\nenter step\ntask 1\n");
  ASSERT_TRUE(session().renew());
  EXPECT_EQ(run_task("2"), "enter job\nenter step\ntask 2\n");
  session().leave();
  EXPECT_EQ(work_file("log"), "enter job\nenter step\nleave step\nleave job\n");
}

TEST_F(SessionTest, VariablesHoldForEveryLaterActionUntilTheirEnvironmentIsLeft) {
  script_.redacted_variables = true;
  openjd::Environment outer =
      environment("outer",
                  "echo 'openjd_env: A=outer'; echo 'openjd_redacted_env: KEY=s3cr3t-s3cr3t'; "
                  "echo 'openjd_env: B=outer'",
                  "echo $A ${B-none} ${INNER-none} > outer-left");
  outer.variables = {{"FROM_TEMPLATE", FormatString::literal("yes")}};
  script_.environments = {outer,
                          environment("inner", "echo 'openjd_unset_env: B'; echo 'openjd_env: INNER=1'",
                                      "echo $A ${B-none} $INNER > inner-left")};
  script_.on_run = shell("echo $FROM_TEMPLATE $A ${B-none} $INNER ${#KEY} $TASK; echo 'openjd_env: A=task'");
  ASSERT_FALSE(session().enter().has_value());
  EXPECT_EQ(run_task("1").substr(0, 23), "yes outer none 1 13 1\no");
  ASSERT_TRUE(session().renew());
  EXPECT_EQ(run_task("2").substr(0, 23), "yes outer none 1 13 2\no");  // a task sets no variables
  session().leave();
  EXPECT_EQ(work_file("inner-left"), "outer none 1\n");
  EXPECT_EQ(work_file("outer-left"), "outer outer none\n");
}

TEST_F(SessionTest, EnvironmentsDoNotSeeWhichTaskIsTheFirst) {
  script_.environments = {environment("job", "echo ${TASK-none} > seen", "echo ${TASK-none} >> seen")};
  script_.on_run = shell("cat seen");
  ASSERT_FALSE(session().enter().has_value());
  EXPECT_EQ(run_task("7"), "none\n");
  session().leave();
  EXPECT_EQ(work_file("seen"), "none\nnone\n");
}

TEST_F(SessionTest, EnvironmentsAreLeftAfterATaskThatFailed) {
  script_.environments = {environment("job", "echo in > log", "echo left >> log")};
  script_.on_run = shell("exit 3");
  ASSERT_FALSE(session().enter().has_value());
  run_task("1");
  ASSERT_TRUE(failure_.has_value());
  session().leave();
  EXPECT_EQ(work_file("log"), "in\nleft\n");
}

TEST_F(SessionTest, EnvironmentsAreLeftAfterATaskThatTookTheSandboxWithIt) {
  script_.environments = {environment("job", "echo in > log", "echo left >> log")};
  script_.on_run = shell("exec sleep 1000");
  script_.on_run.timeout_s = 1;
  ASSERT_FALSE(session().enter().has_value());
  run_task("1");
  ASSERT_TRUE(failure_.has_value());
  EXPECT_EQ(failure_->reason, msg::FailureReason::kTimeLimit);
  EXPECT_FALSE(session().renew());
  session().leave();
  EXPECT_EQ(work_file("log"), "in\nleft\n");
}

TEST_F(SessionTest, EnvironmentThatCannotBeEnteredIsLeftAndSoIsWhatStandsAroundIt) {
  script_.environments = {environment("outer", "true", "echo left outer >> log"),
                          environment("broken", "exit 1", "echo left broken >> log"),
                          environment("never", "echo entered never >> log", "echo left never >> log")};
  script_.on_run = shell("true");
  EXPECT_TRUE(session().enter().has_value());
  session().leave();
  EXPECT_EQ(work_file("log"), "left broken\nleft outer\n");
}

TEST_F(SessionTest, EnvironmentThatDoesNotLetItselfBeLeftDoesNotHoldTheOthers) {
  script_.environments = {environment("outer", "true", "echo left outer >> log"),
                          environment("stuck", "true", "exec sleep 1000")};
  script_.environments[1].on_exit->timeout_s = 1;
  script_.on_run = shell("true");
  ASSERT_FALSE(session().enter().has_value());
  session().leave();
  EXPECT_EQ(work_file("log"), "left outer\n");
}

TEST_F(SessionTest, CancelledTaskIsNotifiedAndItsEnvironmentsAreLeft) {
  script_.environments = {environment("job", "true", "echo left >> log")};
  script_.on_run = shell("trap 'cp cancel_info.json told; exit 0' TERM; while :; do sleep 0.05; done");
  script_.on_run.cancelation = {true, 20};
  ASSERT_FALSE(session().enter().has_value());
  cancelled_ = seconds(3600);
  const auto began = std::chrono::steady_clock::now();
  run_task("1");
  ASSERT_TRUE(failure_.has_value());
  EXPECT_NE(failure_->message.find("it was cancelled"), std::string::npos) << failure_->message;
  EXPECT_LT(std::chrono::steady_clock::now() - began,
            std::chrono::seconds(10));  // who ends is not waited for
  session().leave();
  EXPECT_NE(work_file("told").find("\"NotifyEnd\": \"20"), std::string::npos) << work_file("told");
  EXPECT_EQ(work_file("log"), "left\n");
  EXPECT_GE(patience_.ns, seconds(60).ns);  // what leaving may take was told
}

TEST_F(SessionTest, CancelledTaskWithoutNoticeIsKilledAtOnce) {
  script_.on_run = shell("trap 'touch told' TERM; while :; do sleep 0.05; done");
  ASSERT_FALSE(session().enter().has_value());
  cancelled_ = seconds(3600);
  run_task("1");
  ASSERT_TRUE(failure_.has_value());
  EXPECT_FALSE(std::filesystem::exists(session().work() / "told"));
}

TEST_F(SessionTest, NoticeIsNoLongerThanTheAgentHas) {
  script_.on_run = shell("trap 'touch told' TERM; while :; do sleep 0.05; done");
  script_.on_run.cancelation = {true, 600};
  ASSERT_FALSE(session().enter().has_value());
  cancelled_ = seconds(1);
  const auto began = std::chrono::steady_clock::now();
  run_task("1");
  EXPECT_TRUE(failure_.has_value());
  EXPECT_TRUE(std::filesystem::exists(session().work() / "told"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

TEST_F(SessionTest, TimeOfATaskIsForAllItsActionsAndEndsThemAsTheySay) {
  script_.environments = {environment("slow", "sleep 0.7", "echo left > log")};
  script_.on_run = shell("trap 'touch told; exit 0' TERM; while :; do sleep 0.05; done");
  script_.on_run.cancelation = {true, 20};
  session().begin_task(seconds(1));
  ASSERT_FALSE(session().enter().has_value());
  run_task("1");
  ASSERT_TRUE(failure_.has_value());
  EXPECT_EQ(failure_->reason, msg::FailureReason::kTimeLimit);
  EXPECT_TRUE(std::filesystem::exists(session().work() / "told"));
  session().leave();
  EXPECT_EQ(work_file("log"), "left\n");
}

}  // namespace
}  // namespace reeve::agent::worker
