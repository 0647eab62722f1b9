#include "kernels/verify/ptx_machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace reeve::ptx {
namespace {

struct Source {
  s64 lane;     ///< whose value
  bool inside;  ///< it is in bounds; else one keeps one's own
};

/// Where a shuffle takes a lane's value from.
Source source_of(const Lane& lane, u32 own) {
  const u32 segment = lane.clamp >> 8 & 31;
  const u32 bound = lane.clamp & 31;
  const u32 by = lane.by & 31;
  const u32 top = (own & segment) | (bound & ~segment);
  const u32 bottom = own & segment;
  s64 from = 0;
  bool inside = false;
  switch (lane.what) {
    case Warp::kUp:
      from = s64{own} - by;
      inside = from >= s64{top};
      break;
    case Warp::kDown:
      from = s64{own} + by;
      inside = from <= s64{top};
      break;
    case Warp::kBfly:
      from = own ^ by;
      inside = from <= s64{top};
      break;
    default:
      from = bottom | (by & ~segment & 31);
      inside = from <= s64{top};
      break;
  }
  return {inside ? from : s64{own}, inside};
}

void vote(std::span<Lane> warp) {
  u32 ballot = 0;
  for (std::size_t i = 0; i < warp.size(); ++i) {
    if ((warp[i].mask >> i & 1) != 0 && warp[i].value != 0) ballot |= 1u << i;
  }
  for (Lane& lane : warp) {
    lane.answer = lane.what == Warp::kAny   ? ballot != 0
                  : lane.what == Warp::kAll ? (ballot & lane.mask) == lane.mask
                                            : ballot;
  }
}

/// True where every lane waits for the warp, and so it can be answered.
bool is_met(std::span<const Lane> warp) {
  const bool any =
      std::any_of(warp.begin(), warp.end(), [](const Lane& l) { return l.state == Wait::kWarp; });
  if (!any) return false;
  if (!std::all_of(warp.begin(), warp.end(), [](const Lane& l) { return l.state == Wait::kWarp; }))
    stop("some threads of a warp wait for its others, which have ended or wait for the block");
  return true;
}

}  // namespace

void stop(const char* why) {
  std::fprintf(stderr, "ptx machine: %s\n", why);
  std::abort();
}

void answer_warp(std::span<Lane> warp) {
  const u32 all = warp.size() == kWarpLanes ? ~u32{0} : (1u << warp.size()) - 1;
  for (const Lane& lane : warp) {
    if (lane.resume != warp[0].resume) stop("threads of a warp meet at different places");
    if ((lane.mask & all) != all) stop("a warp's threads meet that its mask leaves out");
  }
  if (warp[0].what >= Warp::kAny) return vote(warp);
  if (warp[0].what == Warp::kMeet) return;
  for (std::size_t i = 0; i < warp.size(); ++i) {
    const Source source = source_of(warp[i], static_cast<u32>(i));
    if (source.lane >= static_cast<s64>(warp.size()))
      stop("a shuffle from a thread that the block does not have");
    warp[i].answer = warp[static_cast<std::size_t>(source.lane)].value;
    warp[i].inside = source.inside;
  }
}

/// A lane that may go on has the state kEnd again.
bool release(std::span<Lane> lanes) {
  bool any = false;
  for (std::size_t first = 0; first < lanes.size(); first += kWarpLanes) {
    const std::span<Lane> warp =
        lanes.subspan(first, std::min<std::size_t>(kWarpLanes, lanes.size() - first));
    if (!is_met(warp)) continue;
    answer_warp(warp);
    for (Lane& lane : warp)
      lane.state = Wait::kEnd;
    any = true;
  }
  if (any) return true;
  for (Lane& lane : lanes) {
    if (lane.state != Wait::kBlock) return false;
    if (lane.resume != lanes[0].resume) stop("threads of a block meet at different barriers");
  }
  for (Lane& lane : lanes)
    lane.state = Wait::kEnd;
  return true;
}

namespace {

std::vector<std::byte> pack(const Entry& entry, void* const* arguments) {
  std::size_t size = 0;
  for (const Parameter& parameter : entry.parameters)
    size = std::max(size, parameter.offset + parameter.size);
  std::vector<std::byte> packed(size + 16);
  for (std::size_t i = 0; i < entry.parameters.size(); ++i)
    std::memcpy(packed.data() + entry.parameters[i].offset, arguments[i], entry.parameters[i].size);
  return packed;
}

void run_block(const Entry& entry, const Launch& launch, const u32 (&at)[3], u64 parameters) {
  Block block{std::vector<std::byte>(entry.shared + launch.shared), launch.reverse};
  std::vector<Lane> lanes(std::size_t{launch.block[0]} * launch.block[1] * launch.block[2]);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane& lane = lanes[i];
    lane.index = static_cast<u32>(i);
    const u32 x = launch.block[0];
    const u32 y = launch.block[1];
    const u32 tid[3]{lane.index % x, lane.index / x % y, lane.index / x / y};
    for (int axis = 0; axis < 3; ++axis) {
      lane.tid[axis] = tid[axis];
      lane.ntid[axis] = launch.block[axis];
      lane.ctaid[axis] = at[axis];
      lane.nctaid[axis] = launch.grid[axis];
    }
    lane.parameters = parameters;
  }
  entry.run(block, lanes);
}

}  // namespace

void run_grid(const Entry& entry, const Launch& launch, void* const* arguments) {
  const std::vector<std::byte> parameters = pack(entry, arguments);
  const u64 address = reinterpret_cast<u64>(parameters.data());
  for (u32 z = 0; z < launch.grid[2]; ++z) {
    for (u32 y = 0; y < launch.grid[1]; ++y) {
      for (u32 x = 0; x < launch.grid[0]; ++x)
        run_block(entry, launch, {x, y, z}, address);
    }
  }
}

}  // namespace reeve::ptx
