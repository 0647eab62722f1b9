#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/render/page_vector.h"
#include "kernels/render/view.h"

namespace reeve::kernels {

enum class BvhBuilder {
  kBinnedSah,  ///< splits by surface area: the one to render with
  kHalving,    ///< halves by count along the longest axis: a second opinion for tests
};

struct BvhOptions {
  BvhBuilder builder = BvhBuilder::kBinnedSah;
  std::uint32_t leaf_triangles = kWidth;  ///< 1..kWidth
  unsigned threads = 1;                   ///< 1 at least; the caller is one of them
};

struct Bvh {
  PageVector<TreeNode> nodes;  ///< the first is the root
  PageVector<TreeLeaf> leaves;
};

/// A tree over world triangles. Its shape may depend on compiler and processor (never on threads): no output
/// does.
Bvh build_bvh(std::span<const TriangleView> triangles, std::span<const MaterialView> materials,
              const BvhOptions& options);

}  // namespace reeve::kernels
