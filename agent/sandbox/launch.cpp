#include "agent/sandbox/launch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "agent/sandbox/bwrap_options.h"
#include "agent/sandbox/init/protocol.h"
#include "agent/sandbox/init_image.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace reeve::agent::sandbox {
namespace {

constexpr std::size_t kMostDescriptors = 16;
constexpr std::size_t kMostDoors = 4;

Error failed(const char* what) {
  return {ErrorCode::kIo, std::string("cannot start a sandbox: ") + what + ": " + std::strerror(errno),
          "look at the limits of open files and of processes"};
}

/// Above the numbers that the child's own descriptors take.
constexpr int kHigh = 64;

Descriptor high(int fd) {
  const Descriptor low(fd);
  return Descriptor(fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, kHigh));
}

/// All that the child needs, made before it exists: between vfork and exec nothing may allocate.
struct Plan {
  const char* program = nullptr;
  std::vector<char*> argv;
  std::array<std::pair<int, int>, kMostDescriptors> descriptors{};  // ours, the child's number
  std::size_t descriptor_count = 0;
  std::array<int, kMostDoors> doors{};
  std::size_t door_count = 0;
  std::array<std::pair<__rlimit_resource, rlim_t>, 4> limits{};

  void give(int ours, int number) { descriptors[descriptor_count++] = {ours, number}; }
};

[[noreturn]] void become(const Plan& plan) {
  for (std::size_t i = 0; i < plan.door_count; ++i) {
    if (write(plan.doors[i], "0", 1) != 1) _exit(126);
  }
  for (const auto& [resource, value] : plan.limits) {
    rlimit limit{};
    getrlimit(resource, &limit);
    limit.rlim_cur = limit.rlim_max = std::min(value, limit.rlim_max);
    if (setrlimit(resource, &limit) != 0) _exit(126);
  }
  // Nothing of the worker's leaks into a stranger's program.
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    for (int fd = 3; fd < 65536; ++fd)
      fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  for (std::size_t i = 0; i < plan.descriptor_count; ++i) {
    if (dup2(plan.descriptors[i].first, plan.descriptors[i].second) < 0) _exit(126);
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);  // of SIGKILL and SIGSTOP it fails, rightly
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  char* environment[] = {nullptr};
  execve(plan.program, plan.argv.data(), environment);
  _exit(127);
}

/// vfork: a worker that holds large scenes must not copy its page tables for each task.
pid_t start(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
  const pid_t pid = vfork();
  if (pid == 0) become(plan);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

Bytes packed(const std::vector<std::string>& words) {
  Bytes bytes;
  for (const std::string& word : words) {
    bytes.insert(bytes.end(), word.begin(), word.end());
    bytes.push_back(0);
  }
  return bytes;
}

void set_limits(Plan& plan, const Bounds& bounds) {
  plan.limits = {{{RLIMIT_CORE, 0},
                  {RLIMIT_NOFILE, bounds.open_files},
                  {RLIMIT_FSIZE, bounds.disk_bytes},
                  {RLIMIT_MEMLOCK, 64U << 10}}};
}

/// Whole messages, both ways.
Pipe control_socket() {
  std::array<int, 2> ends{-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return {Descriptor(), Descriptor()};
  return {high(ends[0]), high(ends[1])};
}

}  // namespace

Descriptor memory_file(ByteView bytes) {
  Descriptor file = high(memfd_create("reeve-sandbox", MFD_CLOEXEC));
  if (!file.valid() ||
      pwrite(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return Descriptor();
  return file;
}

Pipe Pipe::make() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {Descriptor(), Descriptor()};
  Pipe made{Descriptor(ends[0]), Descriptor(ends[1])};
  if (made.ours.valid()) fcntl(made.ours.get(), F_SETFL, O_NONBLOCK);
  return made;
}

Pipe Pipe::moved_up() && {
  const auto up = [](const Descriptor& file) {
    return Descriptor(file.valid() ? fcntl(file.get(), F_DUPFD_CLOEXEC, kHigh) : -1);
  };
  return {up(ours), up(theirs)};
}

Result<Launched> launch(const std::string& bwrap, const Place& place, const Bounds& bounds, ByteView filter,
                        const std::vector<std::string>& doors) {
  Plan plan;
  std::vector<std::string> words{bwrap, "--args", std::to_string(kOptionsFd), "--", kInitPath};
  for (std::string& word : words)
    plan.argv.push_back(word.data());
  plan.argv.push_back(nullptr);
  plan.program = bwrap.c_str();
  std::vector<Descriptor> held;
  const auto give = [&plan, &held](Descriptor file, int number) {
    const bool good = file.valid();
    plan.give(file.get(), number);
    held.push_back(std::move(file));
    return good;
  };
  Pipe errors = Pipe::make().moved_up();
  Pipe status = Pipe::make().moved_up();
  Pipe control = control_socket();
  if (!control.good() || !errors.good() || !status.good()) return failed("pipes");
  bool good = give(high(open("/dev/null", O_RDONLY | O_CLOEXEC)), 0);
  good = give(high(open("/dev/null", O_WRONLY | O_CLOEXEC)), 1) && give(std::move(errors.theirs), 2) && good;
  good = give(std::move(status.theirs), kStatusFd) && give(memory_file(filter), kFilterFd) && good;
  good = give(std::move(control.theirs), kControlFd) && give(memory_file(init_image()), kInitFd) && good;
  good = give(memory_file(packed(bwrap_options(place, bounds))), kOptionsFd) && good;
  for (const MadeUpFile& file : made_up_files()) {
    const bool own = file.fd == kHostsFd && !place.hosts.empty();
    good = give(memory_file(as_bytes(own ? std::string_view(place.hosts) : file.text)), file.fd) && good;
  }
  if (!good) return failed("descriptors");
  for (const std::string& door : doors) {
    held.push_back(high(open(door.c_str(), O_WRONLY | O_CLOEXEC)));
    if (!held.back().valid() || plan.door_count == kMostDoors) return failed("its cgroup");
    plan.doors[plan.door_count++] = held.back().get();
  }
  set_limits(plan, bounds);
  Launched launched;
  launched.pid = start(plan);
  if (launched.pid < 0) return failed("vfork");
  launched.process = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, launched.pid, 0U)));
  if (!launched.process.valid()) return failed("pidfd_open");
  launched.errors = std::move(errors.ours);
  launched.status = std::move(status.ours);
  launched.control = std::move(control.ours);
  return launched;
}

}  // namespace reeve::agent::sandbox
