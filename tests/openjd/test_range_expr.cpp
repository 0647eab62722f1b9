#include <gtest/gtest.h>

#include <limits>

#include "openjd/range_expr.h"

namespace reeve::openjd {
namespace {

using Values = std::vector<std::int64_t>;

Values values_of(std::string_view text) {
  const Result<RangeExpr> range = RangeExpr::parse(text);
  EXPECT_TRUE(range) << text << ": " << (range ? "" : range.error().message);
  Values out;
  for (std::uint64_t i = 0; range && i < range->size(); ++i)
    out.push_back(range->at(i));
  return out;
}

TEST(RangeExpr, ValuesComeInAscendingOrder) {
  EXPECT_EQ(values_of("5"), (Values{5}));
  EXPECT_EQ(values_of("1 - 5"), (Values{1, 2, 3, 4, 5}));
  EXPECT_EQ(values_of("-1 - 1"), (Values{-1, 0, 1}));
  EXPECT_EQ(values_of("-3--1"), (Values{-3, -2, -1}));
  EXPECT_EQ(values_of("1-5:2"), (Values{1, 3, 5}));
  EXPECT_EQ(values_of("1-10:4"), (Values{1, 5, 9}));
  EXPECT_EQ(values_of("10-15:2,1-5"), (Values{1, 2, 3, 4, 5, 10, 12, 14}));
  EXPECT_EQ(values_of("7, 3 ,\t5"), (Values{3, 5, 7}));
}

TEST(RangeExpr, ANegativeSkipRunsFromTheUpperEnd) {
  EXPECT_EQ(values_of("10-8:-1"), (Values{8, 9, 10}));
  EXPECT_EQ(values_of("10-1:-4"), (Values{2, 6, 10}));
  EXPECT_EQ(values_of("4-4:-9"), (Values{4}));
}

TEST(RangeExpr, ASkipAwayFromTheEndLeavesTheFirstValue) {
  EXPECT_EQ(values_of("1 - -1"), (Values{1}));
  EXPECT_EQ(values_of("5-1:2"), (Values{5}));
  EXPECT_EQ(values_of("1-5:-1"), (Values{1}));
  EXPECT_EQ(values_of("20-12,10-2"), (Values{10, 20}));
}

TEST(RangeExpr, WrongRangesAreRefused) {
  for (const std::string text : {"", " ", "a", "1-", "-", "1,", ",1", "1,,2", "1-2-3", "1:2", "1-5:", "1-5:0",
                                 "1 2", "9223372036854775808", "1.5", "1-5:2:2", "0x10", "+1"}) {
    EXPECT_FALSE(RangeExpr::parse(text)) << text;
  }
}

TEST(RangeExpr, OverlapIsJudgedByTheBoundsAsWritten) {
  EXPECT_FALSE(RangeExpr::parse("1-10:4,10-15"));
  EXPECT_FALSE(RangeExpr::parse("1-10,5"));
  EXPECT_FALSE(RangeExpr::parse("3,3"));
  EXPECT_FALSE(RangeExpr::parse("20-10:-5,12"));
  EXPECT_TRUE(RangeExpr::parse("1-9,10-15"));
}

TEST(RangeExpr, HugeRangesCostNothing) {
  const Result<RangeExpr> range = RangeExpr::parse("1-4000000000,5000000000-5000000010:5");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->size(), 4'000'000'003U);
  EXPECT_EQ(range->at(3'999'999'999U), 4'000'000'000);
  EXPECT_EQ(range->at(4'000'000'002U), 5'000'000'010);
  EXPECT_FALSE(RangeExpr::parse("1-5000000000")) << "more than a step may have tasks";
  EXPECT_FALSE(RangeExpr::parse("1-3000000000,4000000000-7000000000"));
}

TEST(RangeExpr, TheEndsOfTheIntegersAreReached) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  const std::string whole = std::to_string(kMin) + "-" + std::to_string(kMax);
  EXPECT_FALSE(RangeExpr::parse(whole));
  EXPECT_EQ(values_of(whole + ":9223372036854775807"), (Values{kMin, -1, kMax - 1}));
  EXPECT_EQ(values_of(std::to_string(kMax) + "-" + std::to_string(kMin) + ":" + std::to_string(kMin)),
            (Values{-1, kMax}));
}

}  // namespace
}  // namespace reeve::openjd
