#include "benchmarks/throughput/processes.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace reeve::bench {
namespace {

constexpr auto kLook = std::chrono::milliseconds(5);

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
                 "build it: `cmake --build` the preset that this program comes from"};
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

Result<Process> Process::start(const Words& command, const std::filesystem::path& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return Error{ErrorCode::kIo, "cannot write " + log.string(), "choose another --dir"};
  const auto pid = spawn(command, out, out);
  close(out);
  if (!pid) return pid.error();
  return Process(*pid);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

Process::~Process() {
  if (pid_ > 0) stop(seconds(1));
}

bool Process::alive() const {
  return pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == 0;
}

int Process::stop(Duration patience) {
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

Duration cpu_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  return {(user + system) * (1'000'000'000 / sysconf(_SC_CLK_TCK))};
}

std::uint64_t private_memory_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::uint64_t kib = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    std::uint64_t here = 0;
    words >> here;
    kib += here;
  }
  return kib * 1024;
}

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace reeve::bench
