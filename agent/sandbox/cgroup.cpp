#include "agent/sandbox/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

namespace reeve::agent::sandbox {
namespace {

namespace fs = std::filesystem;

bool write_file(const fs::path& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return good;
}

/// The number after `word` in a file of "word number" lines; 0 without one. Read before and after each run:
/// from descriptors that stay open.
std::uint64_t number_after(const Descriptor& file, std::string_view word) {
  std::array<char, 1024> buffer;
  const ssize_t size = file.valid() ? pread(file.get(), buffer.data(), buffer.size() - 1, 0) : 0;
  if (size <= 0) return 0;
  buffer[static_cast<std::size_t>(size)] = '\0';
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  for (std::size_t line = 0; line < text.size(); line = text.find('\n', line) + 1) {
    if (text.substr(line).starts_with(word) && text[line + word.size()] == ' ')
      return std::strtoull(buffer.data() + line + word.size(), nullptr, 10);
    if (text.find('\n', line) == std::string_view::npos) break;
  }
  return 0;
}

Descriptor open_to_read(const fs::path& path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// This process's group of one controller ("" of version 2), as it stands in /proc/self/cgroup.
std::string own_group(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (names == "," + controller + "," || names.find("," + controller + ",") != std::string::npos)
      return line.substr(second + 1);
  }
  return "";
}

/// Where a file system of groups is mounted: "cgroup2", or "cgroup" with an option that names the controller.
fs::path mount_of(const std::string& type, const std::string& controller) {
  std::ifstream file("/proc/self/mounts");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string source, where, what, options;
    words >> source >> where >> what >> options;
    if (what != type) continue;
    if (controller.empty() || ("," + options + ",").find("," + controller + ",") != std::string::npos)
      return where;
  }
  return {};
}

/// A new group below this process's own, or, where a container hides that, below the mount.
fs::path make_group(const fs::path& mount, const std::string& own, const std::string& name) {
  if (mount.empty()) return {};
  for (const fs::path& parent : {fs::path(mount.string() + own), mount}) {
    const fs::path group = parent / name;
    struct stat status {};
    if (mkdir(group.c_str(), 0755) == 0 || stat(group.c_str(), &status) == 0) {
      if (access((group / "cgroup.procs").c_str(), W_OK) == 0) return group;
    }
  }
  return {};
}

void kill_all(const fs::path& group) {
  if (group.empty()) return;
  std::ifstream file(group / "cgroup.procs");
  pid_t pid = 0;
  while (file >> pid)
    if (pid > 1 && pid != getpid()) kill(pid, SIGKILL);
}

/// A group can go once its last process has; after a worker that was killed that takes a moment.
void remove_group(const fs::path& group) {
  constexpr int kTries = 100;
  constexpr useconds_t kPauseUs = 10'000;
  for (int i = 0; i < kTries && !group.empty() && rmdir(group.c_str()) != 0 && errno == EBUSY; ++i) {
    kill_all(group);
    usleep(kPauseUs);
  }
}

}  // namespace

Cgroup::Cgroup(const std::string& name) {
  open_version_1("reeve-" + name);
  if (memory_.empty() && processes_.empty()) open_version_2("reeve-" + name);
}

Cgroup::~Cgroup() {
  remove_group(memory_);
  if (processes_ != memory_) remove_group(processes_);
}

void Cgroup::open_version_1(const std::string& name) {
  memory_ = make_group(mount_of("cgroup", "memory"), own_group("memory"), name);
  processes_ = make_group(mount_of("cgroup", "pids"), own_group("pids"), name);
}

/// Needs a group that was handed to this user (systemd: Delegate=yes). One that holds processes cannot have
/// bounded groups below it, so the one above this process's own is tried too (systemd: DelegateSubgroup=).
void Cgroup::open_version_2(const std::string& name) {
  const fs::path mount = mount_of("cgroup2", "");
  if (mount.empty()) return;
  const fs::path own = own_group("");
  for (const fs::path& parent : {own, own.parent_path()}) {
    const fs::path above = mount.string() + parent.string();
    if (!write_file(above / "cgroup.subtree_control", "+memory +pids")) continue;
    const fs::path group = above / name;
    if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) continue;
    if (access((group / "memory.max").c_str(), W_OK) == 0 &&
        access((group / "cgroup.procs").c_str(), W_OK) == 0) {
      version_2_ = true;
      memory_ = processes_ = group;
      return;
    }
    rmdir(group.c_str());
  }
}

void Cgroup::prepare(const Bounds& bounds) {
  kill_all(memory_);
  kill_all(processes_);
  const std::string memory = std::to_string(bounds.memory_bytes);
  holds_memory_ =
      !memory_.empty() && write_file(memory_ / (version_2_ ? "memory.max" : "memory.limit_in_bytes"), memory);
  if (holds_memory_) {  // swap would only slow the host down
    write_file(memory_ / (version_2_ ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
               version_2_ ? "0" : memory);
  }
  holds_processes_ =
      !processes_.empty() && write_file(processes_ / "pids.max", std::to_string(bounds.processes));
  if (holds_memory_)
    memory_events_ = open_to_read(memory_ / (version_2_ ? "memory.events" : "memory.oom_control"));
  if (holds_processes_) process_events_ = open_to_read(processes_ / "pids.events");
  begin_run();
}

void Cgroup::begin_run() {
  memory_before_ = memory_kills();
  processes_before_ = refused_processes();
}

std::vector<std::string> Cgroup::doors() const {
  std::vector<std::string> doors;
  if (holds_memory_) doors.push_back((memory_ / "cgroup.procs").string());
  if (holds_processes_ && processes_ != memory_) doors.push_back((processes_ / "cgroup.procs").string());
  return doors;
}

std::uint64_t Cgroup::memory_kills() const {
  if (!holds_memory_) return 0;
  return number_after(memory_events_, "oom_kill");
}

std::uint64_t Cgroup::refused_processes() const {
  return holds_processes_ ? number_after(process_events_, "max") : 0;
}

std::uint64_t Cgroup::memory_hits() const {
  return memory_kills() - memory_before_;
}

std::uint64_t Cgroup::process_hits() const {
  return refused_processes() - processes_before_;
}

}  // namespace reeve::agent::sandbox
