#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/render/kernel_table.h"
#include "kernels/render/view.h"

namespace reeve::kernels {

/// Embree over the same world triangles, as something to measure against; it gives other bits on each
/// instruction set, so nothing but the benchmark links it.
struct EmbreeRival {
  std::string name;  ///< "Embree AVX2 robust"
  std::string isa;   ///< "avx2", "avx512"
  bool robust = false;
  /// Traces `count` rays one by one; coherent ones are said to be so, which Embree may use.
  std::function<void(const RayIn* rays, std::size_t count, bool coherent, RayHit* hits)> trace;
};

/// Every combination of instruction set and robustness that runs here; none where Embree 3 was not installed
/// when this was built. Trees are of Embree's high quality, which splits triangles.
std::vector<EmbreeRival> make_embree_rivals(const std::vector<TriangleView>& triangles);

/// Seconds that Embree takes for a tree on two threads, of its medium quality (as ours: binned, no triangle
/// is split) or of its high one; negative without Embree.
double embree_build_seconds(const std::vector<TriangleView>& triangles, bool high_quality);

}  // namespace reeve::kernels
