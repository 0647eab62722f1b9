#pragma once

#include "kernels/core/f32.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

struct Vec3 {
  F32 x, y, z;
};

REEVE_HD Vec3 vec3(float x, float y, float z) {
  return {F32(x), F32(y), F32(z)};
}
REEVE_HD Vec3 load_vec3(const float* p) {
  return {F32(p[0]), F32(p[1]), F32(p[2])};
}
REEVE_HD void store_vec3(float* p, Vec3 a) {
  p[0] = a.x.value;
  p[1] = a.y.value;
  p[2] = a.z.value;
}

REEVE_HD Vec3 operator+(Vec3 a, Vec3 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
REEVE_HD Vec3 operator-(Vec3 a, Vec3 b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
REEVE_HD Vec3 operator*(Vec3 a, Vec3 b) {
  return {a.x * b.x, a.y * b.y, a.z * b.z};
}
REEVE_HD Vec3 operator*(Vec3 a, F32 s) {
  return {a.x * s, a.y * s, a.z * s};
}
REEVE_HD Vec3 operator-(Vec3 a) {
  return {-a.x, -a.y, -a.z};
}

/// a · s + b, one rounding for each component.
REEVE_HD Vec3 fma(Vec3 a, F32 s, Vec3 b) {
  return {fma(a.x, s, b.x), fma(a.y, s, b.y), fma(a.z, s, b.z)};
}

/// The order x, y, z from the outside in is part of the contract.
REEVE_HD F32 dot(Vec3 a, Vec3 b) {
  return fma(a.x, b.x, fma(a.y, b.y, a.z * b.z));
}
REEVE_HD Vec3 cross(Vec3 a, Vec3 b) {
  return {fma(a.y, b.z, -(a.z * b.y)), fma(a.z, b.x, -(a.x * b.z)), fma(a.x, b.y, -(a.y * b.x))};
}
REEVE_HD F32 length(Vec3 a) {
  return sqrt(dot(a, a));
}
REEVE_HD F32 max_component(Vec3 a) {
  return max(max(a.x, a.y), a.z);
}
REEVE_HD F32 max_magnitude(Vec3 a) {
  return max(max(abs(a.x), abs(a.y)), abs(a.z));
}
REEVE_HD Vec3 mix(Vec3 a, Vec3 b, F32 t) {
  return fma(b - a, t, a);
}
REEVE_HD bool is_black(Vec3 a) {
  return !(a.x > F32(0) || a.y > F32(0) || a.z > F32(0));
}

/// Rec. 709 luminance.
REEVE_HD F32 luminance(Vec3 a) {
  return fma(a.x, F32(0.2126f), fma(a.y, F32(0.7152f), a.z * F32(0.0722f)));
}

REEVE_HD Vec3 normalize(Vec3 a) {
  return a * (F32(1) / length(a));
}

/// `otherwise` where a is too short, too long or no number.
REEVE_HD Vec3 normalize_or(Vec3 a, Vec3 otherwise) {
  const F32 length2 = dot(a, a);
  if (!(length2 > F32(1e-36f) && length2 < F32(1e36f))) return otherwise;
  return a * (F32(1) / sqrt(length2));
}

/// Two directions that make an orthonormal right-handed frame with the unit vector n.
/// Source: T. Duff et al., "Building an Orthonormal Basis, Revisited", JCGT 6(1), 2017.
struct Frame {
  Vec3 tangent, bitangent, normal;

  REEVE_HD Vec3 to_world(Vec3 a) const { return fma(tangent, a.x, fma(bitangent, a.y, normal * a.z)); }
  REEVE_HD Vec3 to_local(Vec3 a) const { return {dot(a, tangent), dot(a, bitangent), dot(a, normal)}; }
};

REEVE_HD Frame frame_around(Vec3 n) {
  const F32 sign = n.z < F32(0) ? F32(-1) : F32(1);
  const F32 a = F32(-1) / (sign + n.z);
  const F32 b = n.x * n.y * a;
  return {{fma(sign * n.x * n.x, a, F32(1)), sign * b, -(sign * n.x)}, {b, fma(n.y * n.y, a, sign), -n.y}, n};
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
