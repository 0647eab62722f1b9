#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/render/request.h"
#include "kernels/render/view.h"

/// The C interface of the shared library reeve_kernels_cuda, which a worker process opens where there is an
/// NVIDIA driver. It runs the very source of the CPU kernel and gives the same bits.
///
/// Functions that can fail return 0 for success; else they write a reason, ended by a zero and cut to
/// `error_bytes`, to `error`. A frame handle belongs to one thread at a time.

extern "C" {

/// The arrays of a prepared frame and their lengths; pointers are the host's.
struct ReeveCudaScene {
  reeve::kernels::SceneView view;
  uint64_t nodes, leaves, triangles, materials, textures, texels;
};

/// A frame in a device's memory.
struct ReeveCudaFrame;

/// 0 where there is no device or no driver.
int reeve_cuda_device_count(void);

int reeve_cuda_upload_frame(int device, const struct ReeveCudaScene* scene, struct ReeveCudaFrame** frame,
                            char* error, size_t error_bytes);

/// out: leaf_count(request) · kRenderLeafBytes bytes, as render_tile gives.
int reeve_cuda_render_tile(const struct ReeveCudaFrame* frame, const reeve::kernels::RenderRequest* request,
                           uint8_t* out, size_t out_bytes, char* error, size_t error_bytes);

/// Frees the device memory; null is ignored.
void reeve_cuda_free_frame(struct ReeveCudaFrame* frame);
}
