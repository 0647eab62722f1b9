#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/render/scene_format.h"
#include "protocol/result.h"

namespace reeve::client {

/// What of a glTF file's JSON assimp does not hand on.
struct GltfDocument {
  std::map<std::string, float> emissive_strengths;  ///< by material name: KHR_materials_emissive_strength
  std::map<std::string, float> vertical_fovs;       ///< radians, by the name of the camera's node
  std::optional<kernels::Environment> environment;  ///< the scene's extras.reeve_environment
  std::vector<std::string> notes;                   ///< what is in use and not supported
};

/// Reads the JSON of a .gltf or .glb file. Refuses what is no glTF 2.0, is larger than `max_file_bytes`,
/// names files that are not there, or requires an extension that the importer does not know.
Result<GltfDocument> read_gltf_document(const std::filesystem::path& path, std::uintmax_t max_file_bytes);

}  // namespace reeve::client
