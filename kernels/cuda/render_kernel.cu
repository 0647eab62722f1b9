// The one CUDA translation unit: launches kernels/render on a device, a thread a pixel, a block a leaf.
#include <cuda_runtime.h>
#include <cstdio>
#include <vector>

#include "kernels/cuda/cuda_render.h"
#include "kernels/render/pixel.h"

namespace {

using reeve::kernels::kLeafPixels;
using reeve::kernels::kRenderLeafBytes;
using reeve::kernels::RenderRequest;
using reeve::kernels::SceneView;

/// Leaves of one launch: short enough for a desktop's watchdog, long enough to fill a device.
constexpr std::uint32_t kLeavesPerLaunch = 2048;

__global__ void __launch_bounds__(kLeafPixels)
    render_leaves(SceneView scene, RenderRequest request, std::uint32_t first_leaf, std::uint32_t* words) {
  const std::uint32_t leaf = first_leaf + blockIdx.x;
  const auto pixel = reeve::kernels::leaf_pixel(scene, request, leaf, threadIdx.x);
  std::uint32_t* out = words + (std::size_t{leaf} * kLeafPixels + threadIdx.x) * 3;
  for (int channel = 0; channel < 3; ++channel)
    out[channel] = pixel.word[channel];
}

/// Device memory that frees itself.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  ~DeviceMemory() { cudaFree(pointer_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  cudaError_t allocate(std::size_t size_bytes) {
    return cudaMalloc(&pointer_, size_bytes > 0 ? size_bytes : 1);
  }

  /// Copies `count` items of the host here and points `items` at the copy.
  template <class T>
  cudaError_t take(const T*& items, std::uint64_t count) {
    const std::size_t size_bytes = count * sizeof(T);
    cudaError_t status = allocate(size_bytes);
    if (status == cudaSuccess) status = cudaMemcpy(pointer_, items, size_bytes, cudaMemcpyHostToDevice);
    items = static_cast<const T*>(pointer_);
    return status;
  }
  void* get() const { return pointer_; }

 private:
  void* pointer_ = nullptr;
};

int fail(const char* what, cudaError_t status, char* error, std::size_t error_bytes) {
  std::snprintf(error, error_bytes, "cuda: %s: %s", what, cudaGetErrorString(status));
  return 1;
}

cudaError_t launch_all(const SceneView& scene, const RenderRequest& request, std::uint32_t* words) {
  const std::uint32_t leaves = reeve::kernels::leaf_count(request);
  for (std::uint32_t first = 0; first < leaves; first += kLeavesPerLaunch) {
    const std::uint32_t count = leaves - first < kLeavesPerLaunch ? leaves - first : kLeavesPerLaunch;
    render_leaves<<<count, kLeafPixels>>>(scene, request, first, words);
    const cudaError_t status = cudaGetLastError();
    if (status != cudaSuccess) return status;
  }
  return cudaDeviceSynchronize();
}

}  // namespace

struct ReeveCudaFrame {
  int device = 0;
  SceneView view{};
  DeviceMemory nodes, leaves, triangles, materials, textures, texels, srgb, lights;

  cudaError_t upload(const ReeveCudaScene& scene) {
    view = scene.view;
    cudaError_t status = cudaSetDevice(device);
    if (status == cudaSuccess) status = nodes.take(view.nodes, scene.nodes);
    if (status == cudaSuccess) status = leaves.take(view.leaves, scene.leaves);
    if (status == cudaSuccess) status = triangles.take(view.triangles, scene.triangles);
    if (status == cudaSuccess) status = materials.take(view.materials, scene.materials);
    if (status == cudaSuccess) status = textures.take(view.textures, scene.textures);
    if (status == cudaSuccess) status = texels.take(view.texels, scene.texels);
    if (status == cudaSuccess) status = srgb.take(view.srgb_to_linear, 256);
    if (status == cudaSuccess) status = lights.take(view.lights, view.light_count);
    return status;
  }
};

int reeve_cuda_device_count(void) {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

int reeve_cuda_upload_frame(int device, const ReeveCudaScene* scene, ReeveCudaFrame** frame, char* error,
                            size_t error_bytes) {
  auto* uploaded = new ReeveCudaFrame;
  uploaded->device = device;
  const cudaError_t status = uploaded->upload(*scene);
  if (status != cudaSuccess) {
    delete uploaded;
    return fail("copying the frame to the device", status, error, error_bytes);
  }
  *frame = uploaded;
  return 0;
}

int reeve_cuda_render_tile(const ReeveCudaFrame* frame, const RenderRequest* request, uint8_t* out,
                           size_t out_bytes, char* error, size_t error_bytes) {
  const std::size_t size_bytes = std::size_t{reeve::kernels::leaf_count(*request)} * kRenderLeafBytes;
  if (out_bytes != size_bytes) return fail("the output's length", cudaErrorInvalidValue, error, error_bytes);
  cudaError_t status = cudaSetDevice(frame->device);
  DeviceMemory words;
  if (status == cudaSuccess) status = words.allocate(size_bytes);
  if (status == cudaSuccess)
    status = launch_all(frame->view, *request, static_cast<std::uint32_t*>(words.get()));
  if (status == cudaSuccess) status = cudaMemcpy(out, words.get(), size_bytes, cudaMemcpyDeviceToHost);
  return status == cudaSuccess ? 0 : fail("rendering a tile", status, error, error_bytes);
}

void reeve_cuda_free_frame(ReeveCudaFrame* frame) {
  delete frame;
}
