#include <gtest/gtest.h>

#include <limits>

#include "openjd/chunked_range.h"
#include "openjd/task.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

using Chunks = std::vector<std::string>;

Chunks chunks_of(const RangeExpr& range, std::uint64_t per_chunk, RangeConstraint constraint) {
  const ChunkedRange chunked(range, per_chunk, constraint);
  Chunks out(chunked.size());
  for (std::uint64_t i = 0; i < chunked.size(); ++i)
    chunked.write(i, out[i]);
  return out;
}

Chunks contiguous(std::string_view range, std::uint64_t per_chunk) {
  return chunks_of(*RangeExpr::parse(range), per_chunk, RangeConstraint::kContiguous);
}
Chunks free(std::string_view range, std::uint64_t per_chunk) {
  return chunks_of(*RangeExpr::parse(range), per_chunk, RangeConstraint::kNoncontiguous);
}

TEST(ChunkedRange, ChunksAreAsEvenAsTheyCanBe) {
  EXPECT_EQ(contiguous("1-12", 5), (Chunks{"1-4", "5-8", "9-12"}));
  EXPECT_EQ(contiguous("1-8", 3), (Chunks{"1-3", "4-6", "7-8"}));
  EXPECT_EQ(contiguous("1-5", 100), (Chunks{"1-5"}));
  EXPECT_EQ(contiguous("1-3", 1), (Chunks{"1-1", "2-2", "3-3"}));
  EXPECT_EQ(contiguous("1-11", 4), (Chunks{"1-4", "5-8", "9-11"}));
  EXPECT_EQ(contiguous("-2-2", 2), (Chunks{"-2--1", "0-1", "2-2"}));
}

TEST(ChunkedRange, AContiguousChunkNeverSpansAGap) {
  EXPECT_EQ(contiguous("1-3,7-9", 6), (Chunks{"1-3", "7-9"}));
  EXPECT_EQ(contiguous("1-9:4", 2), (Chunks{"1-1", "5-5", "9-9"}));
  EXPECT_EQ(contiguous("1-3,4-6", 6), (Chunks{"1-6"})) << "parts that touch are one interval";
  EXPECT_EQ(contiguous("1-9:4,10-11", 6), (Chunks{"1-1", "5-5", "9-11"}));
  EXPECT_EQ(contiguous("1-2,3-11:4", 6), (Chunks{"1-3", "7-7", "11-11"}));
}

TEST(ChunkedRange, AFreeChunkIsAnExpressionOfItsValues) {
  EXPECT_EQ(free("1-8", 3), (Chunks{"1-3", "4-6", "7,8"}));
  EXPECT_EQ(free("1-21:5,30", 3), (Chunks{"1-11:5", "16,21,30"}));
  EXPECT_EQ(free("4", 3), (Chunks{"4"}));
  EXPECT_EQ(free("1,3,7-10", 6), (Chunks{"1,3,7-10"}));
}

TEST(ChunkedRange, AListBecomesTheExpressionOfItsValues) {
  const auto range = [](std::vector<std::int64_t> values) {
    std::string out;
    const Result<RangeExpr> made = RangeExpr::of_values(std::move(values));
    if (made) made->append_slice(0, made->size(), out);
    return out;
  };
  EXPECT_EQ(range({9, 1, 5}), "1-9:4");
  EXPECT_EQ(range({1, 2, 2, 3, 10}), "1-3,10");
  EXPECT_EQ(range({1, 5}), "1,5");
  EXPECT_EQ(range({1, 2, 4, 6, 8, 20}), "1,2,4-8:2,20");
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(range({kMax, kMin}), std::to_string(kMin) + "," + std::to_string(kMax));
  EXPECT_FALSE(RangeExpr::of_values({}));
}

TEST(ChunkedRange, ChunksHoldEachValueOnceAndDifferByOneAtMost) {
  for (std::uint64_t length = 1; length <= 40; ++length) {
    const RangeExpr range = *RangeExpr::parse("1-" + std::to_string(length));
    for (std::uint64_t per_chunk = 1; per_chunk <= length + 1; ++per_chunk) {
      std::int64_t next = 1;
      std::int64_t least = std::numeric_limits<std::int64_t>::max();
      std::int64_t most = 0;
      for (const std::string& chunk : chunks_of(range, per_chunk, RangeConstraint::kContiguous)) {
        const std::size_t dash = chunk.find('-');
        const std::int64_t first = std::stoll(chunk.substr(0, dash));
        const std::int64_t last = std::stoll(chunk.substr(dash + 1));
        ASSERT_EQ(first, next) << length << " by " << per_chunk;
        next = last + 1;
        least = std::min(least, last - first + 1);
        most = std::max(most, last - first + 1);
      }
      ASSERT_EQ(next, static_cast<std::int64_t>(length) + 1);
      ASSERT_LE(most - least, 1) << length << " by " << per_chunk;
      ASSERT_LE(most, static_cast<std::int64_t>(per_chunk));
    }
  }
}

TEST(ChunkedRange, HugeRangesCostNothing) {
  const ChunkedRange chunked(*RangeExpr::parse("1-4000000000"), 3, RangeConstraint::kContiguous);
  EXPECT_EQ(chunked.size(), 1'333'333'334U);
  std::string chunk;
  chunked.write(chunked.size() - 1, chunk);
  EXPECT_EQ(chunk, "3999999999-4000000000");
}

TEST(ChunkedRange, TasksSeeChunksAndBytesKeepThem) {
  std::string text = range_with(
      "'CHUNK[INT]'", "'1-{{Param.Count}}', chunks: {defaultTaskCount: 2, rangeConstraint: CONTIGUOUS}");
  text.insert(text.find('\n') + 1, "extensions: [TASK_CHUNKING]\n");
  const Job job = job_of(text, {{"Count", "5"}});
  const ParameterSpace& space = job.steps.at(0).script.space;
  EXPECT_EQ(space.size(), 3U);
  EXPECT_EQ(describe_task(space, 0) + ", " + describe_task(space, 1) + ", " + describe_task(space, 2),
            "P=1-2, P=3-4, P=5-5");
  const Result<StepScript> read = decode_step(*encode_step(job.steps[0].script));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, job.steps[0].script);
  EXPECT_EQ(describe_task(read->space, 2), "P=5-5");
}

}  // namespace
}  // namespace reeve::openjd::testing
