#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "client/quantities.h"
#include "protocol/result.h"

/// Jobs of renderers that agents have installed. Their templates are files of this folder, embedded.
namespace reeve::client {

enum class Renderer : std::uint8_t { kBlender, kPovray };

/// True for .blend and .pov files.
bool is_renderer_scene(const std::filesystem::path& path);

/// What a render asks for, apart from its files.
struct RendererRequest {
  Renderer renderer = Renderer::kBlender;
  std::string name;
  std::string scene;          // a path below the project
  std::string frames = "1";   // an OpenJD range
  bool preview = true;        // the first, the middle and the last frame come before the others
  std::uint32_t chunk = 1;    // frames of a task
  PixelSize size{0, 0};       // 0: Blender's as the scene has it, POV-Ray's 640x360
  std::uint32_t samples = 0;  // paths for each pixel; 0: Blender's as the scene has it, POV-Ray's 9
  std::string device = "any";
  PixelSize crops{1, 1};  // columns and rows that a frame is cut into
  /// Between which frames POV-Ray's clock goes from 0 to 1; empty: between the first and the last of
  /// `frames`.
  std::string clock_frames;
};

/// The OpenJD template, as YAML.
/// kInvalid: a range that is none; more crops than pixels; what the renderer does not know.
Result<std::string> renderer_template(const RendererRequest& request);

/// The OpenJD template of a job that makes a film of frames, as YAML.
std::string film_template(const std::string& name, double frames_per_second);

}  // namespace reeve::client
