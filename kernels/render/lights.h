#pragma once

#include "kernels/core/rng.h"
#include "kernels/render/sampling.h"
#include "kernels/render/surface.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Next-event estimation: a vertex sends one shadow ray to a point on an emissive triangle and one to the
/// sun, where the scene has them.
struct LightSample {
  Vec3 direction;
  F32 distance;   ///< the shadow ray stops short of the light
  Vec3 radiance;  ///< over the density of having sampled the direction (sun: irradiance)
  F32 density;    ///< per steradian; 0 from the sun, which nothing else samples
};

/// The density, per steradian, with which sample_triangle_light would have made a hit on a light.
REEVE_HD F32 light_density(const SceneView& scene, std::uint32_t light, F32 distance, F32 cosine) {
  return F32(scene.lights[light].density) * (distance * distance) / max(abs(cosine), F32(1e-6f));
}

/// The light whose share of the weights contains the word's share of 2^32.
REEVE_HD std::uint32_t choose_light(const SceneView& scene, std::uint32_t word) {
  const std::uint64_t high = scene.light_weight >> 32;
  const std::uint64_t low = scene.light_weight & 0xffffffffu;
  const std::uint64_t target = word * high + ((word * low) >> 32);
  std::uint32_t first = 0;
  for (std::uint32_t count = scene.light_count; count > 1;) {
    const std::uint32_t half = count / 2;
    const bool beyond = scene.lights[first + half].weight_below <= target;
    first = beyond ? first + half : first;
    count = beyond ? count - half : half;
  }
  return first;
}

/// random: words 0 and 1 are the point on the disc.
REEVE_HD LightSample sample_sun(const EnvironmentView& environment, const Random4& random) {
  const Vec3 sun = load_vec3(environment.sun_direction);
  const Vec3 offset =
      sample_disc(to_unit(random.word[0]), to_unit(random.word[1])) * F32(environment.sun_tan_radius);
  const Vec3 direction = normalize(frame_around(sun).to_world({offset.x, offset.y, F32(1)}));
  return {direction, F32(kFar), load_vec3(environment.sun_irradiance), F32(0)};
}

/// random: word 0 chooses the triangle, words 1 and 2 the point on it.
REEVE_HD_CALL LightSample sample_triangle_light(const SceneView& scene, const Random4& random, Vec3 from) {
  const std::uint32_t light = choose_light(scene, random.word[0]);
  const TriangleView& triangle = scene.triangles[scene.lights[light].triangle];
  const Vec3 edge1 = load_vec3(triangle.edge1);
  const Vec3 edge2 = load_vec3(triangle.edge2);
  const F32 root = sqrt(to_unit(random.word[1]));
  const F32 a = F32(1) - root;
  const F32 b = to_unit(random.word[2]) * root;
  const Vec3 path = at_barycentric(load_vec3(triangle.corner), edge1, edge2, a, b) - from;
  const F32 distance = length(path);
  if (!(distance > F32(0))) return {vec3(0, 0, 1), F32(0), vec3(0, 0, 0), F32(1)};
  const Vec3 direction = path * (F32(1) / distance);
  const F32 cosine = dot(normalize_or(cross(edge1, edge2), direction), direction);
  const F32 density = light_density(scene, light, distance, cosine);
  const Vec3 radiance = emitted_radiance(scene, scene.materials[triangle.material], uv_at(triangle, a, b));
  return {direction, distance * F32(0.9995f), radiance * (F32(1) / density), density};
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
