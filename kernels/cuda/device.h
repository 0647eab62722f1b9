#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/plugin.h"

/// What the plug-in's files share: device memory that frees itself, launches, and how CUDA's errors are told.
namespace reeve::kernels::cuda {

/// Writes why, and says which status the error is.
ReeveCudaStatus fail(const char* what, cudaError_t error, ReeveCudaWhy* why);
ReeveCudaStatus refuse(const char* what, ReeveCudaWhy* why);

class DeviceMemory {
 public:
  DeviceMemory() = default;
  ~DeviceMemory() { cudaFree(pointer_); }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// Once.
  cudaError_t allocate(std::size_t size_bytes) {
    return cudaMalloc(&pointer_, size_bytes > 0 ? size_bytes : 1);
  }
  /// Copies `count` items of the host here and points `items` at the copy.
  template <class T>
  cudaError_t take(const T*& items, std::uint64_t count) {
    const std::size_t size_bytes = count * sizeof(T);
    cudaError_t error = allocate(size_bytes);
    if (error == cudaSuccess) error = cudaMemcpy(pointer_, items, size_bytes, cudaMemcpyHostToDevice);
    items = static_cast<const T*>(pointer_);
    return error;
  }
  template <class T>
  T* as() const {
    return static_cast<T*>(pointer_);
  }

 private:
  void* pointer_ = nullptr;
};

/// Launches a kernel with exactly its parameters; returns before it has run.
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, const Arguments&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments));
  const auto call = [&](Parameters... values) {
    void* pointers[] = {&values...};
    return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid, block, pointers, 0, nullptr);
  };
  return call(arguments...);
}

}  // namespace reeve::kernels::cuda
