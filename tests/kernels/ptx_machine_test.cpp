#include "kernels/verify/ptx_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <string_view>

namespace reeve::ptx {
namespace {

/// Runs a kernel of machine.cu with its two parameters.
std::vector<u32> run(std::string_view name, u32 blocks, u32 threads, const std::vector<u32>& in,
                     std::size_t words, bool reverse = false) {
  std::vector<u32> out(words);
  const u32* in_pointer = in.data();
  u32* out_pointer = out.data();
  void* arguments[] = {&in_pointer, &out_pointer};
  for (const Entry& entry : entries()) {
    if (entry.name == name) run_grid(entry, {{blocks, 1, 1}, {threads, 1, 1}, 0, reverse}, arguments);
  }
  return out;
}

std::vector<u32> numbers(std::size_t count) {
  std::vector<u32> made(count);
  u32 state = 12345;
  for (u32& number : made)
    number = state = state * 1664525u + 1013904223u;
  return made;
}

TEST(PtxMachine, BlocksAddThroughShufflesBarriersAndSharedMemoryInAnyOrder) {
  const std::vector<u32> in = numbers(3 * 256);
  std::vector<u32> expected;
  for (std::size_t block = 0; block < 3; ++block)
    expected.push_back(std::accumulate(in.begin() + static_cast<std::ptrdiff_t>(block * 256),
                                       in.begin() + static_cast<std::ptrdiff_t>((block + 1) * 256), u32{0}));
  EXPECT_EQ(run("machine_sum", 3, 256, in, 3), expected);
  EXPECT_EQ(run("machine_sum", 3, 256, in, 3, true), expected);
}

TEST(PtxMachine, ShufflesAndVotesSeeTheWholeWarp) {
  std::vector<u32> in = numbers(32);
  for (u32& number : in)
    number %= 1000;
  const std::vector<u32> out = run("machine_warp", 1, 32, in, 160);
  u32 ballot = 0;
  for (u32 lane = 0; lane < 32; ++lane)
    ballot |= u32{in[lane] % 3 == 0} << lane;
  const bool any = std::find(in.begin(), in.end(), 77u) != in.end();
  for (u32 lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out[lane], in[lane < 29 ? lane + 3 : lane]) << lane;
    EXPECT_EQ(out[32 + lane], in[lane >= 5 ? lane - 5 : lane]) << lane;
    EXPECT_EQ(out[64 + lane], in[in[lane] % 32]) << lane;
    EXPECT_EQ(out[96 + lane], ballot);
    EXPECT_EQ(out[128 + lane], u32{any} | 2u);
  }
}

TEST(PtxMachine, IntegerInstructionsDoWhatTheirNamesSay) {
  const std::vector<u32> in = numbers(64);
  const std::vector<u32> out = run("machine_bits", 1, 64, in, 8 * 64);
  for (std::size_t i = 0; i < 64; ++i) {
    const u32 a = in[i];
    const u32 b = in[(i + 1) % 64];
    u32 reversed = 0;
    for (u32 bit = 0; bit < 32; ++bit)
      reversed |= (a >> bit & 1) << (31 - bit);
    const auto byte = [](u32 word, u32 n) { return word >> (8 * n) & 255; };
    const u32 permuted = byte(a, 1) | byte(b, 0) << 8 | byte(a, 2) << 16 | byte(b, 2) << 24;
    EXPECT_EQ(out[i], reversed);
    EXPECT_EQ(out[64 + i], static_cast<u32>(std::popcount(a)));
    EXPECT_EQ(out[128 + i], static_cast<u32>(std::countl_zero(a)));
    EXPECT_EQ(out[192 + i], static_cast<u32>(u64{a} * b >> 32));
    EXPECT_EQ(out[256 + i], static_cast<u32>((u64{b} << 32 | a) << (b & 31) >> 32));
    EXPECT_EQ(out[320 + i], permuted);
    EXPECT_EQ(out[384 + i], a / (b | 1) + a % (b | 1));
    EXPECT_EQ(out[448 + i], static_cast<u32>(static_cast<s32>(a) / static_cast<s32>(b | 1)));
  }
}

TEST(PtxMachine, RaceShowsInTheOtherOrder) {
  const std::vector<u32> in = numbers(64);
  EXPECT_EQ(run("machine_race", 1, 64, in, 1).front(), in.back());
  EXPECT_EQ(run("machine_race", 1, 64, in, 1, true).front(), in.front());
}

TEST(PtxMachineDeathTest, ThreadsThatWaitForEverEndTheProcess) {
  EXPECT_DEATH(run("machine_torn", 1, 64, numbers(64), 1), "wait for each other for ever");
}

}  // namespace
}  // namespace reeve::ptx
