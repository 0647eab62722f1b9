#pragma once

#include <filesystem>

#include "client/image/image.h"
#include "protocol/result.h"

namespace reeve::client {

enum class ExrDepth {
  kHalf,   ///< 16 bits a part: what compositing asks for
  kFloat,  ///< 32 bits a part: the kernel's own bits
};

/// Writes linear radiance as OpenEXR, channels R, G and B, ZIP compressed.
Result<void> write_exr(const std::filesystem::path& path, const LinearImage& image, ExrDepth depth);

/// Reads the channels R, G and B of an OpenEXR file; refuses one without them or with sides over 2¹⁴ pixels.
Result<LinearImage> read_exr(const std::filesystem::path& path);

}  // namespace reeve::client
