#pragma once

#include "kernels/render/intersect.h"
#include "kernels/render/traversal_stack.h"

/// What a traversal does at a node and at a leaf, a lane at a time: for devices and plain processors.
namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

REEVE_HD Vec3 lane_of(const float (&components)[3][kWidth], std::uint32_t lane) {
  return {F32(components[0][lane]), F32(components[1][lane]), F32(components[2][lane])};
}

/// A ray, and where in a node's planes it finds those that it meets first and last, by axis. Choosing them by
/// the inverse's sign gives the very values that min and max give, and absent children stay empty.
struct TraversalRay {
  Ray one;
  std::uint32_t near[3], far[3];

  REEVE_HD explicit TraversalRay(const Ray& ray) : one(ray) {
    const F32 components[3]{ray.inverse.x, ray.inverse.y, ray.inverse.z};
    for (std::uint32_t axis = 0; axis < 3; ++axis) {
      const bool negative = components[axis] < F32(0);
      const std::uint32_t low = axis * kWidth;
      near[axis] = negative ? low + kHighPlanes : low;
      far[axis] = negative ? low : low + kHighPlanes;
    }
  }
};

/// The children whose boxes the ray meets in 0..farthest, and where it enters each.
REEVE_HD std::uint32_t cross_children(const TreeNode& node, const TraversalRay& ray, F32 farthest,
                                      float* enter) {
  const F32 origin[3]{ray.one.origin.x, ray.one.origin.y, ray.one.origin.z};
  const F32 inverse[3]{ray.one.inverse.x, ray.one.inverse.y, ray.one.inverse.z};
  std::uint32_t met = 0;
  for (std::uint32_t lane = 0; lane < kWidth; ++lane) {
    F32 from(0);
    F32 to = farthest;
    for (int axis = 0; axis < 3; ++axis) {
      from = max((F32(node.planes[ray.near[axis] + lane]) - origin[axis]) * inverse[axis], from);
      to = min((F32(node.planes[ray.far[axis] + lane]) - origin[axis]) * inverse[axis], to);
    }
    enter[lane] = from.value;
    if (from <= to) met |= 1u << lane;
  }
  return met;
}

/// Goes on to the nearest child that the ray meets before `farthest` and leaves the others on the stack, the
/// nearest on top. False when it meets none.
REEVE_HD bool descend(const TreeNode& node, const TraversalRay& ray, F32 farthest, TraversalStack& stack,
                      std::int32_t& current) {
  float enter[kWidth];
  std::uint32_t met = cross_children(node, ray, farthest, enter);
  if (met == 0) return false;
  std::uint32_t lane = lowest_bit(met);
  current = node.child[lane];
  met &= met - 1;
  if (met == 0) return true;
  const std::uint32_t first = stack.size;
  stack.push(enter[lane], current);
  for (; met != 0; met &= met - 1) {
    lane = lowest_bit(met);
    stack.push_sorted(first, enter[lane], node.child[lane]);
  }
  current = stack.child[--stack.size];
  return true;
}

/// Leaves all children that the ray meets before `farthest` on the stack, in the node's order.
REEVE_HD void push_children(const TreeNode& node, const TraversalRay& ray, F32 farthest,
                            TraversalStack& stack) {
  float enter[kWidth];
  for (std::uint32_t met = cross_children(node, ray, farthest, enter); met != 0; met &= met - 1)
    stack.push(0.0f, node.child[lowest_bit(met)]);
}

/// The hit of one lane of a leaf, clamped; false where there is none.
REEVE_HD bool hit_lane(const TreeLeaf& leaf, std::uint32_t lane, const Ray& ray, F32& t, F32& u, F32& v) {
  const Vec3 corner = lane_of(leaf.corner, lane);
  const Vec3 edge1 = lane_of(leaf.edge1, lane);
  const Vec3 edge2 = lane_of(leaf.edge2, lane);
  return pass_triangle(ray, corner, edge1, edge2, t, u, v) && clamp_to_own_box(ray, corner, edge1, edge2, t);
}

REEVE_HD void nearest_in_leaf(const TreeLeaf& leaf, const TraversalRay& ray, Hit& hit) {
  for (std::uint32_t lane = 0; lane < leaf.count; ++lane) {
    F32 t, u, v;
    if (hit_lane(leaf, lane, ray.one, t, u, v)) keep_nearest(t, u, v, leaf.triangle[lane], hit);
  }
}

REEVE_HD bool leaf_blocks(const TreeLeaf& leaf, const TraversalRay& ray, F32 distance) {
  for (std::uint32_t left = leaf.blocks_light; left != 0; left &= left - 1) {
    F32 t, u, v;
    if (hit_lane(leaf, lowest_bit(left), ray.one, t, u, v) && t > F32(0) && t < distance) return true;
  }
  return false;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
