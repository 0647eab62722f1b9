#pragma once

#include <assimp/scene.h>

#include <filesystem>

#include "client/scene/gltf_document.h"
#include "client/scene/import_gltf.h"

namespace reeve::client {

/// Fills `scene.materials` (one for each of the file's, in order) and `scene.textures` (those in use, each
/// once).
Result<void> import_materials(const aiScene& source, const GltfDocument& document,
                              const std::filesystem::path& folder, const ImportOptions& options,
                              kernels::Scene& scene, std::vector<std::string>& notes);

}  // namespace reeve::client
