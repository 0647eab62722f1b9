#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "client/kernels_table.h"
#include "openjd/job.h"
#include "protocol/jobs.h"
#include "protocol/result.h"

namespace reeve::client {

/// What a job's options say of every step.
struct StepOptions {
  Duration default_time_limit;
  bool time_limit_given = false;  // the options' limit counts, not the action's timeout
  std::vector<std::string> tags;
  std::string compare;               // of programs' results
  std::uint32_t checkpoint_mib = 0;  // of programs: what a task may leave for its next attempt
};

/// True where the step's command names no built-in kernel.
bool runs_program(const openjd::Step& step);

/// A program's result: what a worker hands to its agent at once.
inline constexpr std::uint64_t kProgramResultBytes = (1ULL << 30) - (64U << 10);

/// Turns one step into what the region is told. Errors name the step.
Result<StepSpec> build_step(const openjd::Step& step, const StepOptions& options);

/// The first and last frame that the render steps of a job ask for; {0, 0} where none renders.
Result<std::pair<std::uint32_t, std::uint32_t>> frame_span(const std::vector<openjd::Step>& steps);

/// Host requirements as a need of a slot. kInvalid: an amount or attribute that Reeve does not know.
Result<TaskNeed> task_need(const openjd::HostRequirements& requirements);

}  // namespace reeve::client
