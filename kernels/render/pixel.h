#pragma once

#include "kernels/core/fixed_point.h"
#include "kernels/render/camera.h"
#include "kernels/render/integrator.h"
#include "kernels/render/request.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

static_assert(kMaxRequestSamples <= kMaxSamples);

/// The mean linear radiance of a pixel of the image.
REEVE_HD_CALL Vec3 render_pixel(const SceneView& scene, const RenderRequest& request, std::uint32_t x,
                                std::uint32_t y) {
  SampleRandom source{request.seed, scene.frame, y * request.image_width + x, 0};
  FixedSum sum;
  for (; source.sample < request.samples; ++source.sample) {
    const Ray ray = camera_ray(scene.camera, x, y, request.image_width, request.image_height, source.draw(0));
    sum.add(trace_path(scene, ray, source, request.max_depth));
  }
  return sum.mean(request.samples);
}

/// The three words that pixel `index` of a leaf contributes to a result: zero outside the tile.
struct PixelWords {
  std::uint32_t word[3];
};

REEVE_HD_CALL PixelWords leaf_pixel(const SceneView& scene, const RenderRequest& request, std::uint32_t leaf,
                                    std::uint32_t index) {
  const std::uint32_t columns =
      (request.tile_width + kLeafSide - 1) / kLeafSide;  // leaf_columns, for devices too
  const std::uint32_t x = leaf % columns * kLeafSide + index % kLeafSide;
  const std::uint32_t y = leaf / columns * kLeafSide + index / kLeafSide;
  if (x >= request.tile_width || y >= request.tile_height) return {{0, 0, 0}};
  const Vec3 mean = render_pixel(scene, request, request.tile_x + x, request.tile_y + y);
  return {{bits_of(canonical(mean.x)), bits_of(canonical(mean.y)), bits_of(canonical(mean.z))}};
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
