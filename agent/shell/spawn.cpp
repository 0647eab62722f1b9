#include "agent/shell/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <vector>

extern char** environ;

namespace reeve::agent {
namespace {

/// Room for the largest bundle of small results, so that a worker seldom waits for the agent.
constexpr int kSocketBytes = 1 << 20;

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  /// Away from the numbers that the worker's own descriptors take.
  bool move_up() {
    const int higher = fcntl(fd_, F_DUPFD_CLOEXEC, 16);
    if (higher < 0) return false;
    close(fd_);
    fd_ = higher;
    return true;
  }

 private:
  int fd_;
};

Error system_error(const char* what) {
  return {ErrorCode::kIo, std::string("cannot start a worker: ") + what + ": " + std::strerror(errno), ""};
}

int start(const std::string& path, const WorkerArguments& arguments, int socket, int page, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, 2, 1);
  posix_spawn_file_actions_adddup2(&actions, socket, worker::kSocketFd);
  posix_spawn_file_actions_adddup2(&actions, page, worker::kProgressFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words{path, std::to_string(arguments.cpus)};
  if (!arguments.scratch.empty())
    words.insert(words.end(), {std::to_string(arguments.memory_mib), arguments.scratch, arguments.images,
                               std::to_string(arguments.image_bytes), arguments.gpus});
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const int error = posix_spawn(&pid, path.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

Result<SpawnedWorker> spawn_worker(const std::string& path, const WorkerArguments& arguments) {
  std::array<int, 2> pair{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return system_error("socketpair");
  Descriptor ours(pair[0]);
  Descriptor theirs(pair[1]);
  Descriptor page(memfd_create("reeve-progress", MFD_CLOEXEC));
  if (page.get() < 0 || ftruncate(page.get(), sizeof(worker::Progress)) != 0)
    return system_error("shared memory");
  for (const int end : pair) {
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
    setsockopt(end, SOL_SOCKET, SO_RCVBUF, &kSocketBytes, sizeof kSocketBytes);
  }
  if (!ours.move_up() || !theirs.move_up() || !page.move_up()) return system_error("descriptors");
  void* shared = mmap(nullptr, sizeof(worker::Progress), PROT_READ | PROT_WRITE, MAP_SHARED, page.get(), 0);
  if (shared == MAP_FAILED) return system_error("shared memory");
  SpawnedWorker spawned;
  if (const int error = start(path, arguments, theirs.get(), page.get(), spawned.pid); error != 0) {
    munmap(shared, sizeof(worker::Progress));
    return Error{ErrorCode::kIo, "cannot start " + path + ": " + std::strerror(error),
                 "install reeve-worker beside reeve-agent"};
  }
  fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  spawned.socket = ours.release();
  spawned.progress = new (shared) worker::Progress{};
  return spawned;
}

std::string describe_exit(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* name = sigdescr_np(signal);
    return "signal " + std::to_string(signal) + " (" + (name ? name : "unknown") + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace reeve::agent
