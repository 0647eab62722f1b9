#pragma once

#include <cstdint>
#include <string>

#include "client/quantities.h"
#include "protocol/result.h"

namespace reeve::client {

/// What `reeve render` asks for, apart from the scene.
struct RenderRequest {
  std::string name;
  std::string frames = "1";  // an OpenJD range: "1-48", "1-100:5"
  PixelSize size{640, 360};
  PixelSize tiles{1, 1};
  std::uint32_t samples = 64;
  std::uint32_t max_depth = 8;
  std::uint32_t seed = 0;
};

/// The OpenJD template of a render, as YAML: one task for each frame and tile, the scene its only input.
/// kInvalid: tiles that do not fit the size.
Result<std::string> render_template(const RenderRequest& request);

/// Text as a double-quoted YAML (and JSON) string.
std::string yaml_quoted(const std::string& text);

}  // namespace reeve::client
