#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/image/image.h"
#include "protocol/result.h"

namespace reeve::client {

/// Which part of which frame a file is, as its name says: `frame_0001.crop_106x90+0+90_of_320x180.png`.
struct CropName {
  std::string frame;  // "frame_0001.png"
  PixelRect rect;
  std::uint32_t width = 0;  // of the frame
  std::uint32_t height = 0;
};

/// Nothing for any other name, or a part that lies outside of its frame.
std::optional<CropName> parse_crop_name(const std::string& file_name);

/// Puts the parts of frames together as their files come. A part's picture shows the part alone, or the whole
/// frame of which the part alone counts. Samples stay as they are.
class CropJoiner {
 public:
  /// Takes one file, of whatever name. True when its frame is complete now: written beside the parts, which
  /// are gone. Errors: kCorrupt for parts that overlap, or are of unlike kinds; those of read_raw_png() and
  /// write_raw_png().
  Result<bool> add(const std::filesystem::path& file);

 private:
  struct Part {
    std::filesystem::path file;
    CropName name;
  };
  struct Frame {
    std::vector<Part> parts;
    std::uint64_t pixels = 0;
  };
  static Result<void> join(const std::filesystem::path& path, const std::vector<Part>& parts);

  std::map<std::filesystem::path, Frame> open_;
};

}  // namespace reeve::client
