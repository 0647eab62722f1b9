#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/shell/programs.h"

namespace reeve::agent {

struct Gpu {
  std::string name;
  std::string uuid;
  std::uint64_t memory_mib = 0;
  int minor = -1;  // of /dev/nvidiaN; -1: not known
};

/// What a machine offers.
struct Devices {
  std::string cpu_model;
  std::string isa;         // "x86-64-v4", "x86-64-v3", "x86-64-v2", "x86-64", "aarch64"
  std::string cpu_vendor;  // "AuthenticAMD"; empty: not known
  std::uint32_t cores = 1;
  std::uint32_t threads = 1;
  std::uint64_t memory_mib = 0;
  std::vector<Gpu> gpus;
  std::string gpu_driver;    // "535.129.03"
  std::string gpu_note;      // why there are none, or what went wrong with them
  std::string sandbox_note;  // why programs cannot run here; empty: they can
  std::string image_note;    // why images of programs cannot; empty: they can
  std::vector<InstalledProgram> programs;
  std::vector<std::string> program_notes;  // which were left out, and why
};

/// Looks at the machine; waits a few seconds for a GPU driver that hangs, and no longer. Programs that it has
/// not seen before are asked what they are (programs.h). `programs` is where the agent's own are.
Devices find_devices(const std::filesystem::path& programs);

}  // namespace reeve::agent
