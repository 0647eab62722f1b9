#pragma once

#include <filesystem>
#include <optional>

#include "protocol/bytes.h"
#include "protocol/result.h"

/// Small files that are read and replaced whole.
namespace reeve::shell {

/// Nothing where there is no such file. kCorrupt: it has more than 16 MiB.
Result<std::optional<Bytes>> read_whole_file(const std::filesystem::path& path);
/// Writes beside it, syncs, and puts it in its place: a crash leaves the old one or the new one.
Result<void> replace_whole_file(const std::filesystem::path& path, ByteView bytes);

}  // namespace reeve::shell
