#pragma once

#include <filesystem>

#include "protocol/result.h"

namespace reeve::agent::sandbox {

/// Removes a folder and all below it, however deep, whatever its modes; links are removed, never followed. No
/// process may be at work in it. Errors: kIo.
Result<void> remove_tree(const std::filesystem::path& folder);

/// An empty folder at `path`, readable by its owner alone. Errors: kIo.
Result<void> fresh_folder(const std::filesystem::path& path);

}  // namespace reeve::agent::sandbox
