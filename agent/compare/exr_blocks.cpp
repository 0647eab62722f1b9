#include <zlib.h>

#include <algorithm>
#include <array>

#include "agent/compare/bounds.h"
#include "agent/compare/exr_layout.h"
#include "agent/compare/picture.h"

namespace reeve::agent::compare {
namespace {

enum Compression : std::uint8_t { kStored, kRle, kZips, kZip, kPiz, kPxr24, kB44, kB44a, kDwaa, kDwab };

/// Lines of a block, by compression.
constexpr std::array<std::uint32_t, 10> kBlockLines = {1, 1, 1, 16, 32, 16, 32, 32, 32, 256};

std::uint64_t little_endian(ByteView file, std::uint64_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= std::uint64_t{file[static_cast<std::size_t>(at) + i]} << (8 * i);
  return value;
}

/// True where `packed` inflates to exactly `size` bytes.
bool inflates_to(ByteView packed, std::uint64_t size) {
  std::array<Bytef, 64U << 10> scratch{};
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return false;
  stream.next_in = const_cast<Bytef*>(packed.data());  // zlib only reads it
  stream.avail_in = static_cast<uInt>(packed.size());
  std::uint64_t made = 0;
  int state = Z_OK;
  while (state == Z_OK && made <= size) {
    stream.next_out = scratch.data();
    stream.avail_out = static_cast<uInt>(scratch.size());
    state = inflate(&stream, Z_NO_FLUSH);
    made += scratch.size() - stream.avail_out;
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END && made == size;
}

/// True where the runs of `packed` give exactly `size` bytes: a count below 0 is followed by that many bytes,
/// another by one byte that is there one time more than it says.
bool runs_give(ByteView packed, std::uint64_t size) {
  std::uint64_t made = 0;
  std::size_t at = 0;
  while (at < packed.size()) {
    const int count = static_cast<std::int8_t>(packed[at]);
    const std::size_t follow = count < 0 ? static_cast<std::size_t>(-count) : 1;
    if (follow > packed.size() - at - 1) return false;
    made += count < 0 ? follow : static_cast<std::uint64_t>(count) + 1;
    at += 1 + follow;
  }
  return made == size;
}

/// What zlib holds for a pixel: PXR24 keeps 24 bits of a float.
std::uint64_t deflated_pixel_bytes(const ExrLayout& layout) {
  std::uint64_t bytes = layout.pixel_bytes();
  if (layout.compression == kPxr24)
    for (const ExrChannel& channel : layout.channels)
      bytes -= channel.type == 2 ? 1 : 0;
  return bytes;
}

/// A block of this many pixels in `data`. Those that say too little for a look from outside are left to the
/// library, which refuses them where they run out (PIZ, B44), or is watched (ExrLayout::may_show_memory).
bool holds_pixels(ByteView data, std::uint64_t pixels, const ExrLayout& layout) {
  const std::uint64_t whole = pixels * layout.pixel_bytes();
  if (data.empty() || data.size() > whole) return false;
  if (data.size() == whole) return true;  // stored as it is, whatever the compression
  switch (layout.compression) {
    case kStored: return false;
    case kRle: return runs_give(data, whole);
    case kZips:
    case kZip:
    case kPxr24: return inflates_to(data, pixels * deflated_pixel_bytes(layout));
    default: return true;
  }
}

struct Grid {
  std::uint32_t block_width = 0, block_height = 0;
  std::uint32_t across = 0, down = 0;
};

Grid grid_of(const ExrLayout& layout) {
  const auto width = static_cast<std::uint32_t>(layout.width());
  const auto height = static_cast<std::uint32_t>(layout.height());
  Grid grid;
  grid.block_width = layout.tiled ? layout.tile_width : width;
  grid.block_height = layout.tiled ? layout.tile_height : kBlockLines[layout.compression];
  grid.across = (width - 1) / grid.block_width + 1;
  grid.down = (height - 1) / grid.block_height + 1;
  return grid;
}

/// The block in column `x` and row `y` of the grid, which the table says stands at `place`.
Result<void> check_block(ByteView file, const ExrLayout& layout, const Grid& grid, std::uint32_t x,
                         std::uint32_t y, std::uint64_t place) {
  const Error wrong = damaged("OpenEXR: block " + std::to_string(x) + ", " + std::to_string(y) +
                              " is cut short or misplaced");
  const std::uint64_t head = layout.tiled ? 20 : 8;
  if (place > file.size() || file.size() - place < head) return wrong;
  const auto word = [&](std::uint64_t index) {
    return static_cast<std::int32_t>(little_endian(file, place + 4 * index, 4));
  };
  const std::int64_t first_line = layout.data[1] + std::int64_t{y} * grid.block_height;
  const bool named = layout.tiled
                         ? word(0) == static_cast<std::int32_t>(x) &&
                               word(1) == static_cast<std::int32_t>(y) && word(2) == 0 && word(3) == 0
                         : word(0) == first_line;
  const std::int32_t size = word(head / 4 - 1);
  if (!named || size < 0 || static_cast<std::uint64_t>(size) > file.size() - place - head) return wrong;
  const std::uint64_t columns =
      std::min<std::uint64_t>(grid.block_width, layout.width() - std::uint64_t{x} * grid.block_width);
  const std::uint64_t lines =
      std::min<std::uint64_t>(grid.block_height, layout.height() - std::uint64_t{y} * grid.block_height);
  const ByteView data = file.subspan(static_cast<std::size_t>(place + head), static_cast<std::size_t>(size));
  if (!holds_pixels(data, columns * lines, layout)) return wrong;
  return {};
}

}  // namespace

Result<void> check_exr_blocks(ByteView file, const ExrLayout& layout) {
  const Grid grid = grid_of(layout);
  if (std::uint64_t{grid.block_width} * grid.block_height * layout.pixel_bytes() > kExrBlockBytes)
    return beyond("OpenEXR: blocks of more than " + std::to_string(kExrBlockBytes >> 20) + " MiB");
  const std::uint64_t blocks = std::uint64_t{grid.across} * grid.down;
  const std::uint64_t table_end = layout.table_begin + 8 * blocks;
  if (table_end > file.size()) return damaged("OpenEXR: its table of blocks is cut short");
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t place = little_endian(file, layout.table_begin + 8 * i, 8);
    if (place < table_end) return damaged("OpenEXR: a block inside of the header");
    const auto x = static_cast<std::uint32_t>(i % grid.across);
    const auto y = static_cast<std::uint32_t>(i / grid.across);
    if (auto fits = check_block(file, layout, grid, x, y, place); !fits) return fits;
    const std::uint64_t head = layout.tiled ? 20 : 8;
    taken += head + little_endian(file, place + head - 4, 4);
  }
  // Blocks name themselves, so none is there twice: what they take is the file, or something hides in it.
  if (table_end + taken != file.size()) return beyond("OpenEXR: there are bytes outside of its blocks");
  return {};
}

}  // namespace reeve::agent::compare
