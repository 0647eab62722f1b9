#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "scheduler/shell/log_door.h"
#include "scheduler/shell/log_keeper.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {
namespace {

constexpr LogStore::Bounds kSmall{4096, 20'000, 50'000};

msg::LogPiece piece(std::uint64_t attempt, std::uint64_t offset, std::string text, std::uint64_t job = 1) {
  return {AttemptId(attempt), {JobId(job), 0}, 0, offset, std::move(text)};
}

class LogStoreTest : public testing::Test {
 protected:
  void SetUp() override { open(kSmall); }
  void open(const LogStore::Bounds& bounds) {
    store_.reset();
    auto opened = LogStore::open(path_, bounds);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }
  void add(const msg::LogPiece& what, Time now = Time{1}) {
    ASSERT_TRUE(store_->begin().ok());
    const auto added = store_->add(AgentId(1), what, now);
    ASSERT_TRUE(added.ok()) << added.error().message;
    ASSERT_TRUE(store_->commit().ok());
  }
  /// All pieces of an attempt's log, "<N>" for N missing bytes.
  std::string text(std::uint64_t attempt) {
    Database reader = std::move(*Database::open(path_, Database::Mode::kReadOnly));
    Statement rows = reader.must_prepare(
        "SELECT at, pieces.text FROM pieces JOIN logs ON logs.id=log WHERE attempt=? ORDER BY seq");
    rows.bind(attempt);
    std::string all;
    std::uint64_t end = 0;
    while (*rows.step()) {
      if (rows.number(0) > end) all += "<" + std::to_string(rows.number(0) - end) + ">";
      all += rows.text(1);
      end = rows.number(0) + rows.text(1).size();
    }
    return all;
  }
  std::uint64_t count(const std::string& table) {
    Database reader = std::move(*Database::open(path_, Database::Mode::kReadOnly));
    Statement rows = reader.must_prepare("SELECT count(*) FROM " + table);
    EXPECT_TRUE(*rows.step());
    return rows.number(0);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "logs.db";
  std::unique_ptr<LogStore> store_;
};

TEST_F(LogStoreTest, PiecesOfALogFollowOneAnother) {
  add(piece(5, 0, "one\n"));
  add(piece(5, 4, "two\n"));
  add(piece(5, 100, "late\n"));
  EXPECT_EQ(text(5), "one\ntwo\n<92>late\n");
}

TEST_F(LogStoreTest, WhatALogHasAlreadyIsNotWrittenOver) {
  add(piece(5, 0, "the truth\n"));
  add(piece(5, 0, "a lie\n"));
  add(piece(5, 4, "another\n"));
  add(piece(5, 50, ""));
  EXPECT_EQ(text(5), "the truth\n");
}

TEST_F(LogStoreTest, ALongLogKeepsItsBeginningAndItsEnd) {
  std::uint64_t at = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    add(piece(5, at, line));
    at += line.size();
  }
  const std::string kept = text(5);
  EXPECT_TRUE(kept.starts_with("line 0\nline 1\n")) << kept;
  EXPECT_TRUE(kept.ends_with("line 998\nline 999\n"));
  EXPECT_NE(kept.find('<'), std::string::npos);
  EXPECT_LE(store_->bytes(), kSmall.log_bytes);
}

TEST_F(LogStoreTest, TinyPiecesAreBoundedAsLargeOnesAre) {
  for (int i = 0; i < 2000; ++i)
    add(piece(5, static_cast<std::uint64_t>(2 * i), "x"));  // a gap before each
  EXPECT_LE(store_->bytes(), kSmall.log_bytes);
  EXPECT_LE(count("pieces"), kSmall.log_bytes / LogStore::kPieceBytes);
  EXPECT_TRUE(text(5).ends_with("x"));
}

TEST_F(LogStoreTest, AJobPushesOutItsOwnLogsAndNoOthers) {
  add(piece(1, 0, "quiet\n", 1));
  for (std::uint64_t attempt = 10; attempt < 60; ++attempt)
    add(piece(attempt, 0, std::string(2000, 'x'), 2));
  EXPECT_EQ(text(1), "quiet\n");
  EXPECT_EQ(text(10), "");
  EXPECT_EQ(text(59).size(), 2000u);
  EXPECT_LE(store_->bytes(), kSmall.job_bytes + 1000);
}

TEST_F(LogStoreTest, WhenAllIsFullTheLogThatWasSilentLongestGoes) {
  for (std::uint64_t job = 1; job <= 20; ++job) {
    add(piece(job, 0, std::string(3000, 'x'), job));
    add(piece(1, 3000 * job, "alive\n", 1));
  }
  EXPECT_LE(store_->bytes(), kSmall.all_bytes);
  EXPECT_NE(text(1), "");
  EXPECT_EQ(text(2), "");
  EXPECT_NE(text(20), "");
}

TEST_F(LogStoreTest, WhatWasKeptCountsAfterARestart) {
  add(piece(5, 0, "before\n"));
  const std::uint64_t bytes = store_->bytes();
  open(kSmall);
  EXPECT_EQ(store_->bytes(), bytes);
  add(piece(5, 7, "after\n"));
  EXPECT_EQ(text(5), "before\nafter\n");
}

TEST_F(LogStoreTest, OldLogsAreForgotten) {
  add(piece(5, 0, "old\n"), Time{} + seconds(1));
  add(piece(6, 0, "new\n"), Time{} + seconds(9));
  ASSERT_TRUE(store_->forget_before(Time{} + seconds(5)).ok());
  EXPECT_EQ(text(5), "");
  EXPECT_EQ(text(6), "new\n");
}

TEST_F(LogStoreTest, AFileThatIsNoneOfOursIsMadeAnew) {
  store_.reset();
  std::ofstream(path_) << std::string(10'000, '!');
  open(kSmall);
  add(piece(5, 0, "fresh\n"));
  EXPECT_EQ(text(5), "fresh\n");
}

TEST_F(LogStoreTest, TheKeepersReaderSeesWhatWasPut) {
  store_.reset();
  bool room = true;
  {
    LogKeeper keeper(
        std::move(*LogStore::open(path_, kSmall)), [&room] { return room; }, hours(1));
    keeper.put(AgentId(1), {{piece(5, 0, "kept\n")}}, Time{INT64_MAX / 2});
    ASSERT_TRUE(keeper.wait(std::chrono::seconds(20)));
    EXPECT_EQ(text(5), "kept\n");
    room = false;  // a full disk costs logs, and nothing else
    keeper.put(AgentId(1), {{piece(5, 5, "lost\n")}}, Time{INT64_MAX / 2});
    ASSERT_TRUE(keeper.wait(std::chrono::seconds(20)));
    EXPECT_GT(keeper.dropped_bytes(), 0u);
  }
  EXPECT_EQ(text(5), "kept\n");
}

// ---- what is taken of an agent ----

const LogDoor::Holds kAll = [](AttemptId, StepRef, TaskIndex) { return true; };
const LogDoor::Holds kNone = [](AttemptId, StepRef, TaskIndex) { return false; };

msg::LogPieces pieces(std::size_t count, std::size_t bytes) {
  msg::LogPieces all;
  for (std::size_t i = 0; i < count; ++i)
    all.pieces.push_back(piece(5, i * bytes, std::string(bytes, 'x')));
  return all;
}

TEST(LogDoor, AForeignAttemptsLogIsNotTaken) {
  LogDoor door;
  door.open(AgentId(1), 1, Time{});
  door.open(AgentId(2), 1, Time{});
  const auto holds = [](AttemptId attempt, StepRef, TaskIndex) { return attempt == AttemptId(6); };
  EXPECT_TRUE(door.admit(AgentId(1), pieces(1, 10), holds, Time{}).pieces.empty());
  EXPECT_EQ(door.admit(AgentId(1), pieces(1, 10), kAll, Time{}).pieces.size(), 1u);
  EXPECT_TRUE(door.admit(AgentId(2), pieces(1, 10), kNone, Time{}).pieces.empty());
  EXPECT_EQ(door.refused_pieces(), 2u);
}

TEST(LogDoor, LastWordsMayComeAMomentAfterTheResult) {
  LogDoor door;
  door.open(AgentId(1), 1, Time{});
  door.admit(AgentId(1), pieces(1, 10), kAll, Time{});
  EXPECT_EQ(door.admit(AgentId(1), pieces(1, 10), kNone, Time{} + seconds(20)).pieces.size(), 1u);
  EXPECT_EQ(door.admit(AgentId(1), pieces(1, 10), kNone, Time{} + seconds(31)).pieces.size(), 0u);
  msg::LogPieces other = pieces(1, 10);
  other.pieces[0].task = 1;  // of which nothing came while it was held
  EXPECT_EQ(door.admit(AgentId(1), other, kNone, Time{} + seconds(20)).pieces.size(), 0u);
}

TEST(LogDoor, AnAgentThatWritesWithoutEndIsCutAtItsShare) {
  LogDoor door;
  const std::uint32_t rate = door.open(AgentId(1), 1, Time{});
  EXPECT_EQ(rate, LogDoor::kAgentBytesPerSecond);
  std::uint64_t taken = 0;
  for (int ms = 0; ms < 10'000; ms += 10)
    for (const msg::LogPiece& one :
         door.admit(AgentId(1), pieces(64, 16'384), kAll, Time{} + milliseconds(ms)).pieces)
      taken += one.text.size();
  EXPECT_LE(taken, 2ULL * rate * 13);
  EXPECT_GE(taken, 1ULL * rate * 10);
}

TEST(LogDoor, TinyPiecesCostMoreThanTheirText) {
  LogDoor door;
  const std::uint32_t rate = door.open(AgentId(1), 1'000'000, Time{});
  EXPECT_EQ(rate, LogDoor::kLeastBytesPerSecond);
  std::size_t taken = 0;
  for (int i = 0; i < 1000; ++i)
    taken += door.admit(AgentId(1), pieces(128, 1), kAll, Time{}).pieces.size();
  EXPECT_LE(taken, 4 * rate / 64);
}

TEST(LogDoor, WhoReconnectsGainsNothing) {
  LogDoor door;
  std::uint64_t taken = 0;
  for (int i = 0; i < 1000; ++i) {
    door.open(AgentId(1), 1, Time{});
    taken += door.admit(AgentId(1), pieces(64, 16'384), kAll, Time{}).pieces.size() * 16'384;
  }
  EXPECT_LE(taken, 5ULL * LogDoor::kAgentBytesPerSecond);
}

TEST(LogDoor, AnAgentThatWasNotWelcomedIsNotHeard) {
  LogDoor door;
  EXPECT_TRUE(door.admit(AgentId(1), pieces(1, 10), kAll, Time{}).pieces.empty());
}

}  // namespace
}  // namespace reeve::shell
