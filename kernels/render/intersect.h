#pragma once

#include "kernels/core/vec3.h"
#include "kernels/render/view.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Order-free hits. A triangle is hit at the t of the Möller-Trumbore test, clamped into the interval in
/// which the ray crosses the triangle's own padded box; of all hits the smallest (t, triangle) counts.
/// Rounded slab arithmetic is monotone in the box, so every box that encloses the triangle's encloses t:
/// culling by t never changes the answer, and any tree, builder, width and order of traversal gives the same
/// bits.

inline constexpr float kFar = 1e30f;

struct Ray {
  Vec3 origin, direction, inverse;
};

struct Hit {
  F32 t, u, v;
  std::uint32_t triangle;
};

REEVE_HD F32 safe_inverse(F32 d) {
  const F32 smallest(1e-18f);  // keeps the inverse, and its product with any coordinate, finite
  return F32(1) / (abs(d) < smallest ? with_sign_of(smallest, d) : d);
}

REEVE_HD Ray make_ray(Vec3 origin, Vec3 direction) {
  return {
      origin, direction, {safe_inverse(direction.x), safe_inverse(direction.y), safe_inverse(direction.z)}};
}

REEVE_HD Hit no_hit() {
  return {F32(kFar), F32(0), F32(0), kNone};
}

struct Bounds {
  Vec3 low, high;
};

/// The box of a triangle, padded outwards by 2^-20 of its largest coordinate.
REEVE_HD Bounds triangle_bounds(Vec3 corner, Vec3 edge1, Vec3 edge2) {
  const Vec3 b = corner + edge1;
  const Vec3 c = corner + edge2;
  const Vec3 low{min(corner.x, min(b.x, c.x)), min(corner.y, min(b.y, c.y)), min(corner.z, min(b.z, c.z))};
  const Vec3 high{max(corner.x, max(b.x, c.x)), max(corner.y, max(b.y, c.y)), max(corner.z, max(b.z, c.z))};
  const F32 pad = fma(max(max_magnitude(low), max_magnitude(high)), F32(0x1p-20f), F32(1e-30f));
  const Vec3 all{pad, pad, pad};
  return {low - all, high + all};
}

struct Interval {
  F32 enter, leave;
};

/// Where the ray is inside the box; empty when enter > leave.
REEVE_HD Interval cross_box(const Ray& ray, const Bounds& box) {
  const Vec3 a = (box.low - ray.origin) * ray.inverse;
  const Vec3 b = (box.high - ray.origin) * ray.inverse;
  return {max(max(min(a.x, b.x), min(a.y, b.y)), min(a.z, b.z)),
          min(min(max(a.x, b.x), max(a.y, b.y)), max(a.z, b.z))};
}

/// Clamps the t of a triangle whose barycentric test has passed; false where the ray misses the padded box.
REEVE_HD bool clamp_to_own_box(const Ray& ray, Vec3 corner, Vec3 edge1, Vec3 edge2, F32& t) {
  const Interval inside = cross_box(ray, triangle_bounds(corner, edge1, edge2));
  if (inside.enter > inside.leave) return false;
  t = t < inside.enter ? inside.enter : t;
  t = t > inside.leave ? inside.leave : t;
  return true;
}

/// One triangle against one ray. Source: T. Möller, B. Trumbore, "Fast, Minimum Storage Ray/Triangle
/// Intersection", JGT 2(1), 1997. True where the barycentric test passes; t is yet to be clamped.
REEVE_HD bool pass_triangle(const Ray& ray, Vec3 corner, Vec3 edge1, Vec3 edge2, F32& t, F32& u, F32& v) {
  const Vec3 p = cross(ray.direction, edge2);
  const F32 determinant = dot(edge1, p);
  if (!(determinant != F32(0))) return false;
  const F32 inverse = F32(1) / determinant;
  const Vec3 s = ray.origin - corner;
  u = dot(s, p) * inverse;
  if (!(u >= F32(0) && u <= F32(1))) return false;
  const Vec3 q = cross(s, edge1);
  v = dot(ray.direction, q) * inverse;
  if (!(v >= F32(0) && u + v <= F32(1))) return false;
  t = dot(edge2, q) * inverse;
  return true;
}

/// Keeps the smaller (t, triangle); a hit at or behind the origin does not count.
REEVE_HD void keep_nearest(F32 t, F32 u, F32 v, std::uint32_t triangle, Hit& hit) {
  if (t > F32(0) && (t < hit.t || (t == hit.t && triangle < hit.triangle))) hit = {t, u, v, triangle};
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
