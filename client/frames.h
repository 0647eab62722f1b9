#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>

#include "client/image/image.h"
#include "client/kernels_table.h"
#include "protocol/result.h"

namespace reeve::client {

/// Puts the tiles of frames together and writes each frame once it is whole. Frames in the making are held in
/// memory: tasks count through a frame's tiles first, so there are few.
class FrameAssembler {
 public:
  struct Options {
    std::filesystem::path folder;
    std::string prefix = "frame";
    float exposure_stops = 0;
    bool exr = false;
  };
  explicit FrameAssembler(Options options) : options_(std::move(options)) {}

  /// Takes one tile's result. True when its frame is complete now, and written.
  Result<bool> add(const RenderTask& task, ByteView result);

  /// `frame_0001.png`
  std::filesystem::path picture_path(std::int64_t frame) const;

 private:
  struct Frame {
    LinearImage image;
    std::set<std::uint32_t> tiles;  // those that are in place
  };
  Result<void> write(std::int64_t number, const LinearImage& image) const;

  Options options_;
  std::map<std::int64_t, Frame> open_;
};

}  // namespace reeve::client
