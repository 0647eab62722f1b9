#include "kernels/render/render.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "kernels/core/float_environment.h"

namespace reeve::kernels {
namespace {

bool refuse(std::string& error, const char* field, std::uint64_t value, std::uint64_t low,
            std::uint64_t high) {
  if (value >= low && value <= high) return false;
  error = std::string("render request: ") + field + " = " + std::to_string(value) + " must lie in " +
          std::to_string(low) + ".." + std::to_string(high);
  return true;
}

/// A caller that breaks the contract would get bytes that convict it: better to end here.
void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "kernels: broken contract: %s\n", rule);
  std::abort();
}

void require_request(const PreparedFrame& prepared, const RenderRequest& request) {
  std::string error;
  require(check_request(request, error), "the request must pass check_request");
  require(request.frame == prepared.frame(), "the request must name the prepared frame");
}

const KernelTable& kernel_or_best(const KernelTable* kernel) {
  return kernel != nullptr ? *kernel : best_kernel();
}

/// A tile that several threads fill, each taking the next leaf that nobody has.
class TileRun {
 public:
  TileRun(const PreparedFrame& prepared, const RenderRequest& request, const KernelTable& kernel)
      : scene_(prepared.view()),
        request_(request),
        kernel_(kernel),
        leaves_(leaf_count(request)),
        bytes_(leaves_ * kRenderLeafBytes) {}

  void work(const RenderProgress* progress) {
    const FloatEnvironment float_environment;
    for (;;) {
      if (cancelled_.load(std::memory_order_relaxed)) return;
      const std::uint32_t leaf = next_.fetch_add(1, std::memory_order_relaxed);
      if (leaf >= leaves_) return;
      kernel_.render_leaf(scene_, request_, leaf, bytes_.data() + leaf * kRenderLeafBytes);
      const std::uint32_t done = done_.fetch_add(1, std::memory_order_relaxed) + 1;
      if (progress != nullptr && *progress && !(*progress)(done, leaves_)) cancelled_.store(true);
    }
  }
  std::uint32_t leaves() const { return leaves_; }
  std::vector<std::uint8_t> take() {
    if (cancelled_.load()) return {};
    return std::move(bytes_);
  }

 private:
  const SceneView& scene_;
  const RenderRequest& request_;
  const KernelTable& kernel_;
  const std::uint32_t leaves_;
  std::vector<std::uint8_t> bytes_;
  std::atomic<std::uint32_t> next_{0};
  std::atomic<std::uint32_t> done_{0};
  std::atomic<bool> cancelled_{false};
};

}  // namespace

bool check_request(const RenderRequest& request, std::string& error) {
  if (refuse(error, "image_width", request.image_width, 1, kMaxImageSide) ||
      refuse(error, "image_height", request.image_height, 1, kMaxImageSide) ||
      refuse(error, "tile_width", request.tile_width, 1, request.image_width) ||
      refuse(error, "tile_height", request.tile_height, 1, request.image_height) ||
      refuse(error, "tile_x", request.tile_x, 0, request.image_width - request.tile_width) ||
      refuse(error, "tile_y", request.tile_y, 0, request.image_height - request.tile_height) ||
      refuse(error, "samples", request.samples, 1, kMaxRequestSamples) ||
      refuse(error, "max_depth", request.max_depth, 1, kMaxDepth)) {
    return false;
  }
  error.clear();
  return true;
}

std::vector<std::uint8_t> render_tile(const PreparedFrame& prepared, const RenderRequest& request,
                                      const RenderOptions& options) {
  require_request(prepared, request);
  require(options.threads >= 1 && options.threads <= kMaxRenderThreads,
          "threads must lie in 1..kMaxRenderThreads");
  TileRun run(prepared, request, kernel_or_best(options.kernel));
  std::vector<std::jthread> helpers;
  const unsigned helper_count = std::min(options.threads, run.leaves()) - 1;
  for (unsigned i = 0; i < helper_count; ++i)
    helpers.emplace_back([&run] { run.work(nullptr); });
  run.work(&options.progress);
  helpers.clear();  // joins
  return run.take();
}

std::vector<std::uint8_t> render_leaf(const PreparedFrame& prepared, const RenderRequest& request,
                                      std::uint32_t leaf, const KernelTable* kernel) {
  require_request(prepared, request);
  require(leaf < leaf_count(request), "the leaf must be one of the tile's");
  const FloatEnvironment float_environment;
  std::vector<std::uint8_t> bytes(kRenderLeafBytes);
  kernel_or_best(kernel).render_leaf(prepared.view(), request, leaf, bytes.data());
  return bytes;
}

}  // namespace reeve::kernels
