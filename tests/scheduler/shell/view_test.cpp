#include "scheduler/shell/view.h"

#include <gtest/gtest.h>

#include "scheduler/shell/event_rows.h"
#include "scheduler/shell/recover.h"
#include "tests/scheduler/shell/memory_journal.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {
namespace {

constexpr std::uint64_t kEvery = 10;

core::Event event_of(std::uint64_t seq) {
  if (seq == 1) return core::RegionCreated{"test", {}, {}, {}, Time{1}};
  core::TokenIssued issued;
  issued.id = "token" + std::to_string(seq);
  issued.uses = static_cast<std::uint32_t>(seq);
  return issued;
}

/// A view that follows a journal event by event, as behind the writer's thread.
class Follower : public testing::Test {
 protected:
  void follow(std::uint64_t events) {
    View view(
        std::move(ViewDatabase::open(path(), journal_.last_seq())).value(),
        [this](SnapshotPart& part) { return journal_.put_snapshot_part(part).ok(); }, kEvery);
    for (std::uint64_t seq = 1; seq <= events; ++seq) {
      JournalRow row{seq, 1, {}};
      frame_event(row.events, core::encode_event(event_of(seq)));
      ASSERT_TRUE(journal_.append(std::span(&row, 1)).ok());
      auto batch = std::make_shared<EventBatch>();
      batch->first_seq = seq;
      batch->events.push_back(event_of(seq));
      view.push({batch});
      ASSERT_TRUE(view.wait_for(seq, std::chrono::milliseconds(10'000)));
    }
  }
  std::string path() const { return folder_ / "view.db"; }

  TemporaryFolder folder_;
  MemoryJournal journal_;
};

TEST_F(Follower, MakesASnapshotEverySoManyEvents) {
  follow(55);
  for (std::uint64_t seq = kEvery; seq <= 55; seq += kEvery) {
    const Result<std::optional<Snapshot>> snapshot = journal_.latest_snapshot(seq);
    ASSERT_TRUE(snapshot.ok());
    ASSERT_TRUE(snapshot->has_value()) << "up to event " << seq;
    EXPECT_GT((*snapshot)->seq + kEvery, seq);
  }
}

TEST_F(Follower, ARecoveryFromASnapshotGivesTheStateOfAReplay) {
  follow(55);
  JournalRow row{56, 1, {}};
  frame_event(row.events, core::encode_event(event_of(56)));
  ASSERT_TRUE(journal_.append(std::span(&row, 1)).ok());
  const Result<core::Durable> replayed = replay_from_zero(
      journal_, [](std::uint64_t, const core::Event&, const core::Durable&) { return Result<void>(); });
  ASSERT_TRUE(replayed.ok());
  Result<Recovered> recovered = recover(journal_, std::move(ViewDatabase::open(path(), 56)).value());
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(recovered->seq, 56U);
  EXPECT_EQ(recovered->replayed, 1U) << "only what came after the last snapshot is replayed";
  EXPECT_EQ(core::encode_state(recovered->state()), core::encode_state(*replayed));
}

}  // namespace
}  // namespace reeve::shell
