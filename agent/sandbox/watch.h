#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// A process and its descendants, without the first.
struct TreeUse {
  std::uint32_t processes = 0;
  std::uint64_t resident_bytes = 0;  // shared pages count for each
};
TreeUse tree_use(pid_t first);
/// As tree_use(), with each shared page counted once: slower, and right.
std::uint64_t proportional_bytes(pid_t first);

/// A folder with all below it, by what the disk holds of it. Stops counting where a bound is exceeded.
struct FolderUse {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  bool too_deep = false;
};
FolderUse folder_use(const std::filesystem::path& folder, const Bounds& bounds);
/// What deleted files hold that the processes of a tree keep open.
std::uint64_t deleted_bytes(pid_t first);
/// Free bytes of the disk below a folder.
std::uint64_t free_bytes(const std::filesystem::path& folder);

}  // namespace reeve::agent::sandbox
