#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/plugin.h"
#include "kernels/render/prepare.h"
#include "kernels/render/render.h"

namespace reeve::kernels {

/// Why a device did not do something.
struct PluginFailure {
  ReeveCudaStatus status = kReeveCudaOk;
  std::string why;
};

/// The plug-in, opened. Stays open until the process ends: a driver does not like to be closed.
class PluginLibrary {
 public:
  /// Null, with a reason in `error`, where it is not there, is no plug-in or was built from another source.
  static std::unique_ptr<PluginLibrary> open(const std::string& path, std::string& error);

  /// Those of this machine, in the order of their indices; empty, with a failure, where there are none.
  std::vector<ReeveCudaDevice> devices(PluginFailure& failure) const;

 private:
  friend class DeviceFrame;
  PluginLibrary() = default;

  decltype(&reeve_cuda_abi) abi_ = nullptr;
  decltype(&reeve_cuda_devices) devices_ = nullptr;
  decltype(&reeve_cuda_open_frame) open_frame_ = nullptr;
  decltype(&reeve_cuda_render) render_ = nullptr;
  decltype(&reeve_cuda_close_frame) close_frame_ = nullptr;
};

/// "GPU-5a6b…", as NVIDIA's tools write it.
std::string uuid_text(const ReeveCudaDevice& device);

/// A prepared frame in a device's memory.
class DeviceFrame {
 public:
  /// device: its index. Null, with a failure, where the device has no room for it or does not work.
  static std::unique_ptr<DeviceFrame> open(const PluginLibrary& library, std::uint32_t device,
                                           const PreparedFrame& prepared, PluginFailure& failure);
  ~DeviceFrame();
  DeviceFrame(const DeviceFrame&) = delete;
  DeviceFrame& operator=(const DeviceFrame&) = delete;

  /// As render_tile of the CPU, to the bit; progress counts in samples, and is called at least every 200 ms.
  /// Empty, with a failure, where it did not come to its end; kReeveCudaCancelled where progress said so.
  std::vector<std::uint8_t> render_tile(const RenderRequest& request,
                                        const std::function<bool(std::uint64_t, std::uint64_t)>& progress,
                                        PluginFailure& failure) const;

 private:
  DeviceFrame(const PluginLibrary& library, ReeveCudaFrame* frame) : library_(library), frame_(frame) {}

  const PluginLibrary& library_;
  ReeveCudaFrame* frame_;
};

}  // namespace reeve::kernels
