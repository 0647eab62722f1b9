#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/durable.h"
#include "scheduler/core/io.h"

namespace reeve::core {

struct Region;  // region.h: durable and volatile state with the secret; only the rooms see it

/// Why a job or a task does not run, in words, with what would mend it.
struct Explanation {
  StepIndex step = 0;
  std::optional<TaskIndex> task;
  std::string reason;
  std::string hint;
};

/// An agent as the region sees it now.
struct AgentView {
  AgentId agent;
  bool online = false;  // false: what it was when it was last heard
  bool paused = false;  // by itself
  std::uint32_t slots = 0;
  Capability capability;
  std::uint64_t running = 0;  // tasks leased
  std::uint64_t credit = 0;   // tasks it would still take
  Time last_seen;
};

/// What one lease gives an agent now.
struct Holding {
  AttemptId attempt;
  AgentId agent;
  std::uint32_t replica = 0;
  Time since;         // the lease was given; its tasks run one after another
  bool late = false;  // the agent reported nothing for longer than one task may take
  std::vector<TaskRange> tasks;
};

/// A region as a pure state machine: no I/O, no clock, no threads, no randomness of its own.
///
/// The shell journals StepOutput::events in order, then performs the effects (those that wait for the commit,
/// after it). Equal inputs give equal events, to the byte.
class Core {
 public:
  /// Boots over recovered state (or an empty one after a RegionCreated event was applied).
  ///   secret  32 random bytes of the region: draws and lease tickets hang on it
  Core(Durable durable, const std::array<std::uint8_t, 32>& secret);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// First step of a boot: journals the new epoch, without which no attempt id is made.
  void boot(Time now, StepOutput& out);

  /// The only door in. Appends to `out`.
  void step(Time now, const Input& input, StepOutput& out);

  const Durable& durable() const;
  std::vector<Explanation> explain(JobId job) const;
  /// Every agent that was heard since the boot.
  std::vector<AgentView> agents() const;
  /// Tasks of a job that agents hold now.
  std::uint64_t running_tasks(JobId job) const;
  /// The same of every step that has any, in one look at the leases.
  std::map<StepRef, std::uint64_t> running_tasks() const;
  /// Leases on tasks of this range of a step. Looks at every lease of the region.
  std::vector<Holding> holdings(StepRef step, TaskRange range) const;
  /// True while the agent holds a lease on tasks (or leaves) of a step that has this input; nothing while the
  /// agent has not said what it holds.
  std::optional<bool> needs_input(AgentId agent, const Digest& input) const;
  /// True while the agent has a lease under this attempt on a task that it has not reported.
  bool holds(AgentId agent, AttemptId attempt, StepRef step, TaskIndex task) const;
  /// The soonest time at which a Tick would do something.
  Time next_deadline() const;

  /// Volatile against durable, and the durable invariants; the broken one's name, or "". For tests and the
  /// simulator.
  std::string broken_invariant(bool ended_jobs_too = true) const;

 private:
  std::unique_ptr<Region> region_;
};

}  // namespace reeve::core
