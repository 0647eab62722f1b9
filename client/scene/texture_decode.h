#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/render/scene_format.h"
#include "protocol/result.h"

namespace reeve::client {

/// Decodes a PNG or JPEG in memory to 8-bit sRGB RGBA. Refuses other formats, broken data, and sides over
/// `max_side_pixels`; `name` stands in the message.
Result<kernels::Texture> decode_texture(std::span<const std::byte> bytes, const std::string& name,
                                        std::uint32_t max_side_pixels);

}  // namespace reeve::client
