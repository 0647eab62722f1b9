#pragma once

#if defined(__AVX2__) && defined(__FMA__) && !defined(__CUDACC__)
#include "kernels/render/traverse_wide.h"
#else
#include "kernels/render/traverse_scalar.h"
#endif

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// The hit with the smallest (t, triangle) where t > 0; triangle is kNone where there is none.
REEVE_HD_CALL Hit nearest_hit(const SceneView& scene, const Ray& one) {
  const TraversalRay ray(one);
  Hit hit = no_hit();
  TraversalStack stack;
  std::int32_t current = 0;
  for (;;) {
    if (current < 0) {
      nearest_in_leaf(scene.leaves[~current], ray, hit);
    } else if (descend(scene.nodes[current], ray, hit.t, stack, current)) {
      continue;
    }
    do {
      if (stack.size == 0) return hit;
      --stack.size;
    } while (stack.enter[stack.size] > hit.t.value);
    current = stack.child[stack.size];
  }
}

/// Whether any triangle but glass is hit at 0 < t < distance. Each triangle decides alone, so the order of
/// traversal, here the cheapest, does not matter.
REEVE_HD_CALL bool is_blocked(const SceneView& scene, const Ray& one, F32 distance) {
  const TraversalRay ray(one);
  TraversalStack stack;
  stack.push(0.0f, 0);
  while (stack.size != 0) {
    const std::int32_t child = stack.child[--stack.size];
    if (child >= 0) {
      push_children(scene.nodes[child], ray, distance, stack);
    } else if (leaf_blocks(scene.leaves[~child], ray, distance)) {
      return true;
    }
  }
  return false;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
