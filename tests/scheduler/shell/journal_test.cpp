#include "scheduler/shell/journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "scheduler/shell/sqlite_journal.h"
#include "tests/scheduler/shell/memory_journal.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {
namespace {

JournalRow row_of(std::uint64_t first_seq, std::uint32_t count, std::uint8_t fill) {
  return {first_seq, count, Bytes(100, fill)};
}

std::vector<JournalRow> read_all(Journal& journal, std::uint64_t from = 1) {
  std::vector<JournalRow> rows;
  const Result<void> done = journal.read(from, [&](const JournalRow& row) -> Result<void> {
    rows.push_back(row);
    return {};
  });
  EXPECT_TRUE(done.ok());
  return rows;
}

/// Every Journal keeps these rules.
class JournalContract : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { reopen(); }
  bool in_memory() const { return GetParam(); }
  void reopen() {
    if (in_memory()) {
      if (!journal_) journal_ = std::make_unique<MemoryJournal>();
      return;
    }
    journal_.reset();
    Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(folder_ / "journal.db");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    journal_ = std::move(*opened);
  }
  TemporaryFolder folder_;
  std::unique_ptr<Journal> journal_;
};

TEST_P(JournalContract, RowsComeBackInOrderAfterReopening) {
  ASSERT_TRUE(journal_->append(std::vector{row_of(1, 3, 1), row_of(4, 1, 2)}).ok());
  ASSERT_TRUE(journal_->append(std::vector{row_of(5, 2, 3)}).ok());
  reopen();
  EXPECT_EQ(journal_->last_seq(), 6U);
  const std::vector<JournalRow> rows = read_all(*journal_);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].first_seq, 4U);
  EXPECT_EQ(rows[2].events, Bytes(100, 3));
}

TEST_P(JournalContract, ReadingStartsWithTheRowThatHoldsTheEvent) {
  ASSERT_TRUE(journal_->append(std::vector{row_of(1, 3, 1), row_of(4, 4, 2)}).ok());
  EXPECT_EQ(read_all(*journal_, 3).size(), 2U);
  EXPECT_EQ(read_all(*journal_, 4).size(), 1U);
  EXPECT_EQ(read_all(*journal_, 8).size(), 0U);
}

TEST_P(JournalContract, RowsThatDoNotFollowAreRefusedWhole) {
  ASSERT_TRUE(journal_->append(std::vector{row_of(1, 3, 1)}).ok());
  const Result<void> gap = journal_->append(std::vector{row_of(4, 1, 2), row_of(6, 1, 2)});
  ASSERT_FALSE(gap.ok());
  EXPECT_EQ(gap.error().code, ErrorCode::kConflict);
  EXPECT_EQ(journal_->last_seq(), 3U);
  EXPECT_TRUE(journal_->append(std::vector{row_of(4, 1, 2)}).ok());
}

TEST_P(JournalContract, ASnapshotCountsOnceItsLastPieceIsStored) {
  ASSERT_TRUE(journal_->append(std::vector{row_of(1, 9, 1)}).ok());
  ASSERT_TRUE(journal_->put_snapshot_part({3, 0, true, Bytes{9}}).ok());
  ASSERT_TRUE(journal_->put_snapshot_part({7, 0, false, Bytes{1, 2}}).ok());
  reopen();
  EXPECT_EQ((*journal_->latest_snapshot(9))->seq, 3U);
  ASSERT_TRUE(journal_->put_snapshot_part({8, 0, false, Bytes{1, 2}}).ok());
  ASSERT_TRUE(journal_->put_snapshot_part({8, 1, true, Bytes{3}}).ok());
  reopen();
  const std::optional<Snapshot> newest = *journal_->latest_snapshot(9);
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->seq, 8U);
  EXPECT_EQ(newest->state, (Bytes{1, 2, 3}));
  EXPECT_EQ((*journal_->latest_snapshot(7))->seq, 3U);
  EXPECT_FALSE((*journal_->latest_snapshot(2)).has_value());
}

TEST_P(JournalContract, EqualRowsGiveEqualChains) {
  ASSERT_TRUE(journal_->append(std::vector{row_of(1, 3, 1), row_of(4, 1, 2)}).ok());
  const Digest expected = chain_row(chain_row(Digest{}, row_of(1, 3, 1)), row_of(4, 1, 2));
  EXPECT_EQ(*journal_->verify_chain(), expected);
}

INSTANTIATE_TEST_SUITE_P(Kinds, JournalContract, testing::Bool(),
                         [](const auto& each) { return std::string(each.param ? "Memory" : "Sqlite"); });

TEST(SqliteJournal, ASecondOpenerIsRefused) {
  const TemporaryFolder folder;
  const Result<std::unique_ptr<SqliteJournal>> first = SqliteJournal::open(folder / "journal.db");
  ASSERT_TRUE(first.ok());
  const Result<std::unique_ptr<SqliteJournal>> second = SqliteJournal::open(folder / "journal.db");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST(SqliteJournal, AFileThatIsNoJournalIsRefusedByName) {
  const TemporaryFolder folder;
  std::ofstream(folder / "journal.db") << std::string(5000, 'x');
  const Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(folder / "journal.db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find("journal.db"), std::string::npos);
}

TEST(SqliteJournal, AChangedRowBreaksTheChain) {
  const TemporaryFolder folder;
  {
    const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(folder / "journal.db");
    ASSERT_TRUE((*journal)->append(std::vector{row_of(1, 3, 1), row_of(4, 1, 2), row_of(5, 1, 3)}).ok());
  }
  {
    Result<Database> database = Database::open(folder / "journal.db", Database::Mode::kReadWrite);
    ASSERT_TRUE(database->exec("UPDATE events SET events=x'00' WHERE last_seq=4").ok());
  }
  const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(folder / "journal.db");
  const Result<Digest> verified = (*journal)->verify_chain();
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.error().message.find("events 4 to 4"), std::string::npos);
}

/// Appends rows until it is killed, saying through the pipe which are durable.
[[noreturn]] void append_until_killed(const std::string& path, int out) {
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(path);
  for (std::uint64_t seq = 1;; ++seq) {
    if (!(*journal)->append(std::vector{row_of(seq, 1, static_cast<std::uint8_t>(seq))}).ok()) _exit(1);
    if (write(out, &seq, sizeof seq) != sizeof seq) _exit(1);
  }
}

TEST(SqliteJournal, AKilledWriterLeavesExactlyAPrefixWithAllThatWasDurable) {
  const TemporaryFolder folder;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) append_until_killed(folder / "journal.db", ends[1]);
  close(ends[1]);
  std::uint64_t durable = 0;
  while (durable < 100)
    ASSERT_EQ(read(ends[0], &durable, sizeof durable), static_cast<ssize_t>(sizeof durable));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (std::uint64_t seq = 0; read(ends[0], &seq, sizeof seq) == static_cast<ssize_t>(sizeof seq);)
    durable = seq;
  close(ends[0]);
  const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(folder / "journal.db");
  ASSERT_TRUE(journal.ok());
  EXPECT_GE((*journal)->last_seq(), durable);
  const std::vector<JournalRow> rows = read_all(**journal);
  ASSERT_EQ(rows.size(), (*journal)->last_seq());
  for (std::size_t i = 0; i < rows.size(); ++i)
    ASSERT_EQ(rows[i].events, Bytes(100, static_cast<std::uint8_t>(i + 1)));
  EXPECT_TRUE((*journal)->verify_chain().ok());
}

}  // namespace
}  // namespace reeve::shell
