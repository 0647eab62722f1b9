#include "agent/image/cache.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

#include "agent/image/bounds.h"
#include "agent/image/facts.h"
#include "agent/image/places.h"
#include "agent/sandbox/scratch.h"
#include "agent/sandbox/watch.h"
#include "protocol/digest.h"

namespace reeve::agent::image {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Below an image's folder: all that the unpacking program sees, and beside it what it cannot touch.
constexpr const char* kInner = "image";
constexpr const char* kSizeName = "size";
constexpr const char* kPart = ".part";
constexpr const char* kGone = ".gone";
constexpr auto kLook = std::chrono::milliseconds(50);
/// Of a program that reads a stream: libarchive's buffers, a window of zstd, the names of a layer.
constexpr std::uint64_t kMemoryBytes = 1ULL << 30;
constexpr std::uint64_t kTmpBytes = 16ULL << 20;
constexpr std::uint64_t kOutputBytes = 64U << 10;
constexpr std::uint32_t kProcesses = 8;
constexpr std::uint32_t kOpenFiles = 256;
/// Beside the entries of the image: the places of a sandbox.
constexpr std::uint32_t kOwnFiles = 64;
/// Where they stand in the sandbox.
constexpr const char* kProgram = "/image/unpack";
constexpr const char* kArchive = "/image/archive";

Error failed(const std::string& what, const fs::path& path) {
  return {ErrorCode::kIo, what + " " + path.string() + ": " + std::strerror(errno),
          "look at the agent's disk and at the rights of its home"};
}

Descriptor open_locked(const fs::path& path, int lock) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.valid() && flock(folder.get(), lock | LOCK_NB) != 0) return Descriptor();
  return folder;
}

/// Whether the path still names what was opened.
bool still_at(const Descriptor& folder, const fs::path& path) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(folder.get(), &ours) == 0 && lstat(path.c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

/// Removes a folder that nobody holds; false where somebody does.
bool remove_unused(const fs::path& path) {
  const Descriptor ours = open_locked(path, LOCK_EX);
  if (!ours.valid() || !still_at(ours, path)) return false;
  const fs::path gone = path.extension() == kGone ? path : fs::path(path.string() + kGone);
  return rename(path.c_str(), gone.c_str()) == 0 && sandbox::remove_tree(gone).ok();
}

sandbox::Bounds bounds_of(std::uint64_t limit_bytes) {
  sandbox::Bounds bounds;
  bounds.memory_bytes = kMemoryBytes;
  bounds.processes = kProcesses;
  bounds.open_files = kOpenFiles;
  bounds.disk_bytes = limit_bytes;
  bounds.files = static_cast<std::uint32_t>(bounds::kEntries) + kOwnFiles;
  bounds.tmp_bytes = kTmpBytes;
  bounds.output_bytes = kOutputBytes;
  bounds.time = kUnpackTime;
  return bounds;
}

/// What the program said, or how it ended.
Result<void> judge(const sandbox::Outcome& outcome) {
  if (outcome.good()) return {};
  if (outcome.exceeded == sandbox::Bound::kCancelled)
    return Error{ErrorCode::kConflict, "it was cancelled while its image was unpacked", ""};
  if (outcome.exceeded != sandbox::Bound::kNone)
    return Error{outcome.exceeded == sandbox::Bound::kTime ? ErrorCode::kTimeout : ErrorCode::kExhausted,
                 "the image could not be unpacked: " + outcome.how, "make it smaller"};
  const std::string text(outcome.output.begin(), outcome.output.end());
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::size_t rest = std::min(line + 1, text.size());
  const std::string hint = text.substr(rest, std::min(text.find('\n', rest), text.size()) - rest);
  switch (text.empty() ? 2 : outcome.exit_status) {
    case 1: return Error{ErrorCode::kInvalid, text.substr(0, line), hint};
    case 3: return Error{ErrorCode::kExhausted, text.substr(0, line), hint};
    default:
      return Error{ErrorCode::kIo,
                   text.empty() ? "the image could not be unpacked: " + outcome.how : text.substr(0, line),
                   hint};
  }
}

Result<Facts> load_facts(const fs::path& inner) {
  const Error damaged{ErrorCode::kCorrupt, "what is known of an unpacked image is damaged",
                      "remove the folder " + inner.parent_path().string()};
  const auto folder = open_folder(inner);
  if (!folder) return folder.error();
  const auto file = open_below(*folder, kFactsName);
  if (!file) return damaged;
  Bytes bytes(bounds::kDocumentBytes);
  const ssize_t n = pread(file->get(), bytes.data(), bytes.size(), 0);
  Facts facts;
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (!from_archive(bytes, facts) || facts.environment.size() > bounds::kVariables) return damaged;
  return facts;
}

}  // namespace

fs::path ImageCache::path_of(const Digest& digest) const {
  return options_.folder / to_hex(digest);
}

