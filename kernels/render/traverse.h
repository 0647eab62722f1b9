#pragma once

#include "kernels/render/intersect.h"

#if defined(__AVX2__) && defined(__FMA__) && !defined(__CUDACC__)
#define REEVE_WIDE_TRAVERSAL 1
#include "kernels/core/lanes.h"
#else
#define REEVE_WIDE_TRAVERSAL 0
#endif

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

REEVE_HD Vec3 lane_of(const float (&components)[3][kWidth], std::uint32_t lane) {
  return {F32(components[0][lane]), F32(components[1][lane]), F32(components[2][lane])};
}

/// What a leaf's lanes say of a ray: bit i is set where lane i passed the barycentric test.
struct alignas(32) LeafHits {
  float t[kWidth], u[kWidth], v[kWidth];
  std::uint32_t passed;
};

/// Where in a node's planes a ray finds those that it meets first and last, by axis. Choosing them by the
/// inverse's sign gives the very values that min and max give, and absent children stay empty.
struct PlaneOrder {
  std::uint32_t near[3], far[3];

  REEVE_HD explicit PlaneOrder(Vec3 inverse) {
    const F32 components[3]{inverse.x, inverse.y, inverse.z};
    for (std::uint32_t axis = 0; axis < 3; ++axis) {
      const bool negative = components[axis] < F32(0);
      const std::uint32_t low = axis * kWidth;
      near[axis] = negative ? low + kHighPlanes : low;
      far[axis] = negative ? low : low + kHighPlanes;
    }
  }
};

#if REEVE_WIDE_TRAVERSAL

/// A ray, and the same ray in every lane.
struct TraversalRay {
  Ray one;
  F32x8 origin[3], inverse[3], direction[3];
  PlaneOrder planes;

  REEVE_HD explicit TraversalRay(const Ray& ray)
      : one(ray),
        origin{splat8(ray.origin.x), splat8(ray.origin.y), splat8(ray.origin.z)},
        inverse{splat8(ray.inverse.x), splat8(ray.inverse.y), splat8(ray.inverse.z)},
        direction{splat8(ray.direction.x), splat8(ray.direction.y), splat8(ray.direction.z)},
        planes(ray.inverse) {}
};

/// The children whose boxes the ray meets in 0..farthest, and where it enters each.
REEVE_HD std::uint32_t cross_children(const TreeNode& node, const TraversalRay& ray, F32 farthest,
                                      float* enter) {
  F32x8 near[3], far[3];
  for (int axis = 0; axis < 3; ++axis) {
    near[axis] = (load8(node.planes + ray.planes.near[axis]) - ray.origin[axis]) * ray.inverse[axis];
    far[axis] = (load8(node.planes + ray.planes.far[axis]) - ray.origin[axis]) * ray.inverse[axis];
  }
  const F32x8 from = max(max(near[0], near[1]), max(near[2], splat8(F32(0))));
  const F32x8 to = min(min(far[0], far[1]), min(far[2], splat8(farthest)));
  store8(enter, from);
  return less_equal(from, to);
}

REEVE_HD F32x8 dot8(const F32x8 (&a)[3], const F32x8 (&b)[3]) {
  return fma(a[0], b[0], fma(a[1], b[1], a[2] * b[2]));
}

REEVE_HD void cross8(const F32x8 (&a)[3], const F32x8 (&b)[3], F32x8 (&out)[3]) {
  out[0] = fms(a[1], b[2], a[2] * b[1]);
  out[1] = fms(a[2], b[0], a[0] * b[2]);
  out[2] = fms(a[0], b[1], a[1] * b[0]);
}

/// hit_triangle without its last step, for eight triangles.
REEVE_HD void test_leaf(const TreeLeaf& leaf, const TraversalRay& ray, LeafHits& hits) {
  const F32x8 edge1[3]{load8(leaf.edge1[0]), load8(leaf.edge1[1]), load8(leaf.edge1[2])};
  const F32x8 edge2[3]{load8(leaf.edge2[0]), load8(leaf.edge2[1]), load8(leaf.edge2[2])};
  F32x8 p[3], q[3];
  cross8(ray.direction, edge2, p);
  const F32x8 determinant = dot8(edge1, p);
  const F32x8 inverse = splat8(F32(1)) / determinant;
  const F32x8 s[3]{ray.origin[0] - load8(leaf.corner[0]), ray.origin[1] - load8(leaf.corner[1]),
                   ray.origin[2] - load8(leaf.corner[2])};
  const F32x8 u = dot8(s, p) * inverse;
  cross8(s, edge1, q);
  const F32x8 v = dot8(ray.direction, q) * inverse;
  const F32x8 zero = splat8(F32(0));
  // A zero determinant makes u infinite or NaN, which the comparisons refuse.
  hits.passed = less_equal(zero, u) & less_equal(zero, v) & less_equal(u + v, splat8(F32(1)));
  if (hits.passed == 0) return;
  store8(hits.t, dot8(edge2, q) * inverse);
  store8(hits.u, u);
  store8(hits.v, v);
}

#else

struct TraversalRay {
  Ray one;
  PlaneOrder planes;

  REEVE_HD explicit TraversalRay(const Ray& ray) : one(ray), planes(ray.inverse) {}
};

