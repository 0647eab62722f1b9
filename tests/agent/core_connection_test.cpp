#include "tests/agent/core_fixture.h"

namespace reeve::agent {
namespace {

using Connection = CoreFixture;

TEST_F(Connection, BeginsAtOnce) {
  boot();
  EXPECT_EQ(last<Connect>().size(), 1u);
}

TEST_F(Connection, LostOnesAreTriedAgainAfterGrowingWaits) {
  boot();
  Duration before{};
  for (int i = 0; i < 12; ++i) {
    step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
    const Duration wait_length = core_->next_deadline() - now_;
    EXPECT_LE(wait_length, bounds::kLongestRetry);
    if (i < 5) {
      EXPECT_GE(wait_length, before);
    }
    EXPECT_TRUE(wait(Duration{wait_length.ns - 1}).empty());
    wait(Duration{1});
    ASSERT_EQ(last<Connect>().size(), 1u);
    before = wait_length;
  }
  EXPECT_GE(before, Duration{bounds::kLongestRetry.ns / 2});
}

TEST_F(Connection, JitterFollowsFromTheSeed) {
  Backoff a(1);
  Backoff b(1);
  Backoff c(2);
  bool differs = false;
  for (int i = 0; i < 8; ++i) {
    const Duration wait_a = a.next();
    EXPECT_EQ(wait_a, b.next());
    differs = differs || wait_a != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST_F(Connection, ThatDoesNotOpenIsGivenUpAndBegunAnew) {
  boot();
  wait(bounds::kConnectPatience);
  EXPECT_EQ(last<Disconnect>().size(), 1u);
  EXPECT_FALSE(core_->status().connected);
  wait(bounds::kLongestRetry);
  EXPECT_EQ(last<Connect>().size(), 1u);
}

TEST_F(Connection, OpensWithWhatTheAgentHolds) {
  boot_connected();
  assign(5, {0, 8});
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  connect();
  const auto hellos = sent<msg::AgentHello>();
  ASSERT_EQ(hellos.size(), 1u);
  ASSERT_EQ(hellos[0].held.size(), 1u);
  EXPECT_EQ(hellos[0].held[0].attempt, AttemptId(5));
  EXPECT_EQ(hellos[0].held[0].tasks, (TaskRange{0, 8}));
}

TEST_F(Connection, HeartbeatsEveryFiveSecondsNameTheHeldAttempts) {
  boot_connected();
  assign(5, {0, 8});
  EXPECT_TRUE(messages<msg::Heartbeat>(wait(seconds(4))).empty());
  const auto beats = messages<msg::Heartbeat>(wait(seconds(1)));
  ASSERT_EQ(beats.size(), 1u);
  EXPECT_EQ(beats[0].held, std::vector<AttemptId>{AttemptId(5)});
}

TEST_F(Connection, RevokedAgentStopsAndSaysWhy) {
  boot_connected();
  step(Received{msg::Goodbye{{ErrorCode::kNotAllowed, "revoked", ""}}});
  ASSERT_EQ(last<Exit>().size(), 1u);
  EXPECT_EQ(last<Exit>()[0].why->message, "revoked");
}

TEST_F(Connection, RegionThatRestartsIsConnectedToAgain) {
  boot_connected();
  step(Received{msg::Goodbye{{ErrorCode::kUnreachable, "shutting down", ""}}});
  EXPECT_TRUE(last<Exit>().empty());
  wait(bounds::kLongestRetry);
  EXPECT_EQ(last<Connect>().size(), 1u);
}

TEST_F(Connection, ExpiredLeasesAreNotBegunWhileTheRegionIsAway) {
  boot_connected();
  assign(5, {0, 100});
  const RunBatch first = only<RunBatch>(all_).at(0);
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  wait(seconds(31));
  finish(first, first.items[0].tasks);
  EXPECT_TRUE(last<RunBatch>().empty());
  EXPECT_EQ(core_->status().tasks_in_hand, 0u);
}

TEST_F(Connection, StatusSaysWhyTheAgentIsIdle) {
  boot();
  EXPECT_NE(core_->status().why_idle.find("connecting"), std::string::npos);
  connect();
  EXPECT_NE(core_->status().why_idle.find("worker"), std::string::npos);
  step(SlotUp{0});
  EXPECT_NE(core_->status().why_idle.find("no work"), std::string::npos);
  assign(5, {0, 1});
  EXPECT_EQ(core_->status().why_idle, "");
}

}  // namespace
}  // namespace reeve::agent
