#pragma once

#include <compare>
#include <cstdint>

namespace reeve {

/// A number that names one thing. TaskIndex, JobId, AgentId never mix.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  /// Zero names nothing.
  constexpr bool valid() const { return value_ != 0; }
  constexpr auto operator<=>(const Id&) const = default;

 private:
  std::uint64_t value_ = 0;
};

using PartyId = Id<struct PartyTag>;      // a requester, an owner or the operator
using AgentId = Id<struct AgentTag>;      // one host's daemon
using JobId = Id<struct JobTag>;          // what a requester submitted
using AttemptId = Id<struct AttemptTag>;  // one lease of a range of tasks: (boot epoch, counter)
using ClassId = Id<struct ClassTag>;      // agents with the same capabilities

/// Step and task are positions inside their job and step.
using StepIndex = std::uint32_t;
using TaskIndex = std::uint32_t;

/// Attempt ids never repeat, crash or not: the high bits are the journaled boot epoch.
constexpr unsigned kAttemptCounterBits = 40;
constexpr AttemptId make_attempt_id(std::uint64_t boot_epoch, std::uint64_t counter) {
  return AttemptId((boot_epoch << kAttemptCounterBits) | counter);
}

/// Tasks [first, first + count) of one step.
struct TaskRange {
  TaskIndex first = 0;
  std::uint32_t count = 0;
  constexpr TaskIndex end() const { return first + count; }
  constexpr bool operator==(const TaskRange&) const = default;
};

/// A step of a job; what tasks are numbered in.
struct StepRef {
  JobId job;
  StepIndex step = 0;
  constexpr auto operator<=>(const StepRef&) const = default;
};

}  // namespace reeve
