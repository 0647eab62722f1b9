#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tlog/tree.h"

/// The files of a transparent log, as C2SP tlog-tiles has them: 256 hashes or entries each, named by level
/// and number; those at the right edge are partial and named by their width too.
namespace reeve::tlog {

inline constexpr unsigned kTileWidth = 256;
inline constexpr std::size_t kHashBytes = 32;
/// One entry: its length is a u16.
inline constexpr std::size_t kEntryBytes = 65535;
/// A full bundle of the largest entries.
inline constexpr std::size_t kBundleBytes = kTileWidth * (kEntryBytes + 2);

/// One file of a log.
///   entries  a bundle of entries; else hashes of level `level`: leaves at 0, roots of full tiles of the
///   level
///            below above it
///   width    1 to 256; 256 is a full tile
struct TileName {
  bool entries = false;
  unsigned level = 0;
  std::uint64_t number = 0;
  unsigned width = kTileWidth;
  bool operator==(const TileName&) const = default;
};

/// "tile/0/x001/x234/067.p/8", "tile/entries/000".
std::string tile_path(const TileName& tile);
/// Nothing for any text that tile_path() does not give.
std::optional<TileName> parse_tile_path(std::string_view path);

/// How many hashes level `level` has in a tree of `size` leaves.
std::uint64_t hashes_at(unsigned level, std::uint64_t size);
/// Visits the name of every file of a tree of `size` leaves: per level the full ones, then the partial one;
/// then the bundles. Stops where `visit` fails.
Result<void> for_each_tile(std::uint64_t size, const std::function<Result<void>(const TileName&)>& visit);

/// Where tiles come from: `width` hashes of 32 bytes. What is shorter or longer is refused by the reader.
using TileSource = std::function<Result<Bytes>(const TileName&)>;
/// Subtrees of a tree of `size` leaves out of its tiles; a few tiles are kept. kCorrupt: a tile of the wrong
/// length.
SubtreeReader read_tiles(TileSource source, std::uint64_t size);

/// Appends an entry to a bundle's bytes: its length as a big-endian u16, then it. At most kEntryBytes.
void append_entry(Bytes& bundle, ByteView entry);
/// The entries of a bundle that must hold `count`. Nothing where the bytes are not exactly those.
std::optional<std::vector<ByteView>> split_bundle(ByteView bundle, unsigned count);

}  // namespace reeve::tlog
