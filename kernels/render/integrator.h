#pragma once

#include "kernels/core/rng.h"
#include "kernels/render/bsdf.h"
#include "kernels/render/lights.h"
#include "kernels/render/traverse.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Light that has bounced off two or more rough surfaces is capped a contribution: the price of an image
/// without fireflies is a little energy from caustics.
inline constexpr float kIndirectClamp = 8.0f;

/// Vertices before Russian roulette may end a path.
inline constexpr std::uint32_t kSureVertices = 2;

/// Random dimensions of a sample: 0 is the camera's; each vertex has these, in turn.
enum Draw : std::uint32_t { kDrawBounce, kDrawTriangleLight, kDrawSun, kDrawsOfVertex };

REEVE_HD Random4 draw_at(const SampleRandom& source, std::uint32_t vertex, Draw draw) {
  return source.draw(1 + kDrawsOfVertex * vertex + draw);
}

/// A path on its way from the camera.
struct Path {
  Ray ray;
  Vec3 throughput;
  Vec3 radiance;
  F32 density;          ///< of the last rough bounce; for weighing a light that the path hits
  std::uint32_t rough;  ///< bounces that were no mirror and no glass
  bool after_mirror;    ///< the last bounce was a mirror or glass
};

REEVE_HD void add_light(Path& path, Vec3 light, bool indirect) {
  Vec3 contribution = path.throughput * light;
  const F32 largest = max_component(contribution);
  if (indirect && largest > F32(kIndirectClamp))
    contribution = contribution * (F32(kIndirectClamp) / largest);
  path.radiance = path.radiance + contribution;
}

REEVE_HD void add_sky(const SceneView& scene, Path& path) {
  Vec3 sky = environment_radiance(scene, path.ray.direction);
  // After a rough bounce the sun has been sampled by its own shadow ray.
  if (path.rough == 0) sky = sky + sun_disc(scene.environment, path.ray.direction);
  add_light(path, sky, path.rough > 1);
}

/// Light from an emissive surface that the path has hit. Behind a mirror or glass a rough surface's shadow
/// rays have counted it already (they pass through glass) or leave it out (a mirror's caustic).
REEVE_HD void add_emission(const SceneView& scene, Path& path, const Surface& surface, F32 distance) {
  const Vec3 emission = emitted_radiance(scene, *surface.material, surface.uv);
  if (is_black(emission) || (path.rough != 0 && path.after_mirror)) return;
  F32 weight(1);
  if (path.rough != 0 && surface.light != kNone) {
    const F32 cosine = dot(surface.geometric, path.ray.direction);
    weight = balance(path.density, light_density(scene, surface.light, distance, cosine));
  }
  add_light(path, emission * weight, path.rough > 1);
}

/// An opaque surface and where a path comes from, for everything that scatters there.
struct OpaqueVertex {
  Surface surface;
  Bsdf bsdf;
  Frame frame;  ///< about the shading normal
  Vec3 view;    ///< back along the path, in the frame
};

REEVE_HD_CALL void add_light_sample(const SceneView& scene, Path& path, const OpaqueVertex& at,
                                    const LightSample& light) {
  if (!(dot(light.direction, at.surface.geometric) > F32(0))) return;
  const Scatter scatter = scatter_towards(at.bsdf, at.view, at.frame.to_local(light.direction));
  Vec3 arriving = scatter.value * light.radiance;
  if (is_black(arriving)) return;
  if (light.density > F32(0)) arriving = arriving * balance(light.density, scatter.density);
  const Ray shadow = make_ray(leave_surface(at.surface, light.direction), light.direction);
  if (!is_blocked(scene, shadow, light.distance)) add_light(path, arriving, path.rough > 0);
}

/// Both kinds of light, each by its own shadow ray: to pick one of them by chance would be noisier wherever
/// the other one shines.
REEVE_HD void add_direct_light(const SceneView& scene, Path& path, const OpaqueVertex& at,
                               const SampleRandom& source, std::uint32_t vertex) {
  if (scene.light_count != 0) {
    const Random4 random = draw_at(source, vertex, kDrawTriangleLight);
    add_light_sample(scene, path, at, sample_triangle_light(scene, random, at.surface.position));
  }
  if (scene.environment.has_sun != 0) {
    add_light_sample(scene, path, at, sample_sun(scene.environment, draw_at(source, vertex, kDrawSun)));
  }
}

