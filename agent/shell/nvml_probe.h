#pragma once

#include <string>
#include <vector>

#include "agent/shell/devices.h"

namespace reeve::agent {

struct NvmlAnswer {
  std::vector<Gpu> gpus;
  std::string note;    // why there are none
  std::string driver;  // its version
};

/// Asks NVIDIA's management library in a child process: a driver that hangs costs a few seconds, never the
/// agent. Call before threads are started.
NvmlAnswer probe_nvml();

}  // namespace reeve::agent
