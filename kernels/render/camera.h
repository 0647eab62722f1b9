#pragma once

#include "kernels/core/rng.h"
#include "kernels/render/intersect.h"
#include "kernels/render/sampling.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// The ray of one sample through pixel (x, y), rows from the top: a box filter over the pixel, and over the
/// lens where there is one.
REEVE_HD_CALL Ray camera_ray(const CameraView& camera, std::uint32_t x, std::uint32_t y, std::uint32_t width,
                             std::uint32_t height, const Random4& random) {
  const auto to_axis = [](std::uint32_t at, std::uint32_t size, std::uint32_t word) {
    const F32 position = from_int(static_cast<std::int32_t>(at)) + to_unit(word);
    return fma(position / from_int(static_cast<std::int32_t>(size)), F32(2), F32(-1));
  };
  const F32 aspect = from_int(static_cast<std::int32_t>(width)) / from_int(static_cast<std::int32_t>(height));
  const F32 across = to_axis(x, width, random.word[0]) * aspect;
  const F32 down = to_axis(y, height, random.word[1]);
  const Vec3 through =
      fma(load_vec3(camera.right), across, fma(load_vec3(camera.up), -down, load_vec3(camera.forward)));
  const Vec3 eye = load_vec3(camera.eye);
  if (!(camera.lens_radius > 0)) return make_ray(eye, normalize(through));
  const Vec3 lens = sample_disc(to_unit(random.word[2]), to_unit(random.word[3])) * F32(camera.lens_radius);
  const Vec3 start = fma(load_vec3(camera.unit_right), lens.x, fma(load_vec3(camera.unit_up), lens.y, eye));
  const Vec3 focus = fma(through, F32(camera.focus_distance), eye);
  return make_ray(start, normalize(focus - start));
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
