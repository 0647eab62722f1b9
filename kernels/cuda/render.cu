// Renders on a device by the source of kernels/render: a thread a pixel and a few of its samples.
#include <algorithm>
#include <chrono>
#include <memory>
#include <new>

#include "kernels/cuda/device.h"
#include "kernels/render/pixel.h"

namespace reeve::kernels::cuda {

/// Samples of a pixel that one thread takes: enough to hide its beginning, few enough that a small tile with
/// many samples fills a device.
inline constexpr std::uint32_t kThreadSamples = 4;

/// Leaves whose sums are in device memory at once: 96 MiB.
inline constexpr std::uint32_t kPassLeaves = 1u << 16;

/// The part of a tile that a launch renders: units, each a leaf and kThreadSamples samples of its pixels.
struct Part {
  std::uint32_t first_leaf;  ///< of the pass
  std::uint32_t leaves;      ///< of the pass
  std::uint64_t first_unit;  ///< of the pass: unit = samples / kThreadSamples · leaves + leaf
};

/// Adds samples of one leaf's pixels to their sums. A block a unit, kLeafPixels threads.
///   sums  [leaves, kLeafPixels, 3] int64 fixed point; integers, so that no order of additions shows
__global__ void __launch_bounds__(kLeafPixels)
    add_samples(SceneView scene, RenderRequest request, Part part, unsigned long long* sums) {
  const std::uint64_t unit = part.first_unit + blockIdx.x;
  const auto leaf = static_cast<std::uint32_t>(unit % part.leaves);
  const std::uint32_t first = static_cast<std::uint32_t>(unit / part.leaves) * kThreadSamples;
  const std::uint32_t end =
      request.samples - first < kThreadSamples ? request.samples : first + kThreadSamples;
  const LeafPlace place = leaf_place(request, part.first_leaf + leaf, threadIdx.x);
  if (!place.inside) return;
  const FixedSum sum = sum_samples(scene, request, place.x, place.y, first, end);
  unsigned long long* out = sums + (std::size_t{leaf} * kLeafPixels + threadIdx.x) * 3;
  atomicAdd(out, static_cast<unsigned long long>(sum.red));
  atomicAdd(out + 1, static_cast<unsigned long long>(sum.green));
  atomicAdd(out + 2, static_cast<unsigned long long>(sum.blue));
}

/// Turns sums into the words of the result, where they are. A block a leaf.
///   words  [leaves, kLeafPixels, 3] binary32
__global__ void __launch_bounds__(kLeafPixels) finish_leaves(RenderRequest request, std::uint32_t first_leaf,
                                                             const long long* sums, std::uint32_t* words) {
  const std::size_t at = (std::size_t{blockIdx.x} * kLeafPixels + threadIdx.x) * 3;
  const LeafPlace place = leaf_place(request, first_leaf + blockIdx.x, threadIdx.x);
  const FixedSum sum{sums[at], sums[at + 1], sums[at + 2]};
  const PixelWords pixel = place.inside ? pixel_words(sum.mean(request.samples)) : PixelWords{{0, 0, 0}};
  for (int channel = 0; channel < 3; ++channel)
    words[at + channel] = pixel.word[channel];
}

namespace {

/// What launches aim at: short enough for a desktop's watchdog and for a cancel within 200 ms.
constexpr double kLaunchSeconds = 0.05;
constexpr std::uint64_t kFirstUnits = 256;
constexpr std::uint64_t kMostUnits = 1u << 22;

/// How many units the next launch has, by how long the last ones took.
class Pace {
 public:
  std::uint64_t units() const { return units_; }
  void took(std::uint64_t units, double seconds) {
    if (units < units_) return;  // the rest of a pass says little
    const double factor = std::clamp(kLaunchSeconds / std::max(seconds, 1e-6), 0.25, 4.0);
    units_ = std::clamp(static_cast<std::uint64_t>(static_cast<double>(units) * factor), std::uint64_t{1},
                        kMostUnits);
  }

 private:
  std::uint64_t units_ = kFirstUnits;
};

struct Tile {
  const SceneView& scene;
  const RenderRequest& request;
  ReeveCudaProgress progress;
  void* context;
  std::uint64_t units_done = 0;  // of all passes
  std::uint64_t units = 0;
  Pace pace{};

