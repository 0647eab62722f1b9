#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// A machine that runs kernels which ptx_to_cpp.py translated from PTX: blocks one after another, the threads
/// of a block by turns, each until it ends or waits for others. It stands in for a device where there is
/// none: what it runs is the PTX that ships, not the source. Its memory is the process's own.
namespace reeve::ptx {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

inline constexpr u32 kWarpLanes = 32;
inline constexpr u32 kMostThreads = 1024;  ///< of a block
inline constexpr std::size_t kMostShared =
    99 << 10;  ///< bytes of a block, of sm_86 and sm_89; others have as many or more

/// Ends the process with a reason: a kernel that a device would run wrongly, or not at all.
[[noreturn]] void stop(const char* why);

/// Why a thread does not go on.
enum class Wait : u8 { kEnd, kBlock, kWarp };

/// What the threads of a warp do together.
enum class Warp : u8 { kMeet, kBfly, kDown, kUp, kIdx, kAny, kAll, kBallot };

/// A thread, as those beside it see it.
struct Lane {
  u32 tid[3], ntid[3], ctaid[3], nctaid[3];
  u32 index = 0;       ///< in its block
  u64 parameters = 0;  ///< address
  u32 resume = 0;      ///< where it goes on; 0: at the start
  Wait state = Wait::kEnd;
  Warp what = Warp::kMeet;  ///< the rest: what it asked of its warp, and the answer
  u32 mask = 0, value = 0, by = 0, clamp = 0;
  u32 answer = 0;
  bool inside = false;

  Wait ask(Warp question, u32 members, u32 own, u32 other, u32 bounds) {
    what = question;
    mask = members;
    value = own;
    by = other;
    clamp = bounds;
    return Wait::kWarp;
  }
};

struct Block {
  std::vector<std::byte> shared;
  bool reverse = false;  ///< later threads run first: what depends on the order of threads shows itself

  u64 shared_base() { return reinterpret_cast<u64>(shared.data()); }
};

struct Parameter {
  std::size_t offset, size;  ///< bytes
};

struct Entry {
  const char* name;
  std::span<const Parameter> parameters;
  std::size_t shared;  ///< bytes a block, before what the launch adds
  void (*run)(Block& block, std::vector<Lane>& lanes);
};

/// Those of the translated files.
std::span<const Entry> entries();

struct Launch {
  u32 grid[3], block[3];
  std::size_t shared = 0;  ///< bytes that the launch adds
  bool reverse = false;
};

/// Runs a whole grid. arguments: a pointer to each parameter's value.
void run_grid(const Entry& entry, const Launch& launch, void* const* arguments);

/// Answers what a whole warp has asked. Stops where its threads ask different things, or not all of the mask.
void answer_warp(std::span<Lane> warp);

/// Lets the lanes that wait go on where all that must have come are there; false: nobody can go on.
bool release(std::span<Lane> lanes);

/// A kernel whose threads never wait for each other.
template <class Thread, Wait (*kRun)(Thread&, Lane&, Block&)>
void run_alone(Block& block, std::vector<Lane>& lanes) {
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Thread thread;
    kRun(thread, lanes[block.reverse ? lanes.size() - 1 - i : i], block);
  }
}

template <class Thread, Wait (*kRun)(Thread&, Lane&, Block&)>
void run_together(Block& block, std::vector<Lane>& lanes) {
  std::vector<Thread> threads(lanes.size());
  std::vector<bool> ready(lanes.size(), true);
  std::size_t ended = 0;
  for (;;) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const std::size_t at = block.reverse ? lanes.size() - 1 - i : i;
      if (!ready[at]) continue;
      lanes[at].state = kRun(threads[at], lanes[at], block);
      ready[at] = false;
      if (lanes[at].state == Wait::kEnd) ++ended;
    }
    if (ended == lanes.size()) return;
    std::vector<Wait> before;
    for (const Lane& lane : lanes)
      before.push_back(lane.state);
    if (!release(lanes)) stop("a block whose threads wait for each other for ever");
    for (std::size_t i = 0; i < lanes.size(); ++i)
      ready[i] = before[i] != Wait::kEnd && lanes[i].state == Wait::kEnd;
  }
}

}  // namespace reeve::ptx
