#include "client/child_process.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace reeve::client {
namespace {

constexpr auto kLook = std::chrono::milliseconds(5);

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Starts a program with its stdout and stderr at these descriptors.
Result<pid_t> spawn(const Words& command, int out, int err) {
  std::vector<char*> argv;
  for (const std::string& word : command)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, command.front().c_str(), &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0)
    return Error{ErrorCode::kNotFound,
                 "cannot start " + command.front() + ": " + std::generic_category().message(failed),
                 "install it beside this program"};
  return pid;
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer;
  lseek(descriptor, 0, SEEK_SET);
  for (ssize_t n = 0; (n = read(descriptor, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

bool port_is_free(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_free = bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(descriptor);
  return is_free;
}

/// An open file without a name.
int scratch_file() {
  return open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

}  // namespace

std::string sibling(const std::string& program) {
  std::error_code error;
  return (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / program).string();
}

Result<std::string> run_to_end(const Words& command) {
  const int out = scratch_file();
  const int err = scratch_file();
  const auto pid = spawn(command, out, err);
  int status = 0;
  while (pid && waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  std::string said = read_all(out);
  const std::string complaint = read_all(err);
  close(out);
  close(err);
  if (!pid) return pid.error();
  if (exit_code(status) == 0) return said;
  return Error{ErrorCode::kIo,
               command.front() + " ended with " + std::to_string(exit_code(status)) + ": " + complaint, ""};
}

Result<ChildProcess> ChildProcess::start(const Words& command, const std::filesystem::path& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return Error{ErrorCode::kIo, "cannot write " + log.string(), "check its folder and the disk"};
  const auto pid = spawn(command, out, out);
  close(out);
  if (!pid) return pid.error();
  return ChildProcess(*pid);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) stop(seconds(1));
}

bool ChildProcess::alive() const {
  return pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == 0;
}

int ChildProcess::stop(Duration patience) {
  if (pid_ <= 0) return 0;
  kill(pid_, SIGTERM);
  const std::int64_t end_ns = steady_ns() + patience.ns;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (steady_ns() > end_ns) kill(pid_, SIGKILL);
    std::this_thread::sleep_for(kLook);
  }
  pid_ = -1;
  return exit_code(status);
}

Result<std::uint16_t> free_ports() {
  const int start = 20'000 + getpid() % 3'000 * 4;  // no two of them begin at the same ports
  for (int port = start; port < start + 3'000; port += 4) {
    if (port_is_free(port) && port_is_free(port + 1) && port_is_free(port + 2) && port_is_free(port + 3))
      return static_cast<std::uint16_t>(port);
  }
  return Error{ErrorCode::kConflict, "no four free ports in a row on 127.0.0.1", "stop what holds them"};
}

}  // namespace reeve::client
