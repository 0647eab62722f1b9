#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "client/image/image.h"
#include "client/tiles.h"
#include "protocol/result.h"

namespace reeve::demo {

namespace fs = std::filesystem;

/// A false result and where it belongs.
struct FalseResult {
  fs::path file;  ///< bytes of the tile, as its agent hashed them
  std::uint32_t tile = 0;
  std::uint64_t leaf = 0;  ///< the first that differs, inside the tile
};

/// Writes the frame as it would look with the false tile in it, and the surroundings of the leaf of both
/// frames, enlarged, with the leaf outlined: OUT/cheat.png, cheat_detail.png, true_detail.png. Returns the
/// leaf's place in the frame. Errors: a file that is not there or of the wrong size.
Result<client::PixelRect> write_evidence(const fs::path& true_frame, const FalseResult& wrong,
                                         const client::TileGrid& grid, const fs::path& out);

/// Writes all frames, shrunk, on one sheet.
Result<void> write_contact_sheet(const std::vector<fs::path>& frames, const fs::path& sheet);

}  // namespace reeve::demo
