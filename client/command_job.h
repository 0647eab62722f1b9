#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/job_builder.h"
#include "protocol/result.h"

namespace reeve::client {

/// `reeve submit -- CMD…`: a command line as a job of one step.
struct CommandRequest {
  std::vector<std::string> words;  // the command and its arguments
  std::string array;      // "1-100%20": a task for each number, so many at once, as REEVE_ARRAY_TASK_ID
  std::string each_line;  // a file: a task for each line, as REEVE_ITEM
  std::string from_json;  // a file: a task for each value of its array, as REEVE_ITEM
  std::vector<std::string> environment;  // NAME=VALUE
  std::vector<std::string> inputs;       // PATH or PATH:TARGET
  std::vector<std::string> outputs;      // patterns; none: standard output is the result
  std::uint32_t cpus = 0;
  std::uint32_t gpus = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t most_memory_bytes = 0;  // of a task that ran out of memory; 0: that is a failure
  std::uint64_t vram_bytes = 0;
  std::string gang;  // "N" or "MIN:MAX": slots that each task runs on at once
  bool mpi = false;  // under mpirun
};

/// Builds the job. Reads input files and packs folders; speaks to nobody.
/// Errors name the option, its value and the remedy.
Result<BuiltJob> build_command_job(const CommandRequest& request, const SubmitOptions& options);

}  // namespace reeve::client
