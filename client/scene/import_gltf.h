#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "kernels/render/scene_format.h"
#include "protocol/result.h"

namespace reeve::client {

/// Which frames of which view of the file become a scene.
struct ImportOptions {
  std::uint32_t first_frame = 1;  ///< frame 1 shows the animation's time 0
  std::uint32_t last_frame = 1;
  double frames_per_second = 24;
  std::string camera{};  ///< by name; empty: the file's first, or one that frames the whole scene
  std::uintmax_t max_file_bytes = std::uintmax_t{1} << 30;  ///< the file, and the buffers that it names, each
  std::uint32_t max_texture_side_pixels = 8192;
  std::uint64_t max_texture_bytes = std::uint64_t{512} << 20;  ///< all textures, decoded
};

/// Reads glTF 2.0 (.gltf or .glb) and prepares the scene that the render kernel reads. Equal files and
/// options give equal scenes, and the scene passes kernels::check_scene.
///
/// Taken over: meshes, node hierarchy and its animation (sampled per frame), perspective cameras,
/// metallic-roughness materials with base colour and emission textures (PNG, JPEG),
/// KHR_materials_transmission, _ior, _emissive_strength, _unlit, and directional and point lights of
/// KHR_lights_punctual. A scene's `extras.reeve_environment` sets the sky (docs of Environment in
/// kernels/render/scene_format.h); without it, a file without lights is shown under a mild sky.
///
/// notes  where given, receives a sentence for each thing in the file that was left out or approximated
/// Errors name the file, what is wrong with it and a remedy.
Result<kernels::Scene> import_gltf(const std::filesystem::path& path, const ImportOptions& options,
                                   std::vector<std::string>* notes = nullptr);

}  // namespace reeve::client
