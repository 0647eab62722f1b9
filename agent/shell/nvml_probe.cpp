#include "agent/shell/nvml_probe.h"

#include <dlfcn.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "protocol/archive.h"

namespace reeve::agent {

template <class A>
void fields(A& a, Gpu& g) {
  a(g.name, g.uuid, g.memory_mib, g.minor);
}
template <class A>
void fields(A& a, NvmlAnswer& n) {
  a(n.gpus, n.note, n.driver);
}

namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr unsigned kMostGpus = 64;

/// The part of NVML's interface that is asked, as its header (nvml.h, API version 2) declares it.
struct NvmlMemory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};
using Device = void*;

template <class Function>
Function* find(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

NvmlAnswer nothing(std::string why) {
  NvmlAnswer answer;
  answer.note = std::move(why);
  return answer;
}

NvmlAnswer ask() {
  void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return nothing("no NVIDIA driver (libnvidia-ml.so.1 is not there)");
  const auto init = find<int()>(library, "nvmlInit_v2");
  const auto count = find<int(unsigned*)>(library, "nvmlDeviceGetCount_v2");
  const auto handle = find<int(unsigned, Device*)>(library, "nvmlDeviceGetHandleByIndex_v2");
  const auto name = find<int(Device, char*, unsigned)>(library, "nvmlDeviceGetName");
  const auto uuid = find<int(Device, char*, unsigned)>(library, "nvmlDeviceGetUUID");
  const auto driver = find<int(char*, unsigned)>(library, "nvmlSystemGetDriverVersion");
  const auto memory = find<int(Device, NvmlMemory*)>(library, "nvmlDeviceGetMemoryInfo");
  const auto minor = find<int(Device, unsigned*)>(library, "nvmlDeviceGetMinorNumber");
  if (!init || !count || !handle || !name || !uuid || !memory)
    return nothing("the NVIDIA driver is too old: its management library lacks version 2 of the interface");
  if (const int error = init(); error != 0)
    return nothing("the NVIDIA driver does not answer (NVML error " + std::to_string(error) + ")");
  unsigned n = 0;
  if (count(&n) != 0) return nothing("the NVIDIA driver cannot count its GPUs");
  NvmlAnswer answer;
  std::array<char, 128> version{};
  if (driver && driver(version.data(), version.size()) == 0) answer.driver = version.data();
  for (unsigned i = 0; i < n && i < kMostGpus; ++i) {
    Device device = nullptr;
    std::array<char, 128> text{};
    NvmlMemory bytes{};
    unsigned number = 0;
    if (handle(i, &device) != 0) {
      answer.note += "GPU " + std::to_string(i) + " does not answer; ";
      continue;
    }
    Gpu gpu;
    if (name(device, text.data(), text.size()) == 0) gpu.name = text.data();
    if (uuid(device, text.data(), text.size()) == 0) gpu.uuid = text.data();
    if (memory(device, &bytes) == 0) gpu.memory_mib = bytes.total >> 20;
    if (minor && minor(device, &number) == 0) gpu.minor = static_cast<int>(number);
    answer.gpus.push_back(std::move(gpu));
  }
  if (answer.gpus.empty() && answer.note.empty()) answer.note = "the NVIDIA driver sees no GPU";
  return answer;
}

[[noreturn]] void answer_into(int pipe_end) {
  const Bytes bytes = to_archive(ask());
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = write(pipe_end, bytes.data() + sent, bytes.size() - sent);
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  _exit(0);
}

Bytes read_until(int pipe_end, std::chrono::steady_clock::time_point deadline) {
  Bytes bytes;
  std::array<std::uint8_t, 4096> buffer;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd item{pipe_end, POLLIN, 0};
    if (left.count() <= 0 || poll(&item, 1, static_cast<int>(left.count())) <= 0) return {};
    const ssize_t n = read(pipe_end, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return bytes;
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + n);
  }
}

}  // namespace

NvmlAnswer probe_nvml() {
  std::array<int, 2> ends{-1, -1};
  if (pipe(ends.data()) != 0) return nothing("GPUs were not looked for: no file descriptors are left");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    answer_into(ends[1]);
  }
  close(ends[1]);
  NvmlAnswer answer;
  const Bytes bytes = child > 0 ? read_until(ends[0], std::chrono::steady_clock::now() + kPatience) : Bytes{};
  close(ends[0]);
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  if (bytes.empty() || !from_archive(bytes, answer))
    return nothing("the NVIDIA driver hangs or crashes: no answer within 5 s; GPUs are left out");
  return answer;
}

}  // namespace reeve::agent
