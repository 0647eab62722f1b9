#include "agent/image/root_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "agent/image/bounds.h"
#include "agent/image/reader.h"

namespace reeve::agent::image {
namespace {

/// What an owner must have who is not root, so that later layers and the agent can go on.
constexpr mode_t kFolderMode = S_IRWXU;
constexpr mode_t kFileMode = S_IRUSR;
/// Neither setuid, setgid nor sticky.
constexpr mode_t kModes = 0777;

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

Error failed(const std::string& path, int code) {
  const std::string words = "'" + path.substr(0, 200) + "': " + std::strerror(code);
  if (code == ENOSPC || code == EDQUOT || code == EIO || code == EMFILE || code == ENFILE || code == ENOMEM)
    return {ErrorCode::kIo, "an image cannot be unpacked: " + words, "look at the agent's disk"};
  return broken(words);
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseFolder> open(again < 0 ? nullptr : fdopendir(again));
  while (const dirent* entry = open ? readdir(open.get()) : nullptr) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace

Descriptor open_in_root(const Descriptor& root, const std::string& path, std::uint64_t flags,
                        std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  const char* const name = path.empty() ? "." : path.c_str();
  long fd = 0;
  do {
    fd = syscall(SYS_openat2, root.get(), name, &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return Descriptor(static_cast<int>(fd));
}

Result<std::string> clean_path(std::string_view path) {
  if (path.size() > bounds::kPathBytes)
    return broken("a path of it has " + std::to_string(path.size()) + " bytes");
  std::string clean;
  std::size_t depth = 0;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty() || name == ".") continue;
    if (name == "..") return broken("the path '" + std::string(path.substr(0, 200)) + "' climbs");
    if (++depth > bounds::kFoldersDeep)
      return broken("the path '" + std::string(path.substr(0, 200)) + "' is more than " +
                    std::to_string(bounds::kFoldersDeep) + " folders deep");
    clean += (clean.empty() ? "" : "/") + std::string(name);
  }
  return clean;
}

Result<RootFolder> RootFolder::make(const std::filesystem::path& path) {
  if (mkdir(path.c_str(), 0755) != 0) return failed(path.string(), errno);
  RootFolder root(Descriptor(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!root.root_.valid()) return failed(path.string(), errno);
  if (const Descriptor probe = open_in_root(root.root_, "", O_PATH); !probe.valid())
    return Error{ErrorCode::kNotAllowed,
                 std::string("no image can be unpacked here: openat2: ") + std::strerror(errno),
                 "images need Linux 5.6 or later"};
  return root;
}

Result<Descriptor> RootFolder::make_folders(const std::string& path) {
  Descriptor folder = open_in_root(root_, path, O_PATH | O_DIRECTORY);
  if (folder.valid()) return folder;
  if (errno != ENOENT) return failed(path, errno);
  const std::size_t slash = path.rfind('/');
  auto above = make_folders(slash == std::string::npos ? "" : path.substr(0, slash));
  if (!above) return above.error();
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (mkdirat(above->get(), name.c_str(), 0755) != 0)
    return broken("'" + path.substr(0, 200) +
                  "' is a link that leads nowhere, and a folder is to stand there");
  written_.insert(path);
  folder = open_in_root(root_, path, O_PATH | O_DIRECTORY);
  if (!folder.valid()) return failed(path, errno);
  return folder;
}

Result<RootFolder::Place> RootFolder::place(const std::string& path, bool make) {
  const std::size_t slash = path.rfind('/');
  const std::string above = slash == std::string::npos ? "" : path.substr(0, slash);
  Place place{Descriptor(), slash == std::string::npos ? path : path.substr(slash + 1)};
  if (make) {
    auto folder = make_folders(above);
    if (!folder) return folder.error();
    place.parent = std::move(folder).value();
  } else {
    place.parent = open_in_root(root_, above, O_PATH | O_DIRECTORY);
  }
  return place;
}

Result<RootFolder::Place> RootFolder::fresh_place(const std::string& path, bool keep_folder) {
  auto found = place(path, true);
  if (!found) return found.error();
  written_.insert(path);
  struct stat status {};
  if (fstatat(found->parent.get(), found->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return found;
  if (S_ISDIR(status.st_mode) && keep_folder) return found;
  if (!remove(found->parent.get(), found->name, path, Which::kAll, 0)) return failed(path, errno);
  return found;
}

Result<void> RootFolder::folder(const std::string& path, mode_t mode) {
  if (path.empty()) return {};
  auto place = fresh_place(path, true);
  if (!place) return place.error();
  const char* const name = place->name.c_str();
  const mode_t right = (mode & kModes) | kFolderMode;
  if (mkdirat(place->parent.get(), name, right) != 0 && errno != EEXIST) return failed(path, errno);
  if (fchmodat(place->parent.get(), name, right, 0) != 0) return failed(path, errno);  // it is a folder
  return {};
}

Result<Descriptor> RootFolder::file(const std::string& path, mode_t mode) {
  if (path.empty()) return broken("its root is no folder");
  auto place = fresh_place(path, false);
  if (!place) return place.error();
  Descriptor file(openat(place->parent.get(), place->name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid() || fchmod(file.get(), (mode & kModes) | kFileMode) != 0) return failed(path, errno);
  return file;
}

Result<void> RootFolder::symbolic_link(const std::string& path, const std::string& target) {
  if (path.empty()) return broken("its root is no folder");
  auto place = fresh_place(path, false);
  if (!place) return place.error();
  if (symlinkat(target.c_str(), place->parent.get(), place->name.c_str()) != 0) return failed(path, errno);
  return {};
}

Result<void> RootFolder::hard_link(const std::string& path, const std::string& target) {
  if (path.empty() || path == target) return broken("'" + path + "' is a link to itself");
  auto there = place(target, false);
  if (!there) return there.error();
  struct stat status {};
  if (!there->parent.valid() ||
      fstatat(there->parent.get(), there->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return broken("'" + path.substr(0, 200) + "' is a hard link to '" + target.substr(0, 200) +
                  "', which is not there");
  auto here = fresh_place(path, false);
  if (!here) return here.error();
  if (linkat(there->parent.get(), there->name.c_str(), here->parent.get(), here->name.c_str(), 0) != 0)
    return failed(path, errno);
  return {};
}

Result<void> RootFolder::hide(const std::string& path) {
  auto found = place(path, false);
  if (!found) return found.error();
  if (found->parent.valid()) remove(found->parent.get(), found->name, path, Which::kOlder, 0);
  return {};
}

Result<void> RootFolder::hide_below(const std::string& path) {
  const Descriptor folder = open_in_root(root_, path, O_RDONLY | O_DIRECTORY);
  if (folder.valid()) remove_below(folder.get(), path, Which::kOlder, 0);
  return {};
}

bool RootFolder::remove(int parent, const std::string& name, const std::string& path, Which which,
                        int depth) {
  struct stat status {};
  if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return true;
  const bool stays = which == Which::kOlder && written_.contains(path);
  if (!S_ISDIR(status.st_mode)) return !stays && unlinkat(parent, name.c_str(), 0) == 0;
  const Descriptor folder(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const bool empty = folder.valid() && remove_below(folder.get(), path, which, depth + 1);
  return !stays && empty && unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

bool RootFolder::remove_below(int folder, const std::string& path, Which which, int depth) {
  // Links may have led deeper than any one path does.
  if (depth > static_cast<int>(bounds::kFoldersDeep)) return false;
  bool all = true;
  for (const std::string& name : names_in(folder))
    all = remove(folder, name, joined(path, name), which, depth) && all;
  return all;
}

}  // namespace reeve::agent::image
