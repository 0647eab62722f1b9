#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/archive.h"
#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/iteration.h"
#include "protocol/units.h"

namespace reeve {

/// A built-in kernel and the version of its bit contract. Quorum, audit and referee match both.
struct KernelVersion {
  std::string name;  // "render.path", "sha256"
  std::uint32_t contract = 1;
  auto operator<=>(const KernelVersion&) const = default;
};

/// Any program of a requester's, run in a sandbox. Its result is a bundle (bundle.h) and one leaf.
inline constexpr std::string_view kProgramKernel = "program";
inline bool is_program(const KernelVersion& kernel) {
  return kernel.name == kProgramKernel;
}

/// The tag of agents that run programs in images which jobs bring along.
inline constexpr std::string_view kImageTag = "oci";

/// What a referee has that can say whether two results of a program are alike (comparison.h).
inline constexpr std::string_view kCompareKernel = "compare";

/// What a task needs of the slot that runs it. Zero and empty mean "any".
struct TaskNeed {
  std::uint32_t cpus = 0;
  std::uint32_t memory_mib = 0;
  std::uint32_t gpus = 0;
  std::uint32_t vram_mib = 0;
  std::vector<std::string> tags;  // sorted; the agent must have every one
  KernelVersion kernel;
  bool operator==(const TaskNeed&) const = default;
};

/// What each slot of an agent offers. Agents with equal capabilities form a class.
struct Capability {
  std::uint32_t cpus = 1;
  std::uint32_t memory_mib = 0;
  std::uint32_t gpus = 0;
  std::uint32_t vram_mib = 0;
  std::vector<std::string> tags;       // sorted
  std::vector<KernelVersion> kernels;  // sorted
  /// Hosts of one class give the same bits from the same program ("x86-64-v4"); copies of a program's tasks
  /// that are compared exactly stay in one class. Empty: not known.
  std::string bit_class;
  auto operator<=>(const Capability&) const = default;
};

enum class VerifyMode : std::uint8_t { kAdaptive = 0, kQuorum = 1, kNone = 2 };

/// How a job's results are checked.
///   kAdaptive  every task of a newcomer and a floor of all others is run by a second owner
///   kQuorum    every task is run by `quorum` distinct owners
///   kNone      taken as reported
struct VerifyPolicy {
  VerifyMode mode = VerifyMode::kAdaptive;
  std::uint32_t quorum = 2;
  bool operator==(const VerifyPolicy&) const = default;
};

/// One ordered stage of a job: `task_count` points of a parameter space that only client and agent look into.
struct StepSpec {
  std::string name;
  std::uint32_t task_count = 1;
  std::vector<StepIndex> depends_on;  // earlier steps; ascending
  TaskNeed need;
  std::uint32_t leaf_bytes = 0;        // size of a result's leaves; 0: the result is one leaf
  std::uint64_t work_per_task = 0;     // leaf work, in the kernel's own units; priced
  std::uint64_t max_result_bytes = 0;  // of one task; more is refused
  Duration time_limit;                 // of one task on one agent; an attempt that exceeds it has failed
  Bytes script;                        // openjd::encode_step; opaque to the scheduler
  std::vector<Digest> inputs;          // blobs that the script names
  std::string compare;                 // comparison.h; empty: results agree when their roots do
  // What follows came after the stored form of a step was settled: scheduler/core/step_extras.h stores it.
  std::uint32_t gang_min = 0;         // slots that one task runs on at once, at least; 0: it is no gang
  std::uint32_t gang_max = 0;         // and at most, all of one owner's farm
  std::uint32_t most_at_once = 0;     // tasks that are with agents at one time; 0: as many as there are
  std::uint32_t most_memory_mib = 0;  // of a task that ran out of its memory before; 0: it is a failure
  std::uint32_t checkpoint_mib = 0;   // what a task may leave for its next attempt, at most; 0: nothing
  Iteration iteration{};              // whether tasks go on from results of earlier ones
  bool iterates() const { return iteration.generations > 0; }
  bool is_gang() const { return gang_min > 0; }
  bool operator==(const StepSpec&) const = default;
};

/// What a requester submits.
struct JobSpec {
  std::string name;
  std::int32_t priority = 0;  // -100..100, larger first, among the jobs of one requester
  VerifyPolicy verify;
  std::uint32_t max_retries = 3;  // failed attempts a task may have on distinct owners before it fails
  MicroCredits max_price = 0;     // of the whole job; 0: the most that its quote says
  std::vector<JobId> after;       // jobs that must have succeeded first
  std::vector<StepSpec> steps;
  bool operator==(const JobSpec&) const = default;
};

template <class A>
void fields(A& a, KernelVersion& k) {
  a(k.name, k.contract);
}
template <class A>
void fields(A& a, TaskNeed& n) {
  a(n.cpus, n.memory_mib, n.gpus, n.vram_mib, n.tags, n.kernel);
}
template <class A>
void fields(A& a, Capability& c) {
  a(c.cpus, c.memory_mib, c.gpus, c.vram_mib, c.tags, c.kernels, c.bit_class);
}
template <class A>
void fields(A& a, VerifyPolicy& v) {
  a(v.mode, v.quorum);
}
template <class A>
void fields(A& a, StepSpec& s) {
  a(s.name, s.task_count, s.depends_on, s.need, s.leaf_bytes, s.work_per_task, s.max_result_bytes,
    s.time_limit, s.script, s.inputs, s.compare);
}
template <class A>
void fields(A& a, JobSpec& j) {
  a(j.name, j.priority, j.verify, j.max_retries, j.max_price, j.after, j.steps);
}

}  // namespace reeve
