#include "tests/fuzz/mutate.h"

#include <gtest/gtest.h>

#include <set>

namespace reeve::fuzz {
namespace {

const std::vector<std::string> kSeeds = {"{\"name\": \"job\"}", std::string(300, '\x01'), ""};

TEST(Mutate, TheFirstRoundIsTheSeedsThemselves) {
  for (std::size_t i = 0; i < kSeeds.size(); ++i)
    EXPECT_EQ(replay_input(kSeeds, i), kSeeds[i]);
}

TEST(Mutate, TheSameIndexGivesTheSameBytes) {
  for (std::uint64_t i = 0; i < 500; ++i)
    EXPECT_EQ(replay_input(kSeeds, i), replay_input(kSeeds, i));
}

TEST(Mutate, NearlyEveryIndexGivesAnotherInput) {
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 1000; ++i)
    seen.insert(replay_input(kSeeds, i));
  EXPECT_GT(seen.size(), 600U);
}

TEST(Mutate, NoInputOutgrowsItsBound) {
  const std::vector<std::string> large = {std::string(kMaxInputBytes, 'x')};
  for (std::uint64_t i = 0; i < 200; ++i)
    EXPECT_LE(replay_input(large, i).size(), kMaxInputBytes);
}

}  // namespace
}  // namespace reeve::fuzz
