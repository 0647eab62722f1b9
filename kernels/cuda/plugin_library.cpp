#include "kernels/cuda/plugin_library.h"

#include <dlfcn.h>

#include <algorithm>

namespace reeve::kernels {
namespace {

/// More than any machine has.
constexpr std::uint32_t kMostDevices = 64;

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool failed(ReeveCudaStatus status, const ReeveCudaWhy& why, PluginFailure& failure) {
  failure = {status, status == kReeveCudaOk ? "" : why.text};
  return status != kReeveCudaOk;
}

using Progress = std::function<bool(std::uint64_t, std::uint64_t)>;

int call_progress(void* context, std::uint64_t done, std::uint64_t all) {
  return (*static_cast<const Progress*>(context))(done, all) ? 0 : 1;
}

}  // namespace

std::unique_ptr<PluginLibrary> PluginLibrary::open(const std::string& path, std::string& error) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    error = dlerror();
    return nullptr;
  }
  std::unique_ptr<PluginLibrary> library(new PluginLibrary);
  if (!find(handle, "reeve_cuda_abi", library->abi_) || library->abi_() != kReeveCudaAbi) {
    error = path + " is of another version than this program; install those of one build";
    return nullptr;
  }
  if (!find(handle, "reeve_cuda_devices", library->devices_) ||
      !find(handle, "reeve_cuda_open_frame", library->open_frame_) ||
      !find(handle, "reeve_cuda_render", library->render_) ||
      !find(handle, "reeve_cuda_close_frame", library->close_frame_)) {
    error = path + " lacks a function of the plug-in's interface";
    return nullptr;
  }
  return library;
}

std::vector<ReeveCudaDevice> PluginLibrary::devices(PluginFailure& failure) const {
  std::vector<ReeveCudaDevice> devices(kMostDevices);
  std::uint32_t count = 0;
  ReeveCudaWhy why{};
  if (failed(devices_(devices.data(), kMostDevices, &count, &why), why, failure)) count = 0;
  devices.resize(std::min(count, kMostDevices));
  return devices;
}

std::string uuid_text(const ReeveCudaDevice& device) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = "GPU-";
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[device.uuid[i] >> 4];
    text += kDigits[device.uuid[i] & 15];
  }
  return text;
}

std::unique_ptr<DeviceFrame> DeviceFrame::open(const PluginLibrary& library, std::uint32_t device,
                                               const PreparedFrame& prepared, PluginFailure& failure) {
  const ReeveCudaScene scene{prepared.view(),
                             prepared.nodes().size(),
                             prepared.leaves().size(),
                             prepared.triangles().size(),
                             prepared.materials().size(),
                             prepared.textures().size(),
                             prepared.texels().size()};
  ReeveCudaFrame* frame = nullptr;
  ReeveCudaWhy why{};
  if (failed(library.open_frame_(device, &scene, &frame, &why), why, failure)) return nullptr;
  return std::unique_ptr<DeviceFrame>(new DeviceFrame(library, frame));
}

DeviceFrame::~DeviceFrame() {
  library_.close_frame_(frame_);
}

std::vector<std::uint8_t> DeviceFrame::render_tile(const RenderRequest& request, const Progress& progress,
                                                   PluginFailure& failure) const {
  std::vector<std::uint8_t> bytes(std::size_t{leaf_count(request)} * kRenderLeafBytes);
  Progress copy = progress;
  ReeveCudaWhy why{};
  const ReeveCudaStatus status = library_.render_(frame_, &request, bytes.data(), bytes.size(),
                                                  progress ? call_progress : nullptr, &copy, &why);
  if (failed(status, why, failure)) bytes.clear();
  return bytes;
}

}  // namespace reeve::kernels
