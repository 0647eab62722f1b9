#include "agent/worker/baseline.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "agent/sandbox/scratch.h"

namespace reeve::agent::worker {
namespace {

/// As deep as a sandbox lets a program nest folders.
constexpr int kFoldersDeep = 64;
/// Within two of the kernel's ticks a file's time and a later change of it cannot be told apart.
constexpr int kTickTries = 50;
constexpr useconds_t kTickUs = 1000;

bool operator==(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool before(const timespec& a, const timespec& b) {
  return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

Descriptor open_child(const Descriptor& folder, const char* name) {
  return Descriptor(openat(folder.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Words that a program may hang on a folder, where they are no change of its entries.
bool has_attributes(const Descriptor& folder) {
  std::array<char, 4096> names;
  const ssize_t size = flistxattr(folder.get(), names.data(), names.size());
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(std::strlen(names.data() + at)) + 1) {
    if (std::strncmp(names.data() + at, "security.", 9) != 0) return true;  // those are the system's
  }
  return size < 0 && errno != ENOTSUP;
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

/// Names of a folder's entries; false where it cannot be read.
bool read_names(const Descriptor& folder, std::vector<std::string>& names) {
  const std::unique_ptr<DIR, CloseFolder> open(
      fdopendir(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!open) return false;
  while (const dirent* entry = readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return true;
}

std::string joined(const std::string& below, const std::string& name) {
  return below.empty() ? name : below + "/" + name;
}

}  // namespace

Baseline::Entry Baseline::entry_of(const struct stat& status) {
  Entry entry{status.st_dev, status.st_ino, status.st_mode, 0, {}, {}};
  if (S_ISDIR(status.st_mode)) return entry;
  entry.size = status.st_size;
  entry.modified = status.st_mtim;
  entry.changed = status.st_ctim;
  return entry;
}

bool Baseline::Entry::same(const struct stat& status) const {
  const Entry now = entry_of(status);
  return device == now.device && number == now.number && mode == now.mode && size == now.size &&
         modified == now.modified && changed == now.changed;
}

Result<void> Baseline::remember(const std::filesystem::path& folder) {
  folder_ = folder;
  entries_.clear();
  const auto root = open_folder(folder);
  struct stat status {};
  if (!root || fstat(root->get(), &status) != 0 || !note(root.value(), "", 0))
    return Error{ErrorCode::kIo, "cannot look at the working directory: " + std::string(std::strerror(errno)),
                 "look at the agent's disk"};
  root_ = entry_of(status);
  outlast_the_clock();
  return {};
}

bool Baseline::note(const Descriptor& folder, const std::string& below, int depth) {
  std::vector<std::string> names;
  if (depth > kFoldersDeep || !read_names(folder, names)) return false;
  for (const std::string& name : names) {
    struct stat status {};
    if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
    entries_.emplace(joined(below, name), entry_of(status));
    if (!S_ISDIR(status.st_mode)) continue;
    const Descriptor child = open_child(folder, name.c_str());
    if (!child.valid() || !note(child, joined(below, name), depth + 1)) return false;
  }
  return true;
}

/// Until whatever is changed from now on has another time than what was there.
void Baseline::outlast_the_clock() const {
  timespec latest{};
  for (const auto& [path, entry] : entries_) {
    if (before(latest, entry.changed)) latest = entry.changed;
  }
  for (int i = 0; i < kTickTries; ++i) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (before(latest, now)) return;
    usleep(kTickUs);
  }
}

bool Baseline::restore() const {
  const auto root = open_folder(folder_);
  struct stat status {};
  if (!root || fstat(root->get(), &status) != 0 || !root_.same(status)) return false;
  std::size_t found = 0;
  return restore(root.value(), "", found) && found == entries_.size();
}

bool Baseline::restore(const Descriptor& folder, const std::string& below, std::size_t& found) const {
  std::vector<std::string> names;
  if (has_attributes(folder) || !read_names(folder, names)) return false;
  for (const std::string& name : names) {
    const auto known = entries_.find(joined(below, name));
    if (known == entries_.end()) {
      if (!sandbox::remove_tree(folder_ / joined(below, name))) return false;
      continue;
    }
    ++found;
    struct stat status {};
    if (fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !known->second.same(status))
      return false;
    if (!S_ISDIR(status.st_mode)) continue;
    const Descriptor child = open_child(folder, name.c_str());
    if (!child.valid() || !restore(child, known->first, found)) return false;
  }
  return true;
}

}  // namespace reeve::agent::worker
