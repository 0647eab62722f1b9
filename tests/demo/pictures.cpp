#include "tests/demo/pictures.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>

#include "client/image/assemble.h"
#include "client/image/draw.h"
#include "client/image/png_file.h"
#include "client/image/tonemap.h"

namespace reeve::demo {
namespace {

using client::DisplayImage;
using client::LinearImage;
using client::PixelRect;

constexpr std::uint32_t kDetailWidth = 48;  // pixels of the frame that a detail shows
constexpr std::uint32_t kDetailHeight = 27;
constexpr std::uint32_t kDetailScale = 10;
constexpr client::DisplayColour kMark{230, 40, 40};
constexpr std::uint32_t kSheetColumns = 6;
constexpr std::uint32_t kSheetCellPixels = 240;
constexpr std::uint32_t kSheetGapPixels = 6;

Result<std::vector<std::byte>> read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{ErrorCode::kNotFound, "cannot read " + path.string(), "run the demo again"};
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return std::vector<std::byte>(first, first + text.size());
}

void copy_area(DisplayImage& to, const DisplayImage& from, const PixelRect& area) {
  for (std::uint32_t y = area.y; y < area.y + area.height; ++y) {
    const std::size_t at = (std::size_t{y} * from.width + area.x) * 3;
    std::copy_n(from.rgb.begin() + static_cast<std::ptrdiff_t>(at), std::size_t{area.width} * 3,
                to.rgb.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

/// Of the detail's size around `leaf`, moved to lie inside the frame.
PixelRect surroundings(const PixelRect& leaf, const DisplayImage& frame) {
  const std::uint32_t width = std::min(kDetailWidth, frame.width);
  const std::uint32_t height = std::min(kDetailHeight, frame.height);
  const auto start = [](std::uint32_t middle, std::uint32_t side, std::uint32_t whole) {
    return std::min(middle > side / 2 ? middle - side / 2 : 0, whole - side);
  };
  return {start(leaf.x + leaf.width / 2, width, frame.width),
          start(leaf.y + leaf.height / 2, height, frame.height), width, height};
}

Result<void> write_detail(const DisplayImage& frame, const PixelRect& leaf, const fs::path& path) {
  const PixelRect around = surroundings(leaf, frame);
  DisplayImage detail = client::enlarge(frame, around, kDetailScale);
  client::outline(detail,
                  {(leaf.x - around.x) * kDetailScale, (leaf.y - around.y) * kDetailScale,
                   leaf.width * kDetailScale, leaf.height * kDetailScale},
                  kMark, 3);
  return client::write_png(path, detail);
}

}  // namespace

Result<PixelRect> write_evidence(const fs::path& true_frame, const FalseResult& wrong,
                                 const client::TileGrid& grid, const fs::path& out) {
  const auto truth = client::read_png(true_frame);
  if (!truth) return truth.error();
  const auto bytes = read_bytes(wrong.file);
  if (!bytes) return bytes.error();
  const PixelRect tile = grid.rect(wrong.tile);
  LinearImage linear(grid.width(), grid.height());
  if (const auto placed = client::place_tile(linear, tile, *bytes); !placed) return placed.error();
  if (truth->width != grid.width() || truth->height != grid.height() ||
      wrong.leaf >= bytes->size() / client::kLeafBytes)
    return Error{ErrorCode::kInvalid, "the conviction is of no pixel of " + true_frame.string(),
                 "give the size and tiles that the job had"};
  DisplayImage cheat = *truth;
  copy_area(cheat, client::tonemap(linear), tile);
  const PixelRect leaf = client::leaf_rect(tile, wrong.leaf);
  if (const auto done = client::write_png(out / "cheat.png", cheat); !done) return done.error();
  if (const auto done = write_detail(cheat, leaf, out / "cheat_detail.png"); !done) return done.error();
  if (const auto done = write_detail(*truth, leaf, out / "true_detail.png"); !done) return done.error();
  return leaf;
}

Result<void> write_contact_sheet(const std::vector<fs::path>& frames, const fs::path& sheet) {
  std::vector<DisplayImage> small;
  for (const fs::path& path : frames) {
    auto frame = client::read_png(path);
    if (!frame) return frame.error();
    small.push_back(client::shrink(*frame, kSheetCellPixels));
  }
  const auto all = client::contact_sheet(small, kSheetColumns, kSheetGapPixels);
  if (!all) return all.error();
  return client::write_png(sheet, *all);
}

}  // namespace reeve::demo
