#pragma once

#include <sys/types.h>

#include <cstdint>

#include "client/child_process.h"
#include "protocol/units.h"

/// What processes cost.
namespace reeve::bench {

using client::run_to_end;
using client::sibling;
using client::Words;
using Process = client::ChildProcess;

/// User and system time of a process so far.
Duration cpu_time(pid_t pid);
/// Memory of a process that nobody else has (private resident pages), in bytes.
std::uint64_t private_memory_bytes(pid_t pid);

/// Nanoseconds of a clock that only passes.
std::int64_t steady_ns();

}  // namespace reeve::bench
