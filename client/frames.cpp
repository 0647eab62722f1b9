#include "client/frames.h"

#include <cstdio>

#include "client/image/assemble.h"
#include "client/image/exr_file.h"
#include "client/image/png_file.h"
#include "client/image/tonemap.h"

namespace reeve::client {
namespace {

std::string numbered(const std::string& prefix, std::int64_t frame, const char* extension) {
  char number[32];
  std::snprintf(number, sizeof number, "_%04lld", static_cast<long long>(frame));
  return prefix + number + extension;
}

}  // namespace

std::filesystem::path FrameAssembler::picture_path(std::int64_t frame) const {
  return options_.folder / numbered(options_.prefix, frame, ".png");
}

Result<bool> FrameAssembler::add(const RenderTask& task, ByteView result) {
  auto [at, fresh] = open_.try_emplace(task.frame);
  Frame& frame = at->second;
  if (fresh) frame.image = LinearImage(task.grid.width(), task.grid.height());
  if (auto placed = place_tile(frame.image, task.grid.rect(task.tile), std::as_bytes(result)); !placed) {
    return Error{placed.error().code, "frame " + std::to_string(task.frame) + ": " + placed.error().message,
                 placed.error().hint};
  }
  frame.tiles.insert(task.tile);
  if (frame.tiles.size() < task.grid.count()) return false;
  auto written = write(task.frame, frame.image);
  open_.erase(at);
  if (!written) return written.error();
  return true;
}

Result<void> FrameAssembler::write(std::int64_t number, const LinearImage& image) const {
  if (auto png = write_png(picture_path(number), tonemap(image, options_.exposure_stops)); !png)
    return png.error();
  if (!options_.exr) return {};
  return write_exr(options_.folder / numbered(options_.prefix, number, ".exr"), image, ExrDepth::kHalf);
}

}  // namespace reeve::client
