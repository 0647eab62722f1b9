// The part of the CUDA runtime that the plug-in calls, on top of the PTX machine: linked in place of
// NVIDIA's, it makes the very object that ships run on a CPU. What goes wrong on a device can be asked for by
// environment variables, read when the library is loaded:
//   REEVE_PTX_DEVICES=N         devices that there are (1)
//   REEVE_PTX_MEMORY_MIB=N      memory of each (1024)
//   REEVE_PTX_LOSE_AT=N         the N-th launch loses the device, and nothing works after it (never)
//   REEVE_PTX_ORDER=reverse     later threads of a block run first
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "kernels/core/float_environment.h"
#include "kernels/verify/ptx_machine.h"

namespace {

using reeve::ptx::Entry;

std::size_t setting(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Machine {
  int devices = static_cast<int>(setting("REEVE_PTX_DEVICES", 1));
  std::size_t memory_bytes = setting("REEVE_PTX_MEMORY_MIB", 1024) << 20;
  std::size_t lose_at = setting("REEVE_PTX_LOSE_AT", 0);
  bool reverse = std::getenv("REEVE_PTX_ORDER") != nullptr &&
                 std::string_view(std::getenv("REEVE_PTX_ORDER")) == "reverse";

  int current = 0;
  std::size_t launches = 0;
  std::size_t taken_bytes = 0;  // of all devices: one is used at a time
  bool lost = false;
  cudaError_t last = cudaSuccess;
  std::unordered_map<void*, std::size_t> memory;
  std::unordered_map<const void*, const Entry*> kernels;

  cudaError_t say(cudaError_t error) {
    if (lost) error = cudaErrorECCUncorrectable;
    if (error != cudaSuccess) last = error;
    return error;
  }
};

Machine& machine() {
  static Machine one;
  return one;
}

struct Configuration {
  dim3 grid, block;
  std::size_t shared;
};
thread_local Configuration configured;

cudaError_t run(const Entry& entry, dim3 grid, dim3 block, void** arguments, std::size_t shared) {
  Machine& m = machine();
  if (++m.launches == m.lose_at) m.lost = true;
  const std::size_t threads = std::size_t{block.x} * block.y * block.z;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || threads == 0 || threads > reeve::ptx::kMostThreads ||
      grid.y > 65535 || grid.z > 65535 || entry.shared + shared > reeve::ptx::kMostShared)
    return m.say(cudaErrorInvalidConfiguration);
  if (m.lost) return m.say(cudaErrorECCUncorrectable);
  const reeve::kernels::FloatEnvironment float_environment;
  reeve::ptx::run_grid(entry, {{grid.x, grid.y, grid.z}, {block.x, block.y, block.z}, shared, m.reverse},
                       arguments);
  return cudaSuccess;
}

}  // namespace

extern "C" {

void** __cudaRegisterFatBinary(void*) {
  static void* handle = nullptr;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* host, char*, const char* device_name, int, uint3*, uint3*,
                            dim3*, dim3*, int*) {
  for (const Entry& entry : reeve::ptx::entries()) {
    if (std::strcmp(entry.name, device_name) == 0) machine().kernels[host] = &entry;
  }
}
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int) {}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, CUstream_st*) {
  configured = {grid, block, shared};
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void*) {
  *grid = configured.grid;
  *block = configured.block;
  *shared = configured.shared;
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(host));
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               std::size_t shared, cudaStream_t stream) {
  return cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}

cudaError_t cudaLaunchKernel(const void* host, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                             cudaStream_t) {
  const auto kernel = machine().kernels.find(host);
  if (kernel == machine().kernels.end()) return machine().say(cudaErrorNoKernelImageForDevice);
  return run(*kernel->second, grid, block, arguments, shared);
}
cudaError_t cudaDeviceSynchronize() {
  return machine().say(cudaSuccess);
}
cudaError_t cudaGetLastError() {
  const cudaError_t error = machine().last;
  if (!machine().lost) machine().last = cudaSuccess;
  return error;
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorECCUncorrectable: return "uncorrectable ECC error encountered";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    default: return "another error";
  }
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = machine().devices;
  return machine().say(*count > 0 ? cudaSuccess : cudaErrorNoDevice);
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= machine().devices) return machine().say(cudaErrorInvalidDevice);
  machine().current = device;
  return machine().say(cudaSuccess);
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= machine().devices) return machine().say(cudaErrorInvalidDevice);
  std::memset(properties, 0, sizeof *properties);
  std::snprintf(properties->name, sizeof properties->name, "PTX on a CPU (no device)");
  for (int i = 0; i < 16; ++i)
    properties->uuid.bytes[i] = static_cast<char>(i == 15 ? device : 0x50 + i);
  properties->totalGlobalMem = machine().memory_bytes;
  properties->major = 7;
  properties->minor = 5;
  properties->multiProcessorCount = 1;
  return machine().say(cudaSuccess);
}
cudaError_t cudaMalloc(void** pointer, std::size_t size_bytes) {
  Machine& m = machine();
  *pointer = nullptr;
  if (m.taken_bytes + size_bytes > m.memory_bytes) return m.say(cudaErrorMemoryAllocation);
  *pointer = std::aligned_alloc(256, (size_bytes + 255) / 256 * 256);
  if (*pointer == nullptr) return m.say(cudaErrorMemoryAllocation);
  m.memory[*pointer] = size_bytes;
  m.taken_bytes += size_bytes;
  return m.say(cudaSuccess);
}
cudaError_t cudaFree(void* pointer) {
  Machine& m = machine();
  if (pointer == nullptr) return m.say(cudaSuccess);
  const auto known = m.memory.find(pointer);
  if (known == m.memory.end()) return m.say(cudaErrorInvalidValue);
  m.taken_bytes -= known->second;
  m.memory.erase(known);
  std::free(pointer);
  return m.say(cudaSuccess);
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t size_bytes, cudaMemcpyKind) {
  if (size_bytes > 0) std::memcpy(to, from, size_bytes);
  return machine().say(cudaSuccess);
}
cudaError_t cudaMemset(void* to, int value, std::size_t size_bytes) {
  std::memset(to, value, size_bytes);
  return machine().say(cudaSuccess);
}
}
