#include "agent/shell/devices.h"

#include <hwloc.h>

#include <algorithm>

#include "agent/image/cache.h"
#include "agent/sandbox/sandbox.h"
#include "agent/shell/nvml_probe.h"

namespace reeve::agent {
namespace {

std::string instruction_set() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "x86-64-v4";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    return "x86-64-v3";
  if (__builtin_cpu_supports("sse4.2")) return "x86-64-v2";
  return "x86-64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "unknown";
#endif
}

std::uint32_t count(hwloc_topology_t topology, hwloc_obj_type_t type) {
  const int n = hwloc_get_nbobjs_by_type(topology, type);
  return static_cast<std::uint32_t>(std::max(n, 1));
}

}  // namespace

Devices find_devices(const std::filesystem::path& programs) {
  Devices devices;
  devices.isa = instruction_set();
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) == 0 && hwloc_topology_load(topology) == 0) {
    devices.cores = count(topology, HWLOC_OBJ_CORE);
    devices.threads = count(topology, HWLOC_OBJ_PU);
    devices.memory_mib = hwloc_get_root_obj(topology)->total_memory >> 20;
    for (hwloc_obj_t package = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PACKAGE, nullptr);
         package && devices.cpu_model.empty();
         package = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PACKAGE, package)) {
      if (const char* model = hwloc_obj_get_info_by_name(package, "CPUModel")) devices.cpu_model = model;
      if (const char* vendor = hwloc_obj_get_info_by_name(package, "CPUVendor")) devices.cpu_vendor = vendor;
    }
  }
  if (topology) hwloc_topology_destroy(topology);
  NvmlAnswer answer = probe_nvml();
  devices.gpus = std::move(answer.gpus);
  devices.gpu_note = std::move(answer.note);
  devices.gpu_driver = std::move(answer.driver);
  if (const auto works = sandbox::sandbox_works(); !works)
    devices.sandbox_note = works.error().message + "; " + works.error().hint;
  devices.image_note = !devices.sandbox_note.empty() ? devices.sandbox_note : image::why_no_images(programs);
  Cards cards{devices.gpu_driver, {}};
  for (const Gpu& gpu : devices.gpus) {
    cards.name += " " + gpu.name;
    if (gpu.minor >= 0) cards.minors.push_back(gpu.minor);
  }
  if (devices.sandbox_note.empty()) devices.programs = find_programs(cards, devices.program_notes);
  return devices;
}

}  // namespace reeve::agent
