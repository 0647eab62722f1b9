#pragma once

#include "kernels/core/platform.h"
#include "kernels/render/kernel_table.h"

#define REEVE_DECLARE_ISA_KERNEL(isa)                                                              \
  namespace reeve::kernels::inline isa {                                                           \
  void render_leaf_bytes(const SceneView& scene, const RenderRequest& request, std::uint32_t leaf, \
                         std::uint8_t* out);                                                       \
  void trace_rays(const SceneView& scene, const RayIn* rays, std::size_t count, RayHit* hits);     \
  void block_rays(const SceneView& scene, const RayIn* rays, std::size_t count, float distance,    \
                  std::uint8_t* blocked);                                                          \
  }

REEVE_DECLARE_ISA_KERNEL(REEVE_KERNEL_ISA)