  std::uint64_t chunks() const {
    return (std::uint64_t{request.samples} + kThreadSamples - 1) / kThreadSamples;
  }
  bool goes_on() const {
    return progress == nullptr || progress(context, units_done * kLeafPixels * kThreadSamples,
                                           units * kLeafPixels * kThreadSamples) == 0;
  }
};

/// All samples of some leaves. `cancelled` is set where progress said so.
cudaError_t add_all(Tile& tile, std::uint32_t first_leaf, std::uint32_t leaves, unsigned long long* sums,
                    bool& cancelled) {
  const std::uint64_t units = tile.chunks() * leaves;
  for (std::uint64_t first = 0; first < units;) {
    if (cancelled = !tile.goes_on(); cancelled) return cudaSuccess;
    const std::uint64_t count = std::min(units - first, tile.pace.units());
    const auto begin = std::chrono::steady_clock::now();
    cudaError_t error = launch(add_samples, static_cast<unsigned>(count), kLeafPixels, tile.scene,
                               tile.request, Part{first_leaf, leaves, first}, sums);
    if (error == cudaSuccess) error = cudaDeviceSynchronize();
    if (error != cudaSuccess) return error;
    tile.pace.took(count, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    first += count;
    tile.units_done += count;
  }
  return cudaSuccess;
}

cudaError_t render_passes(Tile& tile, std::uint8_t* out, bool& cancelled) {
  const std::uint32_t leaves = leaf_count(tile.request);
  const std::uint32_t at_once = std::min(leaves, kPassLeaves);
  DeviceMemory sums;
  DeviceMemory words;
  const std::size_t sum_bytes = std::size_t{at_once} * kLeafPixels * 3 * sizeof(long long);
  cudaError_t error = sums.allocate(sum_bytes);
  if (error == cudaSuccess) error = words.allocate(std::size_t{at_once} * kRenderLeafBytes);
  for (std::uint32_t first = 0; first < leaves && error == cudaSuccess; first += at_once) {
    const std::uint32_t count = std::min(at_once, leaves - first);
    error = cudaMemset(sums.as<void>(), 0, sum_bytes);
    if (error == cudaSuccess) error = add_all(tile, first, count, sums.as<unsigned long long>(), cancelled);
    if (cancelled) break;
    if (error == cudaSuccess)
      error = launch(finish_leaves, count, kLeafPixels, tile.request, first, sums.as<const long long>(),
                     words.as<std::uint32_t>());
    if (error == cudaSuccess)
      error = cudaMemcpy(out + std::size_t{first} * kRenderLeafBytes, words.as<void>(),
                         std::size_t{count} * kRenderLeafBytes, cudaMemcpyDeviceToHost);
  }
  return error;
}

}  // namespace
}  // namespace reeve::kernels::cuda

using namespace reeve::kernels;

struct ReeveCudaFrame {
  int device = 0;
  SceneView view{};
  cuda::DeviceMemory nodes, leaves, triangles, materials, textures, texels, srgb, lights;

  cudaError_t upload(const ReeveCudaScene& scene) {
    view = scene.view;
    cudaError_t error = cudaSetDevice(device);
    if (error == cudaSuccess) error = nodes.take(view.nodes, scene.nodes);
    if (error == cudaSuccess) error = leaves.take(view.leaves, scene.leaves);
    if (error == cudaSuccess) error = triangles.take(view.triangles, scene.triangles);
    if (error == cudaSuccess) error = materials.take(view.materials, scene.materials);
    if (error == cudaSuccess) error = textures.take(view.textures, scene.textures);
    if (error == cudaSuccess) error = texels.take(view.texels, scene.texels);
    if (error == cudaSuccess) error = srgb.take(view.srgb_to_linear, 256);
    if (error == cudaSuccess) error = lights.take(view.lights, view.light_count);
    return error;
  }
};

ReeveCudaStatus reeve_cuda_open_frame(uint32_t device, const ReeveCudaScene* scene, ReeveCudaFrame** frame,
                                      ReeveCudaWhy* why) {
  std::unique_ptr<ReeveCudaFrame> fresh(new (std::nothrow) ReeveCudaFrame);
  if (!fresh) return cuda::fail("copying the frame to the device", cudaErrorMemoryAllocation, why);
  fresh->device = static_cast<int>(device);
  if (const cudaError_t error = fresh->upload(*scene); error != cudaSuccess)
    return cuda::fail("copying the frame to the device", error, why);
  *frame = fresh.release();
  return kReeveCudaOk;
}

ReeveCudaStatus reeve_cuda_render(const ReeveCudaFrame* frame, const RenderRequest* request, uint8_t* out,
                                  size_t out_bytes, ReeveCudaProgress progress, void* context,
                                  ReeveCudaWhy* why) {
  if (out_bytes != std::size_t{leaf_count(*request)} * kRenderLeafBytes)
    return cuda::refuse("the output has another length than the tile's leaves", why);
  if (request->frame != frame->view.frame) return cuda::refuse("the request names another frame", why);
  cuda::Tile tile{frame->view, *request, progress, context};
  tile.units = tile.chunks() * leaf_count(*request);
  bool cancelled = false;
  cudaError_t error = cudaSetDevice(frame->device);
  if (error == cudaSuccess) error = cuda::render_passes(tile, out, cancelled);
  if (error != cudaSuccess) return cuda::fail("rendering a tile", error, why);
  return cancelled ? kReeveCudaCancelled : kReeveCudaOk;
}

void reeve_cuda_close_frame(ReeveCudaFrame* frame) {
  delete frame;
}
