#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "agent/worker/protocol.h"
#include "protocol/result.h"

namespace reeve::agent {

struct SpawnedWorker {
  pid_t pid = -1;
  int socket = -1;                       // ours; non-blocking
  worker::Progress* progress = nullptr;  // ours to unmap
};

/// What a worker is told on its command line.
struct WorkerArguments {
  std::uint32_t cpus = 1;
  std::uint64_t memory_mib = 0;
  std::string scratch;  // empty: it runs no programs
  std::string images;
  std::uint64_t image_bytes = 0;
  std::string gpus;  // "UUID=MINOR,…"
};

/// Starts a worker program with its socket and its progress page as descriptors 3 and 4, in a process group
/// of its own.
Result<SpawnedWorker> spawn_worker(const std::string& path, const WorkerArguments& arguments);

/// "exit status 3", "signal 11 (Segmentation fault)".
std::string describe_exit(int wait_status);

}  // namespace reeve::agent
