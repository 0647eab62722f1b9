#pragma once

#include "kernels/render/intersect.h"
#include "kernels/render/texture.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Where a ray has hit. Both normals are unit and face the side that the ray came from.
struct Surface {
  Vec3 position;
  Vec3 geometric;
  Vec3 shading;
  Uv uv;
  bool front;  ///< the ray came from outside
  std::uint32_t light;
  const MaterialView* material;
};

REEVE_HD Vec3 at_barycentric(Vec3 corner, Vec3 edge1, Vec3 edge2, F32 u, F32 v) {
  return fma(edge2, v, fma(edge1, u, corner));
}

REEVE_HD Uv uv_at(const TriangleView& triangle, F32 u, F32 v) {
  const F32 w = F32(1) - u - v;
  const auto axis = [&](int i) {
    return fma(F32(triangle.uv[2][i]), v, fma(F32(triangle.uv[1][i]), u, F32(triangle.uv[0][i]) * w));
  };
  return {axis(0), axis(1)};
}

REEVE_HD Vec3 shading_normal(const TriangleView& triangle, F32 u, F32 v, Vec3 geometric) {
  const F32 w = F32(1) - u - v;
  const Vec3 blended = fma(load_vec3(triangle.normal[2]), v,
                           fma(load_vec3(triangle.normal[1]), u, load_vec3(triangle.normal[0]) * w));
  const Vec3 normal = normalize_or(blended, geometric);
  return dot(normal, geometric) < F32(0) ? -normal : normal;
}

REEVE_HD_CALL Surface surface_at(const SceneView& scene, const Hit& hit, Vec3 direction) {
  const TriangleView& triangle = scene.triangles[hit.triangle];
  const Vec3 corner = load_vec3(triangle.corner);
  const Vec3 edge1 = load_vec3(triangle.edge1);
  const Vec3 edge2 = load_vec3(triangle.edge2);
  Surface surface;
  surface.position = at_barycentric(corner, edge1, edge2, hit.u, hit.v);
  const Vec3 outward = normalize_or(cross(edge1, edge2), -direction);
  surface.front = dot(outward, direction) < F32(0);
  surface.geometric = surface.front ? outward : -outward;
  surface.shading = shading_normal(triangle, hit.u, hit.v, surface.geometric);
  // A blended normal may face away from a grazing ray; the flat one never does.
  if (!(dot(surface.shading, direction) < F32(-1e-3f))) surface.shading = surface.geometric;
  surface.uv = uv_at(triangle, hit.u, hit.v);
  surface.light = triangle.light;
  surface.material = &scene.materials[triangle.material];
  return surface;
}

/// The start of a ray that leaves the surface on the side of `direction`, off it by more than the rounding
/// errors of its position.
REEVE_HD Vec3 leave_surface(const Surface& surface, Vec3 direction) {
  const F32 step = fma(max_magnitude(surface.position), F32(0x1p-17f), F32(1e-5f));
  const bool outside = dot(direction, surface.geometric) > F32(0);
  return fma(surface.geometric, outside ? step : -step, surface.position);
}

REEVE_HD Vec3 base_color(const SceneView& scene, const Surface& surface) {
  const MaterialView& material = *surface.material;
  const Vec3 color = load_vec3(material.base_color);
  return material.base_texture == kNone ? color
                                        : color * sample_texture(scene, material.base_texture, surface.uv);
}

REEVE_HD Vec3 emitted_radiance(const SceneView& scene, const MaterialView& material, Uv uv) {
  const Vec3 emission = load_vec3(material.emission);
  if (material.emission_texture == kNone || is_black(emission)) return emission;
  return emission * sample_texture(scene, material.emission_texture, uv);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
