#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "client/image/image.h"
#include "protocol/result.h"

namespace reeve::client {

/// Writes an 8-bit sRGB PNG. Source: ISO/IEC 15948.
Result<void> write_png(const std::filesystem::path& path, const DisplayImage& image);

/// Reads any PNG as 8-bit sRGB without its alpha; refuses sides over `max_side_pixels`.
Result<DisplayImage> read_png(const std::filesystem::path& path, std::uint32_t max_side_pixels = 1U << 14);

}  // namespace reeve::client
