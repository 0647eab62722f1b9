#pragma once

#include "kernels/render/sampling.h"
#include "kernels/render/surface.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// How an opaque surface scatters, in the frame of its shading normal: a diffuse layer, a specular one (a GGX
/// lobe, or a mirror where alpha is 0), or both. Directions point away from the surface.
struct Bsdf {
  Vec3 diffuse;   ///< albedo, already less what the coat reflects
  Vec3 specular;  ///< reflectance at normal incidence
  F32 alpha;
  F32 specular_chance;  ///< of sampling the specular layer
};

/// value · cosine, and the density (per steradian) with which sampling makes the direction.
struct Scatter {
  Vec3 value;
  F32 density;
};

struct BsdfSample {
  Vec3 direction;
  Vec3 weight;  ///< value · cosine / density; black where the path ends
  F32 density;  ///< 0 from a mirror
  bool mirror;
};

REEVE_HD_CALL Bsdf make_bsdf(const SceneView& scene, const Surface& surface, F32 view_cosine) {
  const MaterialView& material = *surface.material;
  const Vec3 color = base_color(scene, surface);
  const Vec3 black = vec3(0, 0, 0);
  if (material.kind == static_cast<std::uint32_t>(MaterialKind::kDiffuse))
    return {color, black, F32(1), F32(0)};
  if (material.kind == static_cast<std::uint32_t>(MaterialKind::kMetal)) {
    return {black, color, F32(material.alpha), F32(1)};
  }
  const F32 ratio = (F32(material.ior) - F32(1)) / (F32(material.ior) + F32(1));
  const F32 normal_incidence = ratio * ratio;
  const Vec3 specular{normal_incidence, normal_incidence, normal_incidence};
  const F32 reflected = schlick(specular, view_cosine).x;
  const Vec3 diffuse = color * (F32(1) - reflected);
  const F32 chance = clamp(reflected / (reflected + luminance(diffuse) + F32(1e-6f)), F32(0.05f), F32(0.95f));
  return {diffuse, specular, F32(material.alpha), chance};
}

REEVE_HD_CALL Scatter scatter_towards(const Bsdf& bsdf, Vec3 view, Vec3 light) {
  if (!(light.z > F32(0))) return {vec3(0, 0, 0), F32(0)};
  const F32 cosine_density = light.z * F32(kInversePi);
  Scatter scatter{bsdf.diffuse * cosine_density, cosine_density * (F32(1) - bsdf.specular_chance)};
  if (!(bsdf.specular_chance > F32(0)) || !(bsdf.alpha > F32(0))) return scatter;
  const Ggx ggx{bsdf.alpha};
  const Vec3 half = normalize_or(view + light, vec3(0, 0, 1));
  const F32 lambda_view = ggx.lambda(view);
  // The half vector's density over 4 · view.z serves both the value and the density.
  const F32 common = ggx.density(half) / (F32(4) * view.z);
  const F32 shadowing = F32(1) / (F32(1) + lambda_view + ggx.lambda(light));
  const Vec3 reflectance = schlick(bsdf.specular, dot(view, half));
  scatter.value = fma(reflectance, common * shadowing, scatter.value);
  scatter.density = fma(common / (F32(1) + lambda_view), bsdf.specular_chance, scatter.density);
  return scatter;
}

REEVE_HD BsdfSample mirror_sample(const Bsdf& bsdf, Vec3 view) {
  const Vec3 weight = schlick(bsdf.specular, view.z) * (F32(1) / bsdf.specular_chance);
  return {{-view.x, -view.y, view.z}, weight, F32(0), true};
}

/// choice, u, v: uniform in [0, 1).
REEVE_HD_CALL BsdfSample sample_bsdf(const Bsdf& bsdf, Vec3 view, F32 choice, F32 u, F32 v) {
  Vec3 light;
  if (choice < bsdf.specular_chance) {
    if (!(bsdf.alpha > F32(0))) return mirror_sample(bsdf, view);
    const Vec3 half = Ggx{bsdf.alpha}.sample_visible(view, u, v);
    light = fma(half, F32(2) * dot(view, half), -view);
  } else {
    light = sample_cosine(u, v);
  }
  const Scatter scatter = scatter_towards(bsdf, view, light);
  if (!(scatter.density > F32(0))) return {light, vec3(0, 0, 0), F32(0), false};
  return {light, scatter.value * (F32(1) / scatter.density), scatter.density, false};
}

struct GlassSample {
  Vec3 direction;
  bool through;
};

/// Reflects or refracts by chance, in proportion to Fresnel's reflectance.
REEVE_HD GlassSample sample_glass(const Surface& surface, Vec3 direction, F32 choice) {
  const F32 ior(surface.material->ior);
  const F32 eta = surface.front ? F32(1) / ior : ior;
  const Vec3 normal = surface.shading;
  const F32 cosine = min(-dot(direction, normal), F32(1));
  const Refraction refraction = fresnel(cosine, eta);
  if (choice < refraction.reflectance) return {normalize(fma(normal, F32(2) * cosine, direction)), false};
  const Vec3 bent = fma(normal, fma(eta, cosine, -refraction.cosine_inside), direction * eta);
  return {normalize(bent), true};
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
