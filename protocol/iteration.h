#pragma once

#include <cstdint>

#include "protocol/ids.h"

namespace reeve {

/// How a step goes on from its own results, as training does (ADR 0015): generation after generation, each of
/// `shards` tasks that may run at once and one more, the update, that takes their results.
///
/// Task t is of generation t / (shards + 1); the last task of a generation is its update. The shards of
/// generation g go on from the update of generation g − 1 − staleness, or from the start where there is none:
/// how stale they are is part of the contract, so that no result depends on who was quick. An update goes on
/// from the update before it.
struct Iteration {
  std::uint32_t generations = 0;  // 0: the step does not iterate
  std::uint32_t shards = 0;
  std::uint32_t staleness = 0;   // generations that shards lag behind
  std::uint32_t keep_every = 0;  // the updates of these are kept as results; 0: the last alone

  constexpr std::uint64_t task_count() const { return std::uint64_t{generations} * (shards + 1ULL); }
  constexpr std::uint32_t generation_of(TaskIndex task) const { return task / (shards + 1); }
  constexpr bool is_update(TaskIndex task) const { return task % (shards + 1) == shards; }
  constexpr TaskIndex update_of(std::uint32_t generation) const { return generation * (shards + 1) + shards; }
  constexpr TaskRange shards_of(std::uint32_t generation) const {
    return {generation * (shards + 1), shards};
  }
  /// True where the update of a generation stays a result of the step.
  constexpr bool keeps(std::uint32_t generation) const {
    return generation + 1 == generations || (keep_every > 0 && (generation + 1) % keep_every == 0);
  }
  bool operator==(const Iteration&) const = default;
};

}  // namespace reeve
