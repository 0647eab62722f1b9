#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/world.h"

namespace reeve::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread starts
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

/// REEVE_SIM_FIRST and REEVE_SIM_SEEDS choose the seeds: a failure prints the one that replays it.
TEST(Simulation, EveryJobEndsAndNoWrongRootIsAcceptedWhereTwoOwnersWereAsked) {
  const std::uint64_t first = from_environment("REEVE_SIM_FIRST", 1);
  const std::uint64_t count = from_environment("REEVE_SIM_SEEDS", 300);
  std::uint64_t tasks = 0;
  std::uint64_t steps = 0;
  std::uint64_t crashes = 0;
  std::uint64_t convictions = 0;
  std::uint64_t comparisons = 0;
  std::uint64_t generations = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    World world(seed);
    const std::string failure = world.run();
    ASSERT_EQ(failure, "") << "replay: REEVE_SIM_FIRST=" << seed << " REEVE_SIM_SEEDS=1";
    tasks += world.tasks();
    steps += world.steps();
    crashes += world.crashes();
    convictions += world.convictions();
    comparisons += world.comparisons();
    generations += world.generations();
  }
  std::printf(
      "%llu seeds, %llu tasks, %llu steps, %llu crashes, %llu convictions, %llu comparisons, "
      "%llu generations\n",
      static_cast<unsigned long long>(count), static_cast<unsigned long long>(tasks),
      static_cast<unsigned long long>(steps), static_cast<unsigned long long>(crashes),
      static_cast<unsigned long long>(convictions), static_cast<unsigned long long>(comparisons),
      static_cast<unsigned long long>(generations));
  if (count >= 50) {
    EXPECT_GT(crashes, count / 10) << "the story must hold crashes";
    EXPECT_GT(generations, count) << "the story must hold generations";
    EXPECT_GT(comparisons, count) << "the story must hold comparisons";
    EXPECT_GT(convictions, count / 10) << "the story must hold convictions";
  }
}

}  // namespace
}  // namespace reeve::sim
