#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/result.h"

/// What an OpenEXR file says of itself, read by our own code before the library sees it: the library (3.1.5)
/// allocates by what the header claims and leaves the pixels of short blocks as they were in memory.
/// Source: openexr.com, "OpenEXR File Layout".
namespace reeve::agent::compare {

struct ExrChannel {
  std::string name;
  std::int32_t type = 0;  // 0 uint, 1 half, 2 float
};

struct ExrLayout {
  std::int32_t data[4] = {};   // min x, min y, max x, max y
  std::int32_t shown[4] = {};  // the display window
  std::uint8_t compression = 0;
  std::vector<ExrChannel> channels;  // ascending by name
  bool tiled = false;
  std::uint32_t tile_width = 0;
  std::uint32_t tile_height = 0;
  std::size_t table_begin = 0;  // of the table of the blocks' places

  std::uint64_t width() const { return static_cast<std::uint64_t>(std::int64_t{data[2]} - data[0] + 1); }
  std::uint64_t height() const { return static_cast<std::uint64_t>(std::int64_t{data[3]} - data[1] + 1); }
  std::uint64_t pixel_bytes() const;
  /// True where only decoding shows whether a block has all its bytes, and the library does not look (DWAA,
  /// DWAB).
  bool may_show_memory() const { return compression >= 8; }
};

/// Reads and bounds the header. Errors: kCorrupt; kExhausted for what is not decoded here.
Result<ExrLayout> read_exr_layout(ByteView file);

/// Holds every block against the table, the file's end and the pixels it must have: each is there once, in
/// its place, and decompresses to exactly its size as far as that shows without decoding (stored, RLE, ZIP,
/// ZIPS and PXR24 blocks). Errors: kCorrupt.
Result<void> check_exr_blocks(ByteView file, const ExrLayout& layout);

}  // namespace reeve::agent::compare
