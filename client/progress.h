#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/units.h"

namespace reeve::client {

/// Counts of a job at one moment.
struct Counts {
  std::uint64_t tasks = 0;
  std::uint64_t settled = 0;
  std::uint64_t failed = 0;
  std::uint64_t running = 0;
};

/// How fast tasks end, from what was seen while watching; forgets slowly what is older than a minute.
class ProgressMeter {
 public:
  void update(Time now, const Counts& counts);
  /// Tasks a second; nullopt before two moments with an end between them were seen.
  std::optional<double> rate() const { return rate_; }
  std::optional<Duration> remaining() const;
  const Counts& counts() const { return counts_; }
  /// `[#####.....] 24/48 tasks, 4 running, 1.2/s, 20s left`
  std::string line() const;

 private:
  Counts counts_;
  std::optional<Time> since_;
  std::uint64_t ended_at_since_ = 0;
  std::optional<double> rate_;
};

}  // namespace reeve::client
