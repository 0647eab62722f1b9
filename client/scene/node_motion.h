#pragma once

#include <assimp/scene.h>

#include <vector>

#include "client/scene/import_gltf.h"

namespace reeve::client {

/// A node's place in the world: one matrix where it rests, one for each frame where it moves.
struct NodeMotion {
  const aiNode* node = nullptr;
  std::vector<aiMatrix4x4> world;

  const aiMatrix4x4& at(std::size_t frame) const { return world[world.size() == 1 ? 0 : frame]; }
};

/// Walks the node tree, parents first, in the file's order, and samples the animations at each frame. Where
/// several animations move a node, the file's first one does. Refuses trees deeper than 1,000 nodes and more
/// than 2²² matrices in all.
Result<std::vector<NodeMotion>> sample_nodes(const aiScene& scene, const ImportOptions& options);

}  // namespace reeve::client
