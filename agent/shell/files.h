#pragma once

#include <filesystem>
#include <string>

#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent {

/// The error of the last system call on `path`.
Error file_error(const std::string& what, const std::filesystem::path& path);

/// The whole file. Errors: kNotFound, kIo.
Result<Bytes> read_file(const std::filesystem::path& path);

/// Replaces a file at once and for good: written aside, synced, renamed. `mode` as for open().
/// The folder is not synced: see sync_folder().
Result<void> replace_file(const std::filesystem::path& path, ByteView bytes, unsigned mode);

/// Makes renames and removals in a folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);

/// Writes all of `bytes` to an open file.
Result<void> write_all(int fd, ByteView bytes, const std::filesystem::path& path);

}  // namespace reeve::agent
