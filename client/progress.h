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

/// When lines of progress that stay, in a log or a pipe, are worth writing: at each tenth of the whole, and
/// else now and then.
class ProgressPace {
 public:
  /// `done` of `total` tasks. True if this is the moment for a line. `total` 0: time alone decides.
  bool due(Time now, std::uint64_t done, std::uint64_t total);

 private:
  std::optional<Time> said_;
  std::uint64_t said_done_ = 0;
  std::uint64_t said_tenth_ = 0;
};

}  // namespace reeve::client
