#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/render/request.h"
#include "kernels/render/view.h"

/// The C interface of the plug-in libreeve_cuda.so, which a worker process opens where its slot has NVIDIA
/// GPUs. It holds the source of the CPU kernels, compiled for devices, and gives the same bits. It links the
/// CUDA runtime statically, and that opens the driver when it is first asked: a machine without a driver gets
/// kReeveCudaNoDevice.
///
/// Every function that can fail returns a status and, unless that is kReeveCudaOk, a sentence in `why`.
/// A handle belongs to one thread at a time. After kReeveCudaDeviceLost nothing on any device works in this
/// process any more.

extern "C" {

enum ReeveCudaStatus : int32_t {
  kReeveCudaOk = 0,
  kReeveCudaCancelled = 1,    ///< by the caller's progress function
  kReeveCudaInvalid = 2,      ///< the caller broke the contract
  kReeveCudaOutOfMemory = 3,  ///< of the device; what was taken is given back
  kReeveCudaDeviceLost = 4,   ///< the device or its driver failed
  kReeveCudaNoDevice = 5      ///< no driver, one that is too old, or no such device
};

struct ReeveCudaWhy {
  char text[512];  ///< ended by a zero
};

struct ReeveCudaDevice {
  char name[128];
  uint8_t uuid[16];
  uint64_t memory_bytes;
  uint32_t major, minor;  ///< compute capability
  uint32_t processors;    ///< streaming multiprocessors
};

/// The arrays of a prepared frame and their lengths; pointers are the host's.
struct ReeveCudaScene {
  reeve::kernels::SceneView view;
  uint64_t nodes, leaves, triangles, materials, textures, texels;
};

/// A frame in a device's memory.
struct ReeveCudaFrame;

/// Called by the thread that renders, at least every 200 ms; another value than 0 cancels.
typedef int (*ReeveCudaProgress)(void* context, uint64_t samples_done, uint64_t samples);

/// kReeveCudaAbi of the plug-in's own build: a worker opens no plug-in with another.
uint64_t reeve_cuda_abi(void);

/// Fills at most `room` devices, in the order of their indices; count: how many there are.
ReeveCudaStatus reeve_cuda_devices(struct ReeveCudaDevice* devices, uint32_t room, uint32_t* count,
                                   struct ReeveCudaWhy* why);

/// Copies a frame to the device of that index.
ReeveCudaStatus reeve_cuda_open_frame(uint32_t device, const struct ReeveCudaScene* scene,
                                      struct ReeveCudaFrame** frame, struct ReeveCudaWhy* why);

/// out: leaf_count(request) · kRenderLeafBytes bytes, as render_tile gives. progress may be null.
ReeveCudaStatus reeve_cuda_render(const struct ReeveCudaFrame* frame,
                                  const struct reeve::kernels::RenderRequest* request, uint8_t* out,
                                  size_t out_bytes, ReeveCudaProgress progress, void* context,
                                  struct ReeveCudaWhy* why);

/// Frees the device memory; null is ignored.
void reeve_cuda_close_frame(struct ReeveCudaFrame* frame);
}

namespace reeve::kernels {

/// The interface's version, and the sizes of what crosses it: both sides must have been built from one
/// source.
inline constexpr uint64_t kReeveCudaAbi =
    uint64_t{2} << 56 | uint64_t{sizeof(ReeveCudaScene)} << 40 | uint64_t{sizeof(TreeNode)} << 28 |
    uint64_t{sizeof(TreeLeaf)} << 16 | uint64_t{sizeof(TriangleView)} << 8 | sizeof(RenderRequest);

}  // namespace reeve::kernels
