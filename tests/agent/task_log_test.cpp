#include "agent/worker/task_log.h"

#include <gtest/gtest.h>

#include <random>

#include "protocol/limits.h"

namespace reeve::agent::worker {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// A log and where its pieces go; a line is heard by the directives first, as a session does it.
class TaskLogTest : public ::testing::Test {
 protected:
  void write(const std::string& text, bool errors = false) {
    for (const char c : text) {
      if (c == '\n') directives_.hear(std::exchange(line_, ""));
      if (c != '\n') line_ += c;
    }
    log_.hear(directives_, text, errors, now_ns_);
  }
  void wait(std::int64_t ms) {
    for (; ms > 0; ms -= 50) {
      now_ns_ += 50 * kMs;
      log_.look(directives_, now_ns_);
    }
  }
  void end() {
    log_.end_action(directives_, now_ns_);
    log_.end();
  }
  /// Everything that left, with a mark where bytes are missing.
  std::string seen() const {
    std::string text;
    std::uint64_t at = 0;
    for (const auto& [offset, piece] : pieces_) {
      EXPECT_GE(offset, at);
      EXPECT_LE(piece.size(), limits::kLogPieceBytes);
      if (offset > at) text += "<" + std::to_string(offset - at) + ">";
      text += piece;
      at = offset + piece.size();
    }
    return text;
  }

  std::int64_t now_ns_ = 1'000'000 * kMs;
  bool room_ = true;
  std::vector<std::pair<std::uint64_t, std::string>> pieces_;
  Directives directives_{true};
  std::string line_;
  TaskLog log_{[this](std::uint64_t offset, std::string text, bool must) {
    if (!room_ && !must) return false;
    pieces_.emplace_back(offset, std::move(text));
    return true;
  }};
};

TEST_F(TaskLogTest, LinesLeaveWithinAMomentAndTogether) {
  write("epoch 1\n");
  wait(100);
  pieces_.clear();  // the first line of all may leave at once
  write("epoch 2\n");
  write("epoch 3\n", true);
  wait(50);
  EXPECT_TRUE(pieces_.empty());
  wait(200);
  ASSERT_EQ(pieces_.size(), 1u);
  EXPECT_EQ(pieces_[0].second, "epoch 2\nepoch 3\n");
  EXPECT_EQ(pieces_[0].first, 8u);
}

TEST_F(TaskLogTest, AnUnfinishedLineIsSeenToo) {
  write("working...");
  wait(400);
  EXPECT_EQ(seen(), "working...");
  write(" done\n");
  end();
  EXPECT_EQ(seen(), "working... done\n");
}

TEST_F(TaskLogTest, ASecretIsHiddenFromItsLineOn) {
  write("key?\nopenjd_redacted_env: KEY=s3cret\nusing s3c");
  wait(1000);  // half a secret is never shown, however long its line takes
  EXPECT_EQ(seen().find("s3c"), std::string::npos) << seen();
  write("ret now\n");
  end();
  EXPECT_EQ(seen(), "key?\nopenjd_redacted_env: KEY=********\nusing ******** now\n");
}

TEST_F(TaskLogTest, ASecretsOwnLineWaitsForItsEnd) {
  write("openjd_redacted_");
  wait(1000);
  write("env: KEY=s3cr");
  wait(1000);
  write("et\n");
  end();
  EXPECT_EQ(seen(), "openjd_redacted_env: KEY=********\n");
}

TEST_F(TaskLogTest, ASecretIsHiddenHoweverItsTextComes) {
  std::mt19937 random(7);
  std::string text = "openjd_redacted_env: KEY=s3cret-4711\n";
  for (int i = 0; i < 3000; ++i)
    text += std::string(random() % 60, '.') + (random() % 3 == 0 ? "s3cret-4711" : "word") +
            (random() % 2 == 0 ? "\n" : " ");
  for (std::size_t at = 0; at < text.size();) {
    const std::string chunk = text.substr(at, 1 + random() % 90);
    room_ = random() % 4 != 0;
    write(chunk, false);
    if (random() % 3 == 0) wait(50 * static_cast<std::int64_t>(random() % 8));
    at += chunk.size();
  }
  end();
  EXPECT_EQ(seen().find("s3cret"), std::string::npos);
  EXPECT_EQ(seen().find("4711"), std::string::npos);
  EXPECT_NE(seen().find("********"), std::string::npos);
}

TEST_F(TaskLogTest, NothingOfALongLineIsShownWhereSomethingIsHidden) {
  write("openjd_redacted_env: KEY=s3cret\n");
  for (int i = 0; i < 20'000; ++i)
    log_.hear(directives_, "s3cret", false, now_ns_);
  log_.hear(directives_, "\nnext\n", false, now_ns_);
  end();
  EXPECT_EQ(seen().find("s3"), std::string::npos);
  EXPECT_NE(seen().find("more than 64 KiB"), std::string::npos);
  EXPECT_NE(seen().find("next\n"), std::string::npos);
}

TEST_F(TaskLogTest, ALongLineWithoutSecretsIsShownInParts) {
  const std::string part(50'000, 'x');
  for (int i = 0; i < 6; ++i)
    write(part);
  end();
  EXPECT_EQ(seen(), std::string(300'000, 'x'));
}

TEST_F(TaskLogTest, NoCharacterIsCutInTwo) {
  for (int i = 0; i < 40'000; ++i)
    write("日");  // 3 bytes, and no piece is a multiple of them
  wait(1000);
  end();
  EXPECT_EQ(seen().find('?'), std::string::npos);
}

TEST_F(TaskLogTest, AnEndlessProgramKeepsItsRateItsFirstAndItsLastWords) {
  write("the first words\n");
  const std::string chunk = std::string(65'535, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) {  // 64 MiB in 10 s
    write(chunk);
    if (i % 5 == 0) wait(50);
  }
  write("the last words\n");
  end();
  std::uint64_t sent = 0;
  for (const auto& [offset, piece] : pieces_)
    sent += piece.size();
  EXPECT_LE(sent, TaskLog::kHeadBytes + 11 * TaskLog::kBytesPerSecond + 2 * TaskLog::kWaitingBytes);
  EXPECT_GE(sent, TaskLog::kHeadBytes + 5 * TaskLog::kBytesPerSecond);
  const std::string text = seen();
  EXPECT_TRUE(text.starts_with("the first words\n"));
  EXPECT_TRUE(text.ends_with("the last words\n"));
  EXPECT_NE(text.find('<'), std::string::npos);
}

TEST_F(TaskLogTest, WithoutRoomTheOldestIsDroppedAndTheLastWordsLeave) {
  room_ = false;
  for (int i = 0; i < 50'000; ++i)
    write("line " + std::to_string(i) + "\n");
  wait(1000);
  EXPECT_TRUE(pieces_.empty());
  end();
  const std::string text = seen();
  EXPECT_TRUE(text.ends_with("line 49999\n"));
  EXPECT_LE(text.size(), TaskLog::kWaitingBytes + 16);
  EXPECT_EQ(text.find(">line "), text.find('>'));  // what is left begins with a whole line
}

TEST_F(TaskLogTest, ControlCharactersStayWithTheProgram) {
  write("\x1b[2J gone?\xff\n");
  end();
  EXPECT_EQ(seen(), "?[2J gone??\n");
}

}  // namespace
}  // namespace reeve::agent::worker
