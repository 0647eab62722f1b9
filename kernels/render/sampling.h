#pragma once

#include "kernels/core/math.h"
#include "kernels/core/vec3.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

inline constexpr float kPi = 0x1.921fb6p+1f;
inline constexpr float kInversePi = 0x1.45f306p-2f;

/// Uniform on the unit disc; z is 0.
REEVE_HD Vec3 sample_disc(F32 u, F32 v) {
  const SinCos turn = sin_cos_pi(F32(2) * u);
  const F32 radius = sqrt(v);
  return {radius * turn.cos, radius * turn.sin, F32(0)};
}

/// Cosine-weighted about +z.
REEVE_HD Vec3 sample_cosine(F32 u, F32 v) {
  Vec3 direction = sample_disc(u, v);
  direction.z = sqrt(F32(1) - v);
  return direction;
}

/// The GGX distribution of microfacet normals, in the frame of the surface. Directions point away from it.
struct Ggx {
  F32 alpha;

  REEVE_HD F32 density(Vec3 half) const {
    const F32 a2 = alpha * alpha;
    const F32 d = fma(half.z * half.z, a2 - F32(1), F32(1));
    return a2 / (F32(kPi) * d * d);
  }
  /// Smith's auxiliary function of one direction.
  REEVE_HD F32 lambda(Vec3 direction) const {
    const F32 cos2 = direction.z * direction.z;
    const F32 tan2 = (F32(1) - min(cos2, F32(1))) / cos2;
    return (sqrt(fma(alpha * alpha, tan2, F32(1))) - F32(1)) * F32(0.5f);
  }
  /// A microfacet normal in proportion to what `view` sees of it.
  /// Source: J. Dupuy, A. Benyoub, "Sampling Visible GGX Normals with Spherical Caps", CGF 42(8), 2023.
  REEVE_HD Vec3 sample_visible(Vec3 view, F32 u, F32 v) const {
    const Vec3 stretched = normalize({view.x * alpha, view.y * alpha, view.z});
    const SinCos turn = sin_cos_pi(F32(2) * u);
    const F32 z = fma(F32(1) - v, F32(1) + stretched.z, -stretched.z);
    const F32 across = sqrt(max(fma(-z, z, F32(1)), F32(0)));
    const Vec3 cap{across * turn.cos, across * turn.sin, z};
    const Vec3 half = cap + stretched;
    return normalize_or({half.x * alpha, half.y * alpha, max(half.z, F32(0))}, vec3(0, 0, 1));
  }
};

/// Schlick's approximation of Fresnel reflectance, from the reflectance at normal incidence.
REEVE_HD Vec3 schlick(Vec3 normal_incidence, F32 cosine) {
  const F32 x = clamp(F32(1) - cosine, F32(0), F32(1));
  const F32 x2 = x * x;
  return mix(normal_incidence, vec3(1, 1, 1), x2 * x2 * x);
}

struct Refraction {
  F32 reflectance;    ///< of unpolarised light; 1 where everything is reflected
  F32 cosine_inside;  ///< of the refracted direction with the far side's normal
};

/// A smooth dielectric met at `cosine` > 0; eta = refractive index of this side / that of the other.
REEVE_HD Refraction fresnel(F32 cosine, F32 eta) {
  const F32 sin2 = eta * eta * max(fma(-cosine, cosine, F32(1)), F32(0));
  if (sin2 >= F32(1)) return {F32(1), F32(0)};
  const F32 inside = sqrt(F32(1) - sin2);
  const F32 parallel = (cosine - eta * inside) / fma(eta, inside, cosine);
  const F32 across = (eta * cosine - inside) / fma(eta, cosine, inside);
  return {F32(0.5f) * fma(parallel, parallel, across * across), inside};
}

/// Veach's balance between two ways to have made a direction.
REEVE_HD F32 balance(F32 this_density, F32 other_density) {
  return this_density / (this_density + other_density);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
