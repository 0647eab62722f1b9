#include "agent/shell/spool.h"

#include <gtest/gtest.h>

#include <fstream>

#include "agent/shell/files.h"
#include "agent/shell/input_cache.h"
#include "protocol/digest.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent {
namespace {

SpooledSection inline_section(std::uint64_t attempt, TaskRange tasks) {
  SpooledSection held;
  held.section = {AttemptId(attempt), {JobId(1), 0}, tasks, {"sha256", 1}, {}, {}};
  held.section.outcome =
      msg::InlineResults{std::vector<std::uint32_t>(tasks.count, 1), Bytes(tasks.count, 7)};
  held.lease_tasks = tasks;
  return held;
}

SpooledSection rooted_section(std::uint64_t attempt, TaskIndex task) {
  SpooledSection held = inline_section(attempt, {task, 1});
  held.section.outcome = msg::RootedResults{{Digest{{3}}}, {5}};
  return held;
}

std::unique_ptr<Spool> open(const TemporaryFolder& folder) {
  auto spool = Spool::open(folder.path());
  EXPECT_TRUE(spool.ok());
  return std::move(spool).value();
}

TEST(Spool, KeepsSectionsOverARestart) {
  const TemporaryFolder folder;
  {
    auto spool = open(folder);
    ASSERT_TRUE(spool->persist(inline_section(5, {0, 10})));
    ASSERT_TRUE(spool->sync());
  }
  const auto sections = open(folder)->sections();
  ASSERT_EQ(sections.size(), 1u);
  EXPECT_EQ(sections[0].section.tasks, (TaskRange{0, 10}));
  EXPECT_EQ(std::get<msg::InlineResults>(sections[0].section.outcome).payload, Bytes(10, 7));
  EXPECT_FALSE(sections[0].acked);
}

TEST(Spool, ForgottenTasksAreCutOutOfTheirSection) {
  const TemporaryFolder folder;
  {
    auto spool = open(folder);
    ASSERT_TRUE(spool->persist(inline_section(5, {0, 10})));
    ASSERT_TRUE(spool->forget(AttemptId(5), {3, 4}));
  }
  const auto sections = open(folder)->sections();
  ASSERT_EQ(sections.size(), 2u);
  EXPECT_EQ(sections[0].section.tasks, (TaskRange{0, 3}));
  EXPECT_EQ(sections[1].section.tasks, (TaskRange{7, 3}));
}

TEST(Spool, AcknowledgementIsRemembered) {
  const TemporaryFolder folder;
  {
    auto spool = open(folder);
    ASSERT_TRUE(spool->store(AttemptId(5), 2, Bytes{1, 2, 3, 4, 5}));
    ASSERT_TRUE(spool->persist(rooted_section(5, 2)));
    ASSERT_TRUE(spool->mark_acked(AttemptId(5), {2, 1}));
  }
  const auto sections = open(folder)->sections();
  ASSERT_EQ(sections.size(), 1u);
  EXPECT_TRUE(sections[0].acked);
}

TEST(Spool, TornTailIsCutOffAndTheRestStays) {
  const TemporaryFolder folder;
  {
    auto spool = open(folder);
    ASSERT_TRUE(spool->persist(inline_section(5, {0, 10})));
    ASSERT_TRUE(spool->persist(inline_section(6, {0, 10})));
  }
  const auto log = folder.path() / "index.log";
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 3);
  auto spool = open(folder);
  ASSERT_EQ(spool->sections().size(), 1u);
  EXPECT_EQ(spool->sections()[0].section.attempt, AttemptId(5));
  ASSERT_TRUE(spool->persist(inline_section(7, {0, 1})));
  spool.reset();
  EXPECT_EQ(open(folder)->sections().size(), 2u);
}

TEST(Spool, ResultWithoutARecordIsRemovedAndARecordWithoutItsResultToo) {
  const TemporaryFolder folder;
  std::filesystem::path orphan;
  {
    auto spool = open(folder);
    ASSERT_TRUE(spool->store(AttemptId(5), 0, Bytes(5)));
    orphan = spool->file_of(AttemptId(5), 0);
    ASSERT_TRUE(spool->persist(rooted_section(6, 1)));
  }
  EXPECT_TRUE(std::filesystem::exists(orphan));
  EXPECT_TRUE(open(folder)->sections().empty());
  EXPECT_FALSE(std::filesystem::exists(orphan));
}

TEST(Spool, ReleasedResultLeavesTheDisk) {
  const TemporaryFolder folder;
  auto spool = open(folder);
  ASSERT_TRUE(spool->store(AttemptId(5), 2, Bytes(5)));
  ASSERT_TRUE(spool->persist(rooted_section(5, 2)));
  ASSERT_TRUE(spool->forget(AttemptId(5), {2, 1}));
  EXPECT_FALSE(std::filesystem::exists(spool->file_of(AttemptId(5), 2)));
  EXPECT_TRUE(spool->sections().empty());
}

void put(InputCache& cache, std::uint8_t name, std::size_t size) {
  const Digest digest{{name}};
  ASSERT_TRUE(replace_file(cache.partial_path(digest), Bytes(size), 0600));
  ASSERT_TRUE(cache.adopt(digest, size));
}

TEST(InputCache, DropsWhatWasUsedLongestAgoButNothingInUse) {
  const TemporaryFolder folder;
  auto opened = InputCache::open(folder.path(), 250);
  ASSERT_TRUE(opened.ok());
  InputCache& cache = *opened.value();
  cache.pin(Digest{{1}});
  put(cache, 1, 100);
  put(cache, 2, 100);
  put(cache, 3, 100);
  cache.unpin(Digest{{9}});
  EXPECT_TRUE(cache.has(Digest{{1}}));
  EXPECT_FALSE(cache.has(Digest{{2}}));
  EXPECT_TRUE(cache.has(Digest{{3}}));
  EXPECT_LE(cache.size_bytes(), 250u);
}

}  // namespace
}  // namespace reeve::agent
