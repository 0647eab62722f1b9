#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "protocol/tlog/entry.h"
#include "protocol/tlog/note.h"
#include "protocol/tlog/tile.h"

/// A log as files: checkpoint, vkey, tile/… as C2SP tlog-tiles names them. Nothing of it is trusted.
namespace reeve::client {

/// A key that is pasted, or the name of a file that holds it. kInvalid, kNotFound.
Result<tlog::Verifier> read_vkey(const std::string& text_or_file);

/// A file of at most `most` bytes. kNotFound, kCorrupt.
Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most);

/// The checkpoint in a log's folder. kCorrupt: it is not what the key signed.
Result<tlog::Checkpoint> folder_checkpoint(const std::filesystem::path& folder,
                                           const tlog::Verifier& verifier);

/// Reads the files of a log in a folder.
tlog::TileSource folder_tiles(const std::filesystem::path& folder);

using EntryVisitor = std::function<Result<void>(std::uint64_t index, const tlog::Entry& entry)>;

/// Recomputes every hash of every file from the entries. kCorrupt names the file that does not fit.
Result<void> verify_whole_log(const tlog::TileSource& tiles, const tlog::Checkpoint& checkpoint,
                              const EntryVisitor& visit);

/// Entries first … last alone, each under the checkpoint's root; needs no other bundles.
Result<void> verify_range(const tlog::TileSource& tiles, const tlog::Checkpoint& checkpoint,
                          std::uint64_t first, std::uint64_t last, const EntryVisitor& visit);

}  // namespace reeve::client
