#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "protocol/result.h"

namespace reeve::agent {

/// A renderer, or another program that jobs ask for by tag, which the sandbox shows to jobs.
struct InstalledProgram {
  std::string name;                 // "blender", "povray", "ffmpeg"
  std::string path;                 // without links
  std::string version;              // "3.4.1"; empty: it did not say
  std::string digest;               // SHA-256 of the executable, 64 hexadecimal digits
  std::vector<std::string> cycles;  // of Blender: kinds of devices besides the CPU: "CUDA", "OPTIX"
};

/// GPUs that programs are shown.
struct Cards {
  std::string name;         // their driver and models
  std::vector<int> minors;  // of /dev/nvidiaN
};

/// Looks for the programs where a job would find them, and asks each in a sandbox that shows all cards what
/// it is: a minute at most. What was found out before about the same file (by path, inode, size and time) and
/// the same cards is kept in the user's cache folder. Programs that lie where sandboxes do not show them, or
/// do not run in one, are left out with a sentence in `notes`.
std::vector<InstalledProgram> find_programs(const Cards& cards, std::vector<std::string>& notes);

/// What an agent with these programs offers: "blender", "blender-3.4.1", "blender-sha256:4f4a7cd28cfd806d",
/// "cycles-any", "cycles-cpu"; "cycles-gpu" and "cycles-cuda" where Blender can use such a GPU. Sorted.
std::vector<std::string> program_tags(const std::vector<InstalledProgram>& programs);

}  // namespace reeve::agent
