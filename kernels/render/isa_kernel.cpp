// Compiled once for each instruction set, each in its own namespace: see kernels/core/platform.h.
#include "kernels/render/isa_kernel.h"

#include "kernels/render/pixel.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

namespace {

void store_little_endian(std::uint32_t word, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i)
    out[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

Ray to_ray(const RayIn& in) {
  return make_ray(load_vec3(in.origin), load_vec3(in.direction));
}

}  // namespace

void render_leaf_bytes(const SceneView& scene, const RenderRequest& request, std::uint32_t leaf,
                       std::uint8_t* out) {
  for (std::uint32_t index = 0; index < kLeafPixels; ++index) {
    const PixelWords words = leaf_pixel(scene, request, leaf, index);
    for (int channel = 0; channel < 3; ++channel, out += 4)
      store_little_endian(words.word[channel], out);
  }
}

void trace_rays(const SceneView& scene, const RayIn* rays, std::size_t count, RayHit* hits) {
  for (std::size_t i = 0; i < count; ++i) {
    const Hit hit = nearest_hit(scene, to_ray(rays[i]));
    hits[i] = {hit.t.value, hit.u.value, hit.v.value, hit.triangle};
  }
}

void block_rays(const SceneView& scene, const RayIn* rays, std::size_t count, float distance,
                std::uint8_t* blocked) {
  for (std::size_t i = 0; i < count; ++i)
    blocked[i] = is_blocked(scene, to_ray(rays[i]), F32(distance)) ? 1 : 0;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
