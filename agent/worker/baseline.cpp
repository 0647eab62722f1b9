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
  return {status.st_dev, status.st_ino, status.st_mode, status.st_size, status.st_mtim, status.st_ctim};
}

bool Baseline::Entry::same(const struct stat& status) const {
  if (!S_ISDIR(mode)) return equal(status);
  return device == status.st_dev && number == status.st_ino && mode == status.st_mode;
}

bool Baseline::Entry::equal(const struct stat& status) const {
  return device == status.st_dev && number == status.st_ino && mode == status.st_mode &&
         size == status.st_size && modified == status.st_mtim && changed == status.st_ctim;
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
  settled_ = look_at_folders(root.value());
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

/// Takes the folders' times as they are now. True where each is told apart from whatever comes.
bool Baseline::look_at_folders(const Descriptor& root) {
  struct stat status {};
  if (fstat(root.get(), &status) != 0) return false;
  root_ = entry_of(status);
  bool settled = outlasts(root_);
  for (auto& [path, entry] : entries_) {
    if (S_ISDIR(entry.mode)) {
      if (fstatat(root.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !entry.same(status))
        return false;
      entry = entry_of(status);
    }
    settled = settled && outlasts(entry);
  }
  return settled;
}

/// Where the clock of files has moved on since the entry changed. A file system that keeps no finer times
/// than hundredths of a second shows it by round ones: there nothing is known.
bool Baseline::outlasts(const Entry& entry) const {
  constexpr long kRoundNs = 10'000'000;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return before(entry.changed, now) && entry.changed.tv_nsec % kRoundNs != 0;
}

/// Whoever adds, removes or renames an entry changes the times of its folder, and so does whoever changes the
/// folder's own mode or attributes. A folder's path leads through folders that were found unchanged before
/// it.
bool Baseline::untouched() const {
  struct stat status {};
  if (!settled_ || lstat(folder_.c_str(), &status) != 0 || !root_.equal(status)) return false;
  return std::all_of(entries_.begin(), entries_.end(), [this, &status](const auto& known) {
    const std::string path = folder_.native() + "/" + known.first;
    return lstat(path.c_str(), &status) == 0 && known.second.equal(status);
  });
}

bool Baseline::restore() {
  if (untouched()) return true;
  const auto root = open_folder(folder_);
  struct stat status {};
  if (!root || fstat(root->get(), &status) != 0 || !root_.same(status)) return false;
  std::size_t found = 0;
  if (!restore(root.value(), "", found) || found != entries_.size()) return false;
  settled_ = look_at_folders(root.value());
  return true;
}

bool Baseline::restore(const Descriptor& folder, const std::string& below, std::size_t& found) {
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
