#pragma once

#include "kernels/core/fixed_point.h"
#include "kernels/render/camera.h"
#include "kernels/render/integrator.h"
#include "kernels/render/request.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

static_assert(kMaxRequestSamples <= kMaxSamples);

/// The sum of the samples first..end - 1 of a pixel of the image: sums of several parts may be added.
REEVE_HD_CALL FixedSum sum_samples(const SceneView& scene, const RenderRequest& request, std::uint32_t x,
                                   std::uint32_t y, std::uint32_t first, std::uint32_t end) {
  SampleRandom source{request.seed, scene.frame, y * request.image_width + x, first};
  FixedSum sum;
  for (; source.sample < end; ++source.sample) {
    const Ray ray = camera_ray(scene.camera, x, y, request.image_width, request.image_height, source.draw(0));
    sum.add(trace_path(scene, ray, source, request.max_depth));
  }
  return sum;
}

/// The three words that a pixel contributes to a result.
struct PixelWords {
  std::uint32_t word[3];
};

REEVE_HD PixelWords pixel_words(Vec3 mean) {
  return {{bits_of(canonical(mean.x)), bits_of(canonical(mean.y)), bits_of(canonical(mean.z))}};
}

/// Where in the image pixel `index` of a leaf lies.
struct LeafPlace {
  std::uint32_t x, y;
  bool inside;  ///< the tile; beyond it a leaf's words are zero
};

REEVE_HD LeafPlace leaf_place(const RenderRequest& request, std::uint32_t leaf, std::uint32_t index) {
  const std::uint32_t columns =
      (request.tile_width + kLeafSide - 1) / kLeafSide;  // leaf_columns, for devices too
  const std::uint32_t x = leaf % columns * kLeafSide + index % kLeafSide;
  const std::uint32_t y = leaf / columns * kLeafSide + index / kLeafSide;
  return {request.tile_x + x, request.tile_y + y, x < request.tile_width && y < request.tile_height};
}

REEVE_HD_CALL PixelWords leaf_pixel(const SceneView& scene, const RenderRequest& request, std::uint32_t leaf,
                                    std::uint32_t index) {
  const LeafPlace place = leaf_place(request, leaf, index);
  if (!place.inside) return {{0, 0, 0}};
  return pixel_words(sum_samples(scene, request, place.x, place.y, 0, request.samples).mean(request.samples));
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