/// As above, a lane at a time.
REEVE_HD std::uint32_t cross_children(const TreeNode& node, const TraversalRay& ray, F32 farthest,
                                      float* enter) {
  const F32 origin[3]{ray.one.origin.x, ray.one.origin.y, ray.one.origin.z};
  const F32 inverse[3]{ray.one.inverse.x, ray.one.inverse.y, ray.one.inverse.z};
  std::uint32_t met = 0;
  for (std::uint32_t lane = 0; lane < kWidth; ++lane) {
    F32 from(0);
    F32 to = farthest;
    for (int axis = 0; axis < 3; ++axis) {
      from = max((F32(node.planes[ray.planes.near[axis] + lane]) - origin[axis]) * inverse[axis], from);
      to = min((F32(node.planes[ray.planes.far[axis] + lane]) - origin[axis]) * inverse[axis], to);
    }
    enter[lane] = from.value;
    if (from <= to) met |= 1u << lane;
  }
  return met;
}

REEVE_HD void test_leaf(const TreeLeaf& leaf, const TraversalRay& ray, LeafHits& hits) {
  hits.passed = 0;
  for (std::uint32_t lane = 0; lane < leaf.count; ++lane) {
    F32 t, u, v;
    if (!pass_triangle(ray.one, lane_of(leaf.corner, lane), lane_of(leaf.edge1, lane),
                       lane_of(leaf.edge2, lane), t, u, v)) {
      continue;
    }
    hits.t[lane] = t.value;
    hits.u[lane] = u.value;
    hits.v[lane] = v.value;
    hits.passed |= 1u << lane;
  }
}

#endif

REEVE_HD std::uint32_t lowest_bit(std::uint32_t mask) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint32_t>(__ffs(static_cast<int>(mask)) - 1);
#else
  return static_cast<std::uint32_t>(__builtin_ctz(mask));
#endif
}

/// Nodes and leaves yet to visit, each with the t at which the ray enters it.
struct TraversalStack {
  float enter[kTraversalStack];
  std::int32_t child[kTraversalStack];
  std::uint32_t size = 0;

  REEVE_HD void push(float t, std::int32_t c) {
    enter[size] = t;
    child[size] = c;
    ++size;
  }
  /// Inserts among the entries from `first` on, which stay sorted: the nearest is on top.
  REEVE_HD void push_sorted(std::uint32_t first, float t, std::int32_t c) {
    std::uint32_t at = size++;
    for (; at > first && enter[at - 1] < t; --at) {
      enter[at] = enter[at - 1];
      child[at] = child[at - 1];
    }
    enter[at] = t;
    child[at] = c;
  }
};

/// Goes on to the nearest child that the ray meets and leaves the others on the stack, the nearest on top.
/// False when it meets none.
REEVE_HD bool descend(const TreeNode& node, const TraversalRay& ray, F32 farthest, TraversalStack& stack,
                      std::int32_t& current) {
  alignas(32) float enter[kWidth];
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

REEVE_HD void nearest_in_leaf(const TreeLeaf& leaf, const TraversalRay& ray, Hit& hit) {
  LeafHits hits;
  test_leaf(leaf, ray, hits);
  for (std::uint32_t left = hits.passed; left != 0; left &= left - 1) {
    const std::uint32_t lane = lowest_bit(left);
    F32 t(hits.t[lane]);
    if (!clamp_to_own_box(ray.one, lane_of(leaf.corner, lane), lane_of(leaf.edge1, lane),
                          lane_of(leaf.edge2, lane), t)) {
      continue;
    }
    keep_nearest(t, F32(hits.u[lane]), F32(hits.v[lane]), leaf.triangle[lane], hit);
  }
}

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

REEVE_HD bool leaf_blocks(const TreeLeaf& leaf, const TraversalRay& ray, F32 distance) {
  LeafHits hits;
  test_leaf(leaf, ray, hits);
  for (std::uint32_t left = hits.passed & leaf.blocks_light; left != 0; left &= left - 1) {
    const std::uint32_t lane = lowest_bit(left);
    F32 t(hits.t[lane]);
    if (clamp_to_own_box(ray.one, lane_of(leaf.corner, lane), lane_of(leaf.edge1, lane),
                         lane_of(leaf.edge2, lane), t) &&
        t > F32(0) && t < distance) {
      return true;
    }
  }
  return false;
}

/// Whether any triangle but glass is hit at 0 < t < distance. Each triangle decides alone, so the order of
/// traversal, here the cheapest, does not matter.
REEVE_HD_CALL bool is_blocked(const SceneView& scene, const Ray& one, F32 distance) {
  const TraversalRay ray(one);
  TraversalStack stack;
  stack.push(0.0f, 0);
  while (stack.size != 0) {
    const std::int32_t child = stack.child[--stack.size];
    if (child < 0) {
      if (leaf_blocks(scene.leaves[~child], ray, distance)) return true;
      continue;
    }
    const TreeNode& node = scene.nodes[child];
    alignas(32) float enter[kWidth];
    for (std::uint32_t met = cross_children(node, ray, distance, enter); met != 0; met &= met - 1) {
      stack.push(0.0f, node.child[lowest_bit(met)]);
    }
  }
  return false;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