REEVE_HD void go_on(Path& path, const Surface& surface, Vec3 direction, bool mirror) {
  path.ray = make_ray(leave_surface(surface, direction), direction);
  path.after_mirror = mirror;
  path.rough += mirror ? 0 : 1;
}

/// Scatters the path at an opaque surface; false where it ends.
REEVE_HD bool bounce_opaque(const SceneView& scene, Path& path, const Surface& surface,
                            const SampleRandom& source, std::uint32_t vertex, const Random4& random) {
  const Frame frame = frame_around(surface.shading);
  const Vec3 view = frame.to_local(-path.ray.direction);
  const OpaqueVertex at{surface, make_bsdf(scene, surface, view.z), frame, view};
  const bool only_mirror = at.bsdf.specular_chance >= F32(1) && !(at.bsdf.alpha > F32(0));
  if (!only_mirror) add_direct_light(scene, path, at, source, vertex);
  const BsdfSample sample =
      sample_bsdf(at.bsdf, view, to_unit(random.word[0]), to_unit(random.word[1]), to_unit(random.word[2]));
  const Vec3 direction = normalize(frame.to_world(sample.direction));
  if (is_black(sample.weight) || !(dot(direction, surface.geometric) > F32(0))) return false;
  path.throughput = path.throughput * sample.weight;
  path.density = sample.density;
  go_on(path, surface, direction, sample.mirror);
  return true;
}

REEVE_HD bool bounce_glass(const SceneView& scene, Path& path, const Surface& surface,
                           const Random4& random) {
  const GlassSample sample = sample_glass(surface, path.ray.direction, to_unit(random.word[0]));
  if (sample.through) path.throughput = path.throughput * base_color(scene, surface);
  go_on(path, surface, sample.direction, true);
  return true;
}

/// Ends a dark path by chance and makes the survivors as much brighter.
REEVE_HD bool survives(Path& path, std::uint32_t vertex, const Random4& random) {
  if (vertex < kSureVertices) return true;
  const F32 chance = min(max_component(path.throughput), F32(0.95f));
  if (!(to_unit(random.word[3]) < chance)) return false;
  path.throughput = path.throughput * (F32(1) / chance);
  return true;
}

/// One vertex: emission, direct light, next direction. False where the path ends.
REEVE_HD bool shade_vertex(const SceneView& scene, Path& path, const Hit& hit, const SampleRandom& source,
                           std::uint32_t vertex) {
  const Surface surface = surface_at(scene, hit, path.ray.direction);
  add_emission(scene, path, surface, hit.t);
  const std::uint32_t kind = surface.material->kind;
  if (kind == static_cast<std::uint32_t>(MaterialKind::kEmissive)) return false;
  const Random4 random = draw_at(source, vertex, kDrawBounce);
  const bool on = kind == static_cast<std::uint32_t>(MaterialKind::kGlass)
                      ? bounce_glass(scene, path, surface, random)
                      : bounce_opaque(scene, path, surface, source, vertex, random);
  return on && survives(path, vertex, random);
}

/// The radiance along a camera ray of one sample, over at most max_depth surfaces.
REEVE_HD_CALL Vec3 trace_path(const SceneView& scene, const Ray& camera_ray, const SampleRandom& source,
                              std::uint32_t max_depth) {
  Path path{camera_ray, vec3(1, 1, 1), vec3(0, 0, 0), F32(0), 0, false};
  for (std::uint32_t vertex = 0; vertex < max_depth; ++vertex) {
    const Hit hit = nearest_hit(scene, path.ray);
    if (hit.triangle == kNone) {
      add_sky(scene, path);
      break;
    }
    if (!shade_vertex(scene, path, hit, source, vertex)) break;
  }
  return path.radiance;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
