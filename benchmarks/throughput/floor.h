#pragma once

#include <cstdint>
#include <filesystem>

#include "protocol/result.h"

/// What this machine would do in this minute with no scheduler between: the same messages under CURVE, the
/// same events written and synced by the same group commit, the same tasks hashed, the same
/// reports signed. Nothing is decided, checked or remembered.
namespace reeve::bench {

/// Answers at the port of the region in `region_folder`, with its key, until SIGTERM. Says "ready" once it
/// does. Its journal is a new file in that folder.
Result<void> serve_floor(const std::filesystem::path& region_folder, std::uint16_t port);

/// `agents` connections that hash what they are assigned, until SIGTERM.
Result<void> run_floor_agents(const std::filesystem::path& region_folder, std::uint16_t port, int agents);

}  // namespace reeve::bench
