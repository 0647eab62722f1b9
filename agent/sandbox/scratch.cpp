#include "agent/sandbox/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "protocol/bundle_files.h"

namespace reeve::agent::sandbox {
namespace {

Error failed(const char* what, const std::filesystem::path& path) {
  return {ErrorCode::kIo, std::string(what) + " " + path.string() + ": " + std::strerror(errno),
          "look at the rights of the agent's scratch folder"};
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_entries(int parent, const char* name) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return nullptr;
  Folder folder(fdopendir(fd));
  if (!folder) close(fd);
  return folder;
}

bool is_dots(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

/// Takes folders apart from the top: those below one are moved up beside it, so that no path grows long and
/// no recursion deep, however a program nested them.
class Flattener {
 public:
  explicit Flattener(int root) : root_(root) {}

  /// One pass over the root; false if something could not be removed.
  bool pass(bool& found) {
    const Folder top = open_entries(root_, ".");
    if (!top) return false;
    bool good = true;
    while (const dirent* entry = readdir(top.get())) {
      if (is_dots(entry->d_name)) continue;
      found = true;
      good = remove(entry->d_name) && good;
    }
    return good;
  }

 private:
  bool remove(const char* name) {
    if (unlinkat(root_, name, 0) == 0) return true;
    if (unlinkat(root_, name, AT_REMOVEDIR) == 0) return true;
    fchmodat(root_, name, 0700, 0);  // nothing else is at work here: it is a folder still
    const Folder folder = open_entries(root_, name);
    if (!folder) return false;
    while (const dirent* entry = readdir(folder.get())) {
      if (!is_dots(entry->d_name)) lift(dirfd(folder.get()), entry->d_name);
    }
    return unlinkat(root_, name, AT_REMOVEDIR) == 0;
  }

  void lift(int parent, const char* name) {
    if (unlinkat(parent, name, 0) == 0) return;
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return;
    fchmodat(parent, name, 0700, 0);
    std::string other;
    do {
      other = "lifted-" + std::to_string(next_++);
    } while (faccessat(root_, other.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    renameat(parent, name, root_, other.c_str());
  }

  int root_;
  std::uint64_t next_ = 0;
};

}  // namespace

Result<void> remove_tree(const std::filesystem::path& folder) {
  struct stat status {};
  if (lstat(folder.c_str(), &status) != 0)
    return errno == ENOENT ? Result<void>() : failed("cannot look at", folder);
  if (!S_ISDIR(status.st_mode)) {
    if (unlink(folder.c_str()) != 0) return failed("cannot remove", folder);
    return {};
  }
  chmod(folder.c_str(), 0700);
  auto root = open_folder(folder);
  if (!root) return root.error();
  Flattener flattener(root->get());
  for (bool found = true; found;) {
    found = false;
    if (!flattener.pass(found)) return failed("cannot empty", folder);
  }
  if (rmdir(folder.c_str()) != 0) return failed("cannot remove", folder);
  return {};
}

Result<void> fresh_folder(const std::filesystem::path& path) {
  if (auto gone = remove_tree(path); !gone) return gone;
  if (mkdir(path.c_str(), 0700) != 0) return failed("cannot make the folder", path);
  return {};
}

}  // namespace reeve::agent::sandbox
