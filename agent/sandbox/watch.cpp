#include "agent/sandbox/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace reeve::agent::sandbox {
namespace {

/// As deep as a result may be (bundle_files.h).
constexpr int kFoldersDeep = 64;
/// A tree is walked so far: whoever has more processes has exceeded every bound there is.
constexpr std::size_t kMostProcesses = 65536;
constexpr std::uint64_t kBlockBytes = 512;  // of st_blocks

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::string proc(pid_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

/// Children of every thread of a process.
void add_children(pid_t pid, std::vector<pid_t>& out) {
  const std::string tasks = proc(pid, "task");
  const Folder folder(opendir(tasks.c_str()));
  if (!folder) return;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    std::ifstream file(tasks + "/" + entry->d_name + "/children");
    pid_t child = 0;
    while (out.size() < kMostProcesses && file >> child)
      out.push_back(child);
  }
}

std::vector<pid_t> descendants(pid_t first) {
  std::vector<pid_t> all;
  add_children(first, all);
  for (std::size_t i = 0; i < all.size(); ++i)
    add_children(all[i], all);
  return all;
}

std::uint64_t resident(pid_t pid) {
  std::ifstream file(proc(pid, "statm"));
  std::uint64_t size = 0;
  std::uint64_t pages = 0;
  file >> size >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t proportional(pid_t pid) {
  std::ifstream file(proc(pid, "smaps_rollup"));
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("Pss:")) return std::strtoull(line.c_str() + 4, nullptr, 10) << 10;
  }
  return file.is_open() ? 0 : resident(pid);
}

class FolderWalk {
 public:
  explicit FolderWalk(const Bounds& bounds) : bounds_(bounds) {}
  FolderUse use;

  bool full() const { return use.too_deep || use.bytes > bounds_.disk_bytes || use.entries > bounds_.files; }

  void walk(int fd, int depth) {
    if (depth > kFoldersDeep) use.too_deep = true;
    const Folder folder(fdopendir(fd));
    if (!folder) {
      close(fd);
      return;
    }
    while (const dirent* entry = readdir(folder.get())) {
      if (full()) return;
      if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
      visit(dirfd(folder.get()), entry->d_name, depth);
    }
  }

 private:
  void visit(int parent, const char* name, int depth) {
    struct stat status {};
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    ++use.entries;
    use.bytes += static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes;
    if (!S_ISDIR(status.st_mode)) return;
    const int below = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0) walk(below, depth + 1);
  }

  const Bounds& bounds_;
};

}  // namespace

TreeUse tree_use(pid_t first) {
  TreeUse use;
  for (const pid_t pid : descendants(first)) {
    ++use.processes;
    use.resident_bytes += resident(pid);
  }
  return use;
}

std::uint64_t proportional_bytes(pid_t first) {
  std::uint64_t total = 0;
  for (const pid_t pid : descendants(first))
    total += proportional(pid);
  return total;
}

FolderUse folder_use(const std::filesystem::path& folder, const Bounds& bounds) {
  FolderWalk walk(bounds);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) walk.walk(fd, 0);
  return walk.use;
}

std::uint64_t deleted_bytes(pid_t first) {
  std::set<std::pair<dev_t, ino_t>> seen;
  std::uint64_t total = 0;
  for (const pid_t pid : descendants(first)) {
    const Folder folder(opendir(proc(pid, "fd").c_str()));
    if (!folder) continue;
    while (const dirent* entry = readdir(folder.get())) {
      struct stat status {};
      if (entry->d_name[0] == '.' || fstatat(dirfd(folder.get()), entry->d_name, &status, 0) != 0) continue;
      if (!S_ISREG(status.st_mode) || status.st_nlink != 0) continue;
      if (seen.insert({status.st_dev, status.st_ino}).second)
        total += static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes;
    }
  }
  return total;
}

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  struct statvfs status {};
  if (statvfs(folder.c_str(), &status) != 0) return UINT64_MAX;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace reeve::agent::sandbox
