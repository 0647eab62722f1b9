#pragma once

#include <assimp/scene.h>

#include "client/scene/gltf_document.h"
#include "client/scene/node_motion.h"

namespace reeve::client {

/// Fills `scene.cameras`: the camera that the options name, else the file's first, else one that frames what
/// `scene` holds (its meshes and instances must be there). Refuses a name that no camera has.
Result<void> import_camera(const aiScene& source, const GltfDocument& document,
                           const std::vector<NodeMotion>& motions, const ImportOptions& options,
                           kernels::Scene& scene);

/// Fills `scene.environment` and adds a small glowing ball for each point light.
void import_lights(const aiScene& source, const GltfDocument& document,
                   const std::vector<NodeMotion>& motions, kernels::Scene& scene,
                   std::vector<std::string>& notes);

/// The 3 × 4 part of a matrix.
kernels::Transform to_transform(const aiMatrix4x4& m);

}  // namespace reeve::client
