#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// A PNG's samples as its file has them: rows from the top, width * pixel_bytes each, 16-bit samples
/// big-endian.
struct RawPicture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t pixel_bytes = 0;
  int bit_depth = 8;  // 8 or 16
  int colour_type = 2;
  std::uint32_t gamma = 0;  // of gAMA, times 100000; 0: the file says none
  std::vector<std::uint8_t> samples;
};

/// Reads a PNG without a change to its samples; metadata but gAMA is dropped. Errors: kIo; kCorrupt; kInvalid
/// for palettes and samples of less than 8 bits; kExhausted over kRawPictureSide a side.
Result<RawPicture> read_raw_png(const std::filesystem::path& path);
Result<void> write_raw_png(const std::filesystem::path& path, const RawPicture& picture);

inline constexpr std::uint32_t kRawPictureSide = 1U << 15;    // as kernels::kMaxImageSide
inline constexpr std::uint64_t kRawPicturePixels = 1U << 28;  // 2 GiB where a pixel has 8 bytes

}  // namespace reeve::client
