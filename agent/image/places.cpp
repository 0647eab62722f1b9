#include "agent/image/places.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "agent/sandbox/scratch.h"
#include "protocol/bundle_files.h"

namespace reeve::agent::image {
namespace {

namespace fs = std::filesystem;

Error failed(const fs::path& path) {
  return {ErrorCode::kIo, "cannot make " + path.string() + " in an image: " + std::strerror(errno),
          "look at the agent's disk"};
}

bool is_folder(const fs::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_file(const fs::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// Folders on the way there, none of them behind a link.
Result<void> make_way(const fs::path& root, const fs::path& path) {
  fs::path at = root;
  for (const fs::path& part : path.relative_path().parent_path()) {
    at /= part;
    if (is_folder(at)) continue;
    if (mkdir(at.c_str(), 0755) == 0) continue;
    if (errno != EEXIST) return failed(path);
    return Error{ErrorCode::kInvalid,
                 "the image cannot be used: its '" + at.lexically_relative(root).string() +
                     "' is no folder, and " + path.string() + " is to stand in it",
                 "make it a folder rather than a link"};
  }
  return {};
}

Result<void> make(const fs::path& root, const Place& place) {
  const fs::path path(place.path);
  const fs::path at = root / path.relative_path();
  if (auto way = make_way(root, path); !way) return way;
  if (place.kind == PlaceKind::kFolder) {
    if (is_folder(at)) return {};
    if (auto gone = sandbox::remove_tree(at); !gone) return gone;
    if (mkdir(at.c_str(), 0755) != 0) return failed(path);
    return {};
  }
  if (is_file(at)) return {};
  if (auto gone = sandbox::remove_tree(at); !gone) return gone;
  const Descriptor file(open(at.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file.valid()) return failed(path);
  return {};
}

}  // namespace

Result<void> make_places(const fs::path& root) {
  for (const Place& place : kPlaces) {
    if (auto made = make(root, place); !made) return made;
  }
  const fs::path temporary = root / "var/tmp";
  if (auto way = make_way(root, "/var/tmp"); !way) return way;
  if (auto gone = sandbox::remove_tree(temporary); !gone) return gone;
  if (symlink("/tmp", temporary.c_str()) != 0) return failed("/var/tmp");
  return {};
}

Result<void> check_places(const fs::path& root) {
  const Descriptor folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  for (const Place& place : kPlaces) {
    const std::string path(place.path.substr(1));
    const Descriptor at(static_cast<int>(syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
    struct stat status {};
    const bool right = at.valid() && fstat(at.get(), &status) == 0 &&
                       (place.kind == PlaceKind::kFolder ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode));
    if (!right)
      return Error{ErrorCode::kCorrupt, "an unpacked image is damaged: its " + std::string(place.path),
                   "remove the folder " + root.parent_path().string()};
  }
  return {};
}

}  // namespace reeve::agent::image
