#include "tests/agent/core_fixture.h"

namespace reeve::agent {
namespace {

class Checkpoints : public CoreFixture {
 protected:
  void SetUp() override {
    boot_connected();
    assign(5, {0, 1}, step_info());
  }
  void leave(const std::string& file) { step(CheckpointLeft{0, AttemptId(5), 0, file, digest(9), 100}); }
  std::size_t offers() const { return messages<msg::CheckpointMade>(all_).size(); }
  std::vector<std::string> dropped() const {
    std::vector<std::string> files;
    for (const DropFile& drop : only<DropFile>(all_))
      files.push_back(drop.file);
    return files;
  }
  static Digest digest(std::uint8_t fill) {
    Digest digest;
    digest.bytes.fill(fill);
    return digest;
  }
};

TEST_F(Checkpoints, TheNewestIsOfferedAndUploadedWhenTheRegionAsks) {
  leave("one");
  EXPECT_EQ(offers(), 1U);
  leave("two");
  EXPECT_EQ(offers(), 2U) << "nobody asked for the first";
  EXPECT_EQ(dropped(), std::vector<std::string>{"one"});
  step(Received{msg::UploadRequest{AttemptId(5), kStep, 0, true}});
  ASSERT_EQ(only<Upload>(all_).size(), 1U);
  EXPECT_EQ(only<Upload>(all_)[0].file, "two");
  leave("three");
  leave("four");
  EXPECT_EQ(offers(), 2U) << "one at a time";
  EXPECT_EQ(dropped().back(), "three");
  step(CheckpointUploaded{AttemptId(5), 0});
  EXPECT_EQ(offers(), 3U);
  EXPECT_EQ(dropped().back(), "two");
}

TEST_F(Checkpoints, ANewConversationHearsOfItAgain) {
  leave("one");
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  leave("two");
  EXPECT_EQ(offers(), 1U) << "nobody is there to hear it";
  connect();
  EXPECT_EQ(offers(), 2U);
}

TEST_F(Checkpoints, FilesGoWithTheirTask) {
  leave("one");
  step(TaskFailed{0, 1, AttemptId(5), 0, msg::FailureReason::kProgramFailed, "it failed"});
  EXPECT_EQ(dropped(), std::vector<std::string>{"one"});
  leave("late");
  EXPECT_EQ(dropped().back(), "late") << "of a task that is over";
  step(Received{msg::UploadRequest{AttemptId(5), kStep, 0, true}});
  EXPECT_TRUE(only<Upload>(all_).empty());
}

TEST_F(Checkpoints, ACancelledTaskLeavesNone) {
  leave("one");
  step(Received{msg::CancelAttempts{{{AttemptId(5), {0, 1}}}}});
  EXPECT_EQ(dropped(), std::vector<std::string>{"one"});
  leave("late");
  EXPECT_EQ(dropped().back(), "late");
}

TEST_F(Checkpoints, AnAttemptBeginsOnceItsCheckpointIsHere) {
  step(TaskFailed{0, 1, AttemptId(5), 0, msg::FailureReason::kProgramFailed, "it failed"});
  msg::Assign message;
  message.steps.push_back(step_info());
  msg::Assignment assignment;
  assignment.attempt = AttemptId(6);
  assignment.step = kStep;
  assignment.tasks = {1, 1};
  assignment.lease = seconds(60);
  assignment.memory_mib = 512;
  assignment.checkpoint = digest(9);
  message.assignments.push_back(assignment);
  const std::size_t ran = only<RunBatch>(all_).size();
  step(Received{message});
  EXPECT_EQ(only<FetchInput>(all_).back().digest, digest(9));
  EXPECT_EQ(only<RunBatch>(all_).size(), ran);
  step(InputReady{digest(9)});
  ASSERT_EQ(only<RunBatch>(all_).size(), ran + 1);
  const StepPtr step_work = only<RunBatch>(all_).back().items.at(0).step;
  EXPECT_EQ(step_work->checkpoint, digest(9));
  EXPECT_EQ(step_work->memory_mib, 512U);
}

}  // namespace
}  // namespace reeve::agent
