// Which devices there are, and what CUDA's errors mean to a worker.
#include "kernels/cuda/device.h"

#include <cstdio>
#include <cstring>

namespace reeve::kernels::cuda {
namespace {

ReeveCudaStatus status_of(cudaError_t error) {
  switch (error) {
    case cudaSuccess: return kReeveCudaOk;
    case cudaErrorMemoryAllocation: return kReeveCudaOutOfMemory;
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInvalidDevice:
    case cudaErrorStubLibrary:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion: return kReeveCudaNoDevice;
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration: return kReeveCudaInvalid;
    default:  // those that remain end every context of the process, or say that its driver does not work
      return kReeveCudaDeviceLost;
  }
}

void write(const char* text, const char* more, ReeveCudaWhy* why) {
  std::snprintf(why->text, sizeof why->text, "%s: %s", text, more);
}

}  // namespace

ReeveCudaStatus fail(const char* what, cudaError_t error, ReeveCudaWhy* why) {
  write(what, cudaGetErrorString(error), why);
  cudaGetLastError();  // one that does not stick is not to be told of again
  return status_of(error);
}

ReeveCudaStatus refuse(const char* what, ReeveCudaWhy* why) {
  write("broken contract", what, why);
  return kReeveCudaInvalid;
}

}  // namespace reeve::kernels::cuda

using reeve::kernels::cuda::fail;

uint64_t reeve_cuda_abi(void) {
  return reeve::kernels::kReeveCudaAbi;
}

ReeveCudaStatus reeve_cuda_devices(ReeveCudaDevice* devices, uint32_t room, uint32_t* count,
                                   ReeveCudaWhy* why) {
  *count = 0;
  int found = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&found); error != cudaSuccess)
    return fail("looking for devices", error, why);
  *count = static_cast<uint32_t>(found);
  for (uint32_t i = 0; i < *count && i < room; ++i) {
    cudaDeviceProp properties;
    if (const cudaError_t error = cudaGetDeviceProperties(&properties, static_cast<int>(i));
        error != cudaSuccess)
      return fail("asking a device what it is", error, why);
    ReeveCudaDevice& device = devices[i];
    std::snprintf(device.name, sizeof device.name, "%s", properties.name);
    std::memcpy(device.uuid, &properties.uuid, sizeof device.uuid);
    device.memory_bytes = properties.totalGlobalMem;
    device.major = static_cast<uint32_t>(properties.major);
    device.minor = static_cast<uint32_t>(properties.minor);
    device.processors = static_cast<uint32_t>(properties.multiProcessorCount);
  }
  return kReeveCudaOk;
}
