#pragma once

#include <cstdint>

#include "agent/core/bounds.h"

namespace reeve::agent {

/// Waits between attempts to connect: doubling, each drawn evenly from the upper half, so that a fleet that
/// lost its region at one moment does not return at one moment.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : state_(seed) {}

  Duration next() {
    std::int64_t wait_ns = bounds::kFirstRetry.ns;
    for (std::uint32_t i = 0; i < failures_ && wait_ns < bounds::kLongestRetry.ns; ++i)
      wait_ns *= 2;
    if (wait_ns > bounds::kLongestRetry.ns) wait_ns = bounds::kLongestRetry.ns;
    ++failures_;
    const auto half = static_cast<std::uint64_t>(wait_ns) / 2;
    return {static_cast<std::int64_t>(half + draw() % (half + 1))};
  }
  void reset() { failures_ = 0; }
  std::uint32_t failures() const { return failures_; }

 private:
  /// SplitMix64 (Steele, Lea and Flood 2014): only to spread, not to keep secrets.
  std::uint64_t draw() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
  std::uint32_t failures_ = 0;
};

}  // namespace reeve::agent
