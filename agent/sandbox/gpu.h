#pragma once

#include <filesystem>
#include <vector>

#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// What NVIDIA GPUs need in a sandbox: their own device nodes and those that all share, and the driver's
/// libraries by all their names, from where the host's loader looks. Nothing that is not there.
///   minors  of /dev/nvidiaN; empty: no GPU, and so nothing at all
///   host    the host's root
GpuAccess gpu_access(const std::vector<int>& minors, const std::filesystem::path& host = "/");

}  // namespace reeve::agent::sandbox
