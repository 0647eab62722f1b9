#include "agent/sandbox/gpu.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <string_view>

namespace reeve::agent::sandbox {
namespace {

namespace fs = std::filesystem;

/// CUDA, OpenCL, OptiX and the video coders: whatever of the driver a program loads by name. The rest of the
/// driver belongs to screens.
constexpr std::array<std::string_view, 12> kLibraries{
    "libcuda.so",          "libcudadebugger.so",   "libnvidia-ml.so",     "libnvidia-ptxjitcompiler.so",
    "libnvidia-nvvm.so",   "libnvidia-gpucomp.so", "libnvidia-opencl.so", "libnvoptix.so",
    "libnvidia-rtcore.so", "libnvcuvid.so",        "libnvidia-encode.so", "libnvidia-cfg.so"};
constexpr std::array kSharedNodes{"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"};
/// Where distributions and the driver's own installer put them.
constexpr std::array kFolders{"usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/nvidia/current",
                              "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib"};
constexpr const char* kLoaderFolders = "etc/ld.so.conf.d";

/// "libcuda.so.1", "libcuda.so.535.129.03": a library of the driver by a name that programs load.
bool is_driver_library(std::string_view name) {
  return std::any_of(kLibraries.begin(), kLibraries.end(), [name](std::string_view stem) {
    return name.starts_with(stem) && name.size() > stem.size() + 1 && name[stem.size()] == '.' &&
           name.find_first_not_of("0123456789.", stem.size()) == std::string_view::npos;
  });
}

std::vector<fs::path> library_folders(const fs::path& host) {
  std::vector<fs::path> folders;
  std::error_code error;
  std::set<fs::path> files;  // in the loader's order
  for (const auto& entry : fs::directory_iterator(host / kLoaderFolders, error))
    files.insert(entry.path());
  for (const fs::path& file : files) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with('/')) folders.push_back(host / fs::path(line).relative_path());
  }
  for (const char* folder : kFolders)
    folders.push_back(host / folder);
  return folders;
}

}  // namespace

GpuAccess gpu_access(const std::vector<int>& minors, const fs::path& host) {
  GpuAccess access;
  if (minors.empty()) return access;
  std::error_code error;
  const auto add_node = [&](const std::string& node) {
    if (fs::exists(host / fs::path(node).relative_path(), error)) access.nodes.push_back(node);
  };
  for (const int minor : minors)
    add_node("/dev/nvidia" + std::to_string(minor));
  for (const char* node : kSharedNodes)
    add_node(node);
  std::set<std::string> known;
  for (const fs::path& folder : library_folders(host)) {
    std::set<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (is_driver_library(entry.path().filename().string())) entries.insert(entry.path());
    for (const fs::path& path : entries) {
      const fs::path source = fs::canonical(path, error);
      const std::string name = path.filename().string();
      if (error || !fs::is_regular_file(source) || !known.insert(name).second) continue;
      access.libraries.push_back({source, std::string(kGpuFolder) + "/" + name});
    }
  }
  return access;
}

}  // namespace reeve::agent::sandbox