Result<Image> ImageCache::open(const Digest& digest, const fs::path& archive, sandbox::Sandbox& sandbox,
                               const Cancelled& cancelled) {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  const auto end = Clock::now() + std::chrono::nanoseconds(kUnpackTime.ns);
  bool renewed = false;
  while (Clock::now() < end) {
    Image image;
    const auto found = hold(digest, image);
    // Damaged, or of an agent of another version: it is made anew, once.
    if (!found && found.error().code == ErrorCode::kCorrupt && !std::exchange(renewed, true) &&
        remove_unused(path_of(digest)))
      continue;
    if (!found) return found.error();
    if (*found == Found::kImage) return image;
    if (cancelled()) return Error{ErrorCode::kConflict, "it was cancelled while it waited for its image", ""};
    const fs::path part = path_of(digest).string() + kPart;
    Descriptor ours = *found == Found::kBusy ? Descriptor() : take_part(part);
    if (!ours.valid()) {
      std::this_thread::sleep_for(kLook);
      continue;
    }
    shrink();
    auto unpacked = unpack(part, archive, sandbox, cancelled);
    if (unpacked && rename(part.c_str(), path_of(digest).c_str()) != 0)
      unpacked = failed("cannot rename", part);
    if (!unpacked) {
      (void)sandbox::remove_tree(part).ok();  // else whoever takes the part next does
      return unpacked.error();
    }
    if (flock(ours.get(), LOCK_SH | LOCK_NB) != 0 || !still_at(ours, path_of(digest))) continue;
    if (auto used = use(digest, std::move(ours), image); !used) return used.error();
    shrink();
    return image;
  }
  return Error{ErrorCode::kTimeout, "another task did not end unpacking this task's image",
               "look at the agent's disk"};
}

Result<ImageCache::Found> ImageCache::hold(const Digest& digest, Image& image) const {
  const fs::path path = path_of(digest);
  std::error_code error;
  if (!fs::exists(path, error)) return Found::kNothing;
  Descriptor ours = open_locked(path, LOCK_SH);
  if (!ours.valid() || !still_at(ours, path)) return Found::kBusy;
  if (auto used = use(digest, std::move(ours), image); !used) return used.error();
  return Found::kImage;
}

Result<void> ImageCache::use(const Digest& digest, Descriptor hold, Image& image) const {
  const fs::path inner = path_of(digest) / kInner;
  if (auto good = check_places(inner / kRootName); !good) return good;
  auto facts = load_facts(inner);
  if (!facts) return facts.error();
  image = {inner / kRootName, std::move(facts->environment), std::move(hold)};
  futimens(image.hold.get(), nullptr);  // only the order of eviction hangs on it
  return {};
}

/// An empty folder of the caller's own; invalid where another has it, or had it a moment ago.
Descriptor ImageCache::take_part(const fs::path& part) {
  mkdir(part.c_str(), 0700);  // or it is there
  Descriptor ours = open_locked(part, LOCK_EX);
  if (!ours.valid() || !still_at(ours, part)) return Descriptor();
  if (!sandbox::fresh_folder(part / kInner)) return Descriptor();
  return ours;
}

Result<void> ImageCache::unpack(const fs::path& part, const fs::path& archive, sandbox::Sandbox& sandbox,
                                const Cancelled& cancelled) const {
  std::error_code error;
  if (!fs::exists(options_.unpacker, error))
    return Error{ErrorCode::kNotFound, "no program " + options_.unpacker.string(),
                 "install reeve-unpack-image beside reeve-agent"};
  sandbox::Command command;
  command.work = part / kInner;
  command.mounts = {{options_.unpacker, kProgram}, {archive, kArchive}};
  command.program = kProgram;
  command.args = {kArchive, sandbox::kWorkFolder, std::to_string(options_.limit_bytes)};
  command.keep_output = true;
  command.cancelled = cancelled;
  const auto outcome = sandbox.run(command, bounds_of(options_.limit_bytes));
  if (!outcome) return outcome.error();
  if (auto judged = judge(*outcome); !judged) return judged;
  const sandbox::FolderUse use = sandbox::folder_use(part / kInner, bounds_of(UINT64_MAX));
  std::ofstream size(part / kSizeName);
  size << use.bytes << "\n";
  size.close();
  // A machine that loses its power must not find an image that is whole by its name and hollow.
  const auto folder = open_folder(part);
  if (!size || !folder || syncfs(folder->get()) != 0) return failed("cannot write", part);
  return {};
}

void ImageCache::shrink() const {
  struct Unpacked {
    fs::path path;
    fs::file_time_type used;
    std::uint64_t bytes = 0;
  };
  std::error_code error;
  std::vector<Unpacked> images;
  std::uint64_t total = 0;
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    if (entry.path().has_extension()) {
      remove_unused(entry.path());  // unfinished; where somebody is at it, it is locked
      continue;
    }
    Unpacked one{entry.path(), fs::last_write_time(entry.path(), error)};
    std::ifstream(entry.path() / kSizeName) >> one.bytes;
    total += one.bytes;
    images.push_back(std::move(one));
  }
  std::sort(images.begin(), images.end(), [](const auto& a, const auto& b) { return a.used < b.used; });
  for (const Unpacked& one : images) {
    if (total <= options_.limit_bytes) return;
    if (remove_unused(one.path)) total -= one.bytes;
  }
}

std::string why_no_images(const fs::path& programs) {
  std::error_code error;
  if (!fs::exists(programs / "reeve-unpack-image", error))
    return "no program " + (programs / "reeve-unpack-image").string();
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const Descriptor root(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how)));
  return root.valid() ? "" : std::string("the kernel has no openat2 (Linux 5.6): ") + std::strerror(errno);
}

}  // namespace reeve::agent::image
