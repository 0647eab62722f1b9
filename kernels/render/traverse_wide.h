#pragma once

#include "kernels/core/lanes.h"
#include "kernels/render/intersect.h"
#include "kernels/render/traversal_stack.h"

/// What a traversal does at a node and at a leaf, eight lanes at once. Tests that only decide what to look at
/// next are cheaper than the contract's and err on the side of looking; what counts is computed as
/// intersect.h says, to the bit.
namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

struct Vec3x8 {
  F32x8 x, y, z;
};

REEVE_HD Vec3x8 load_vec3x8(const float (&components)[3][kWidth]) {
  return {load8(components[0]), load8(components[1]), load8(components[2])};
}
REEVE_HD Vec3x8 splat_vec3x8(Vec3 a) {
  return {splat8(a.x), splat8(a.y), splat8(a.z)};
}
REEVE_HD Vec3x8 operator+(Vec3x8 a, Vec3x8 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
REEVE_HD Vec3x8 operator-(Vec3x8 a, Vec3x8 b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
REEVE_HD Vec3x8 operator*(Vec3x8 a, Vec3x8 b) {
  return {a.x * b.x, a.y * b.y, a.z * b.z};
}
REEVE_HD Vec3x8 min(Vec3x8 a, Vec3x8 b) {
  return {min(a.x, b.x), min(a.y, b.y), min(a.z, b.z)};
}
REEVE_HD Vec3x8 max(Vec3x8 a, Vec3x8 b) {
  return {max(a.x, b.x), max(a.y, b.y), max(a.z, b.z)};
}
REEVE_HD F32x8 dot(Vec3x8 a, Vec3x8 b) {
  return fma(a.x, b.x, fma(a.y, b.y, a.z * b.z));
}
REEVE_HD Vec3x8 cross(Vec3x8 a, Vec3x8 b) {
  return {fms(a.y, b.z, a.z * b.y), fms(a.z, b.x, a.x * b.z), fms(a.x, b.y, a.y * b.x)};
}
REEVE_HD F32x8 max_magnitude(Vec3x8 a) {
  return max(max(abs(a.x), abs(a.y)), abs(a.z));
}

/// How a ray meets one axis's planes: t = plane · inverse - offset, rounded once. The contract's t of a plane
/// is c = (plane - origin) · inverse, rounded twice: within 2^-22 of the true one. Here the nearer plane's t
/// is at most max(c, 0), and the farther one's at least c where c > 0: the inverses lean by 2^-21 and the
/// offsets by 2^-22 of themselves to that side, and by what denormals may lose. So a box that the contract's
/// ray meets at t > 0 is met.
struct Slab {
  F32x8 near_inverse, near_offset, far_inverse, far_offset;
  std::uint32_t near, far;  ///< where in a node's planes those begin that the ray meets first, and last

  REEVE_HD Slab(F32 origin, F32 inverse, std::uint32_t axis) {
    const F32 near_lean = inverse * F32(1 - 0x1p-21f);
    const F32 far_lean = inverse * F32(1 + 0x1p-21f);
    const F32 near_product = origin * near_lean;
    const F32 far_product = origin * far_lean;
    near_inverse = splat8(near_lean);
    far_inverse = splat8(far_lean);
    near_offset = splat8(near_product + fma(abs(near_product), F32(0x1p-22f), F32(1e-36f)));
    far_offset = splat8(far_product - fma(abs(far_product), F32(0x1p-22f), F32(1e-36f)));
    const bool negative = inverse < F32(0);
    near = axis * kWidth + (negative ? kHighPlanes : 0);
    far = axis * kWidth + (negative ? 0 : kHighPlanes);
  }
  REEVE_HD F32x8 enter(const TreeNode& node) const {
    return fms(load8(node.planes + near), near_inverse, near_offset);
  }
  REEVE_HD F32x8 leave(const TreeNode& node) const {
    return fms(load8(node.planes + far), far_inverse, far_offset);
  }
};

/// A ray, and the same ray in every lane.
struct TraversalRay {
  Ray one;
  Vec3x8 origin, direction;
  Slab x, y, z;

  REEVE_HD explicit TraversalRay(const Ray& ray)
      : one(ray),
        origin(splat_vec3x8(ray.origin)),
        direction(splat_vec3x8(ray.direction)),
        x(ray.origin.x, ray.inverse.x, 0),
        y(ray.origin.y, ray.inverse.y, 1),
        z(ray.origin.z, ray.inverse.z, 2) {}
};

/// Which children the ray may meet in 0..farthest, and a t at or before the one at which it enters each.
struct Crossing {
  F32x8 enter;
  Mask8 met;
};

REEVE_HD Crossing cross_children(const TreeNode& node, const TraversalRay& ray, F32 farthest) {
  const F32x8 from = max(max(ray.x.enter(node), ray.y.enter(node)), max(ray.z.enter(node), splat8(F32(0))));
  const F32x8 to = min(min(ray.x.leave(node), ray.y.leave(node)), min(ray.z.leave(node), splat8(farthest)));
  return {from, from <= to};
}

/// Goes on to the nearest child that the ray meets before `farthest` and leaves the others on the stack, the
/// nearest on top. False when it meets none.
REEVE_HD bool descend(const TreeNode& node, const TraversalRay& ray, F32 farthest, TraversalStack& stack,
                      std::int32_t& current) {
  const Crossing crossing = cross_children(node, ray, farthest);
  const std::uint32_t met = bits_of(crossing.met);
  if (met == 0) return false;
  if ((met & (met - 1)) == 0) {
    current = node.child[lowest_bit(met)];
    return true;
  }
  // Keys sort as their t, which is not negative; their lowest bits say the lane. Those not met go behind all
  // others.
  const I32x8 keys = sort_descending(lane_keys(crossing.enter, crossing.met));
  store_unaligned8(stack.enter + stack.size, key_values(keys));
  store_unaligned8(stack.child + stack.size, permute8(load8(node.child), keys));
  stack.size += static_cast<std::uint32_t>(__builtin_popcount(met)) - 1;
  current = stack.child[stack.size];
  return true;
}

/// Leaves all children that the ray meets before `farthest` on the stack, in the node's order.
REEVE_HD void push_children(const TreeNode& node, const TraversalRay& ray, F32 farthest,
                            TraversalStack& stack) {
  const std::uint32_t met = bits_of(cross_children(node, ray, farthest).met);
  store_unaligned8(stack.child + stack.size, compress8(load8(node.child), met));
  stack.size += static_cast<std::uint32_t>(__builtin_popcount(met));
}

/// What a leaf's lanes say of a ray: bit i is set where lane i is hit at t, clamped.
struct alignas(32) LeafHits {
  float t[kWidth], u[kWidth], v[kWidth];
};

/// clamp_to_own_box for eight triangles.
REEVE_HD Mask8 clamp_to_own_boxes(const TraversalRay& ray, Vec3x8 corner, Vec3x8 edge1, Vec3x8 edge2,
                                  F32x8& t) {
  const Vec3x8 second = corner + edge1;
  const Vec3x8 third = corner + edge2;
  const Vec3x8 low = min(corner, min(second, third));
  const Vec3x8 high = max(corner, max(second, third));
  const F32x8 pad =
      fma(max(max_magnitude(low), max_magnitude(high)), splat8(F32(0x1p-20f)), splat8(F32(1e-30f)));
  const Vec3x8 pads{pad, pad, pad};
  const Vec3x8 inverse = splat_vec3x8(ray.one.inverse);
  const Vec3x8 a = (low - pads - ray.origin) * inverse;
  const Vec3x8 b = (high + pads - ray.origin) * inverse;
  const Vec3x8 first = min(a, b);
  const Vec3x8 last = max(a, b);
  const F32x8 enter = max(max(first.x, first.y), first.z);
  const F32x8 leave = min(min(last.x, last.y), last.z);
  t = min(leave, max(enter, t));
  return enter <= leave;
}

/// pass_triangle and clamp_to_own_box for eight triangles; returns the lanes that are hit.
REEVE_HD std::uint32_t hit_leaf(const TreeLeaf& leaf, const TraversalRay& ray, LeafHits& hits) {
  const Vec3x8 corner = load_vec3x8(leaf.corner);
  const Vec3x8 edge1 = load_vec3x8(leaf.edge1);
  const Vec3x8 edge2 = load_vec3x8(leaf.edge2);
  const Vec3x8 p = cross(ray.direction, edge2);
  const Vec3x8 s = ray.origin - corner;
  const Vec3x8 q = cross(s, edge1);
  const F32x8 determinant = dot(edge1, p);
  const F32x8 u_scaled = dot(s, p);
  const F32x8 v_scaled = dot(ray.direction, q);
  // Most leaves end here, without a division: u, v and u + v times the determinant's magnitude lie outside
  // 0..1 times it, by more than the division and the sum could round away (a product that underflows to zero
  // passes).
  const F32x8 size = abs(determinant);
  const F32x8 least = size * splat8(F32(-0x1p-100f));
  const F32x8 u_signed = flip_sign(u_scaled, determinant);
  const F32x8 v_signed = flip_sign(v_scaled, determinant);
  const Mask8 maybe =
      (least <= u_signed) & (least <= v_signed) & (u_signed + v_signed <= size * splat8(F32(1 + 0x1p-18f)));
  if (bits_of(maybe) == 0) return 0;
  const F32x8 inverse = splat8(F32(1)) / determinant;
  const F32x8 u = u_scaled * inverse;
  const F32x8 v = v_scaled * inverse;
  const F32x8 zero = splat8(F32(0));
  // A zero determinant makes u infinite or NaN, which the comparisons refuse.
  const Mask8 passed = (zero <= u) & (zero <= v) & (u + v <= splat8(F32(1)));
  if (bits_of(passed) == 0) return 0;
  F32x8 t = dot(edge2, q) * inverse;
  const Mask8 inside = clamp_to_own_boxes(ray, corner, edge1, edge2, t);
  store8(hits.t, t);
  store8(hits.u, u);
  store8(hits.v, v);
  return bits_of(passed & inside);
}

REEVE_HD void nearest_in_leaf(const TreeLeaf& leaf, const TraversalRay& ray, Hit& hit) {
  LeafHits hits;
  for (std::uint32_t left = hit_leaf(leaf, ray, hits); left != 0; left &= left - 1) {
    const std::uint32_t lane = lowest_bit(left);
    keep_nearest(F32(hits.t[lane]), F32(hits.u[lane]), F32(hits.v[lane]), leaf.triangle[lane], hit);
  }
}

REEVE_HD bool leaf_blocks(const TreeLeaf& leaf, const TraversalRay& ray, F32 distance) {
  LeafHits hits;
  const std::uint32_t hit = hit_leaf(leaf, ray, hits) & leaf.blocks_light;
  if (hit == 0) return false;
  const F32x8 t = load8(hits.t);
  return (hit & bits_of((splat8(F32(0)) < t) & (t < splat8(distance)))) != 0;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
