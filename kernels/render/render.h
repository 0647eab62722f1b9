#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/render/kernel_table.h"
#include "kernels/render/prepare.h"
#include "kernels/render/request.h"
#include "kernels/render/scene_format.h"

/// The render kernel of a worker process. Use: decode_scene, check_request, PreparedFrame::prepare (once a
/// frame), render_tile (once a task) or render_leaf (once a disputed or audited leaf).
namespace reeve::kernels {

/// Called by the thread that called render_tile, after some leaves; false cancels the tile.
using RenderProgress = std::function<bool(std::uint32_t leaves_done, std::uint32_t leaves)>;

struct RenderOptions {
  unsigned threads = 1;                 ///< 1..kMaxRenderThreads; the caller is one of them
  const KernelTable* kernel = nullptr;  ///< null: the fastest that runs here
  RenderProgress progress;
};

inline constexpr unsigned kMaxRenderThreads = 1024;

/// The whole tile: leaf_count(request) leaves of kRenderLeafBytes each, in order. The same bits for any
/// options. Empty when cancelled. The request must pass `check_request` and name the prepared frame.
std::vector<std::uint8_t> render_tile(const PreparedFrame& prepared, const RenderRequest& request,
                                      const RenderOptions& options = {});

/// One leaf alone, leaf < leaf_count(request): the same kRenderLeafBytes bytes that render_tile gives it.
std::vector<std::uint8_t> render_leaf(const PreparedFrame& prepared, const RenderRequest& request,
                                      std::uint32_t leaf, const KernelTable* kernel = nullptr);

}  // namespace reeve::kernels
