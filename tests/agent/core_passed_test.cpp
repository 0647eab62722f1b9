#include "tests/agent/core_fixture.h"

namespace reeve::agent {
namespace {

Digest digest(std::uint8_t fill) {
  Digest digest;
  digest.bytes.fill(fill);
  return digest;
}

class Passed : public CoreFixture {
 protected:
  void SetUp() override { boot_connected(); }
  const Effects& assign_from(std::uint64_t attempt, TaskRange tasks, std::vector<Digest> inputs) {
    msg::Assignment assignment{AttemptId(attempt), kStep, tasks, 0, seconds(30), {}};
    assignment.inputs = std::move(inputs);
    return step(Received{msg::Assign{{step_info({digest(1)})}, {assignment}, {}, {}}});
  }
};

TEST_F(Passed, TasksWaitForTheResultsThatTheyGoOnFrom) {
  assign_from(5, {0, 1}, {digest(7), digest(8), digest(7)});
  EXPECT_EQ(last<FetchInput>().size(), 3U) << "the step's own, and two that differ";
  step(InputReady{digest(1)});
  step(InputReady{digest(7)});
  EXPECT_TRUE(only<RunBatch>(all_).empty());
  step(InputReady{digest(8)});
  ASSERT_EQ(only<RunBatch>(all_).size(), 1U);
  const StepWork& work = *only<RunBatch>(all_)[0].items.front().step;
  EXPECT_EQ(work.passed, (std::vector<Digest>{digest(7), digest(8), digest(7)})) << "in their order";
}

TEST_F(Passed, AResultIsFetchedOnceForAllTasksThatNeedItAndLetGoWithTheLast) {
  assign_from(5, {0, 1}, {digest(7)});
  assign_from(6, {1, 1}, {digest(7)});
  EXPECT_TRUE(last<FetchInput>().empty());
  step(InputReady{digest(1)});
  step(InputReady{digest(7)});
  finish(only<RunBatch>(all_).at(0), {0, 1});
  EXPECT_TRUE(only<ReleaseInput>(all_).empty());
  finish(only<RunBatch>(all_).at(1), {1, 1});
  EXPECT_EQ(only<ReleaseInput>(all_).size(), 2U);
}

TEST_F(Passed, ARefereeFetchesThemToo) {
  const msg::LeafAssignment work{AttemptId(9), kStep, 3, {0}, seconds(60), {digest(7)}};
  step(Received{msg::Assign{{step_info()}, {}, {work}, {}}});
  EXPECT_EQ(last<FetchInput>().size(), 1U);
  step(InputReady{digest(7)});
  ASSERT_EQ(only<RunLeaves>(all_).size(), 1U);
  EXPECT_EQ(only<RunLeaves>(all_)[0].step->passed, std::vector<Digest>{digest(7)});
}

}  // namespace
}  // namespace reeve::agent
