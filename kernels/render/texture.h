#pragma once

#include "kernels/core/math.h"
#include "kernels/core/vec3.h"
#include "kernels/render/scene_format.h"
#include "kernels/render/view.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

struct Uv {
  F32 u, v;
};

REEVE_HD Vec3 texel_at(const SceneView& scene, const TextureView& texture, std::uint32_t x, std::uint32_t y) {
  const std::uint32_t rgba = scene.texels[texture.first_texel + std::uint64_t{y} * texture.width + x];
  const float* linear = scene.srgb_to_linear;
  return {F32(linear[rgba & 255]), F32(linear[rgba >> 8 & 255]), F32(linear[rgba >> 16 & 255])};
}

/// A texel coordinate and the weight of the next one, for a repeating axis of `size` texels.
struct Tap {
  std::uint32_t first, second;
  F32 weight;
};

REEVE_HD Tap tap_axis(F32 coordinate, std::uint32_t size) {
  // Beyond 2^20 repeats a float has no room left for texels.
  const F32 bounded = clamp(coordinate, F32(-0x1p20f), F32(0x1p20f));
  const F32 wrapped = bounded - from_int(floor_to_int(bounded));
  const F32 position = fma(wrapped, from_int(static_cast<std::int32_t>(size)), F32(-0.5f));
  const std::int32_t whole = floor_to_int(position);
  const std::int32_t last = static_cast<std::int32_t>(size) - 1;
  const std::int32_t first = whole < 0 ? last : (whole > last ? last : whole);
  return {static_cast<std::uint32_t>(first), first == last ? 0u : static_cast<std::uint32_t>(first) + 1,
          position - from_int(whole)};
}

/// Bilinear, repeating, linear colour.
REEVE_HD_CALL Vec3 sample_texture(const SceneView& scene, std::uint32_t index, Uv at) {
  const TextureView& texture = scene.textures[index];
  const Tap x = tap_axis(at.u, texture.width);
  const Tap y = tap_axis(at.v, texture.height);
  const Vec3 upper =
      mix(texel_at(scene, texture, x.first, y.first), texel_at(scene, texture, x.second, y.first), x.weight);
  const Vec3 lower = mix(texel_at(scene, texture, x.first, y.second),
                         texel_at(scene, texture, x.second, y.second), x.weight);
  return mix(upper, lower, y.weight);
}

REEVE_HD Vec3 gradient_sky(const EnvironmentView& environment, F32 height) {
  const Vec3 horizon = load_vec3(environment.horizon);
  if (height >= F32(0)) {
    // Rises fast at the horizon and levels out, as a clear sky does.
    return mix(horizon, load_vec3(environment.zenith), height * (F32(2) - height));
  }
  return mix(horizon, load_vec3(environment.ground), min(height * F32(-4), F32(1)));
}

/// Radiance that arrives from the unit direction, without the sun.
REEVE_HD_CALL Vec3 environment_radiance(const SceneView& scene, Vec3 direction) {
  const EnvironmentView& environment = scene.environment;
  if (environment.kind == static_cast<std::uint32_t>(EnvironmentKind::kGradient)) {
    return gradient_sky(environment, direction.y);
  }
  const F32 around = atan2_pi(direction.x, -direction.z);
  const F32 across = sqrt(fma(direction.x, direction.x, direction.z * direction.z));
  const F32 down = atan2_pi(across, direction.y);
  return sample_texture(scene, environment.texture, {fma(around, F32(0.5f), F32(0.5f)), down}) *
         F32(environment.strength);
}

/// The sun's disc where the unit direction meets it.
REEVE_HD Vec3 sun_disc(const EnvironmentView& environment, Vec3 direction) {
  const Vec3 sun = load_vec3(environment.sun_direction);
  const Vec3 off = cross(direction, sun);
  const bool inside = environment.has_sun != 0 && dot(direction, sun) > F32(0) &&
                      dot(off, off) < F32(environment.sun_sin_radius2);
  return inside ? load_vec3(environment.sun_radiance) : vec3(0, 0, 0);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
