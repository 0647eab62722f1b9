#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/render/request.h"
#include "kernels/render/view.h"

namespace reeve::kernels {

/// A ray for `trace_rays`; the direction is unit.
struct RayIn {
  float origin[3];
  float direction[3];
};

struct RayHit {
  float t, u, v;
  std::uint32_t triangle;  ///< kNone: no hit
};

/// The render kernel as compiled for one instruction set: all give the same bits.
struct KernelTable {
  const char* name;  ///< "x86-64", "x86-64-v3", "x86-64-v4", "aarch64"
  bool (*runs_here)();

  /// One leaf, kRenderLeafBytes bytes.
  void (*render_leaf)(const SceneView& scene, const RenderRequest& request, std::uint32_t leaf,
                      std::uint8_t* out);
  /// The nearest hit of each ray.
  void (*trace_rays)(const SceneView& scene, const RayIn* rays, std::size_t count, RayHit* hits);
  /// For each ray, whether its t before `distance` is blocked: 1 or 0.
  void (*block_rays)(const SceneView& scene, const RayIn* rays, std::size_t count, float distance,
                     std::uint8_t* blocked);
};

/// Every compiled kernel, the plainest first.
std::span<const KernelTable> all_kernels();

/// The fastest that this processor runs.
const KernelTable& best_kernel();

}  // namespace reeve::kernels
