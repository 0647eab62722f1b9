#include "protocol/bundle_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "protocol/limits.h"

namespace reeve {
namespace {

constexpr std::size_t kCopyBytes = 256U << 10;
constexpr int kFoldersDeep = 64;

Error io_error(const std::string& what) {
  const int code = errno;
  return {code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
          what + ": " + std::generic_category().message(code), "check path, rights and free disk space"};
}

/// The folder that holds the last part of `path`, below `folder`; made on the way where `make` says so.
Result<Descriptor> open_parent(const Descriptor& folder, const std::string& path, bool make) {
  Descriptor at(fcntl(folder.get(), F_DUPFD_CLOEXEC, 0));
  if (!at.valid()) return io_error("cannot open a folder");
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', begin)) {
    const std::string part = path.substr(begin, slash - begin);
    if (make && mkdirat(at.get(), part.c_str(), 0777) != 0 && errno != EEXIST)
      return io_error("cannot make the folder '" + path.substr(0, slash) + "'");
    Descriptor next(openat(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) return io_error("cannot open the folder '" + path.substr(0, slash) + "'");
    at = std::move(next);
    begin = slash + 1;
  }
  return at;
}

std::string last_part(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<void> write_all(int out, const std::uint8_t* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(out, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return io_error("cannot write");
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

/// Copies exactly `size` bytes from where `in` stands.
Result<void> copy_bytes(int in, int out, std::uint64_t size, const std::string& path) {
  std::vector<std::uint8_t> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, kCopyBytes)));
  while (size > 0) {
    const ssize_t n =
        ::read(in, buffer.data(), static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size())));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("cannot read '" + path + "'");
    if (n == 0)
      return Error{ErrorCode::kConflict, "'" + path + "' became shorter while it was read",
                   "let nothing write to it meanwhile"};
    if (auto written = write_all(out, buffer.data(), static_cast<std::size_t>(n)); !written) return written;
    size -= static_cast<std::uint64_t>(n);
  }
  return {};
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

class Lister {
 public:
  Result<void> walk(int folder, const std::string& prefix, int depth) {
    if (depth > kFoldersDeep)
      return Error{ErrorCode::kExhausted, "'" + prefix + "' lies more than 64 folders deep", "flatten it"};
    const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, CloseFolder> open(copy < 0 ? nullptr : fdopendir(copy));
    if (!open) return io_error("cannot list '" + prefix + "'");
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(open.get());  // NOLINT(concurrency-mt-unsafe): each walk has its own
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (auto taken = take(folder, prefix.empty() ? name : prefix + "/" + name, name, depth); !taken)
        return taken;
    }
    if (errno != 0) return io_error("cannot list '" + prefix + "'");
    return {};
  }
  FolderListing listing;

 private:
  Result<void> take(int folder, const std::string& path, const std::string& name, int depth) {
    if (++entries_ > limits::kFilesPerBundle)
      return Error{ErrorCode::kExhausted,
                   "the folder has more than " + std::to_string(limits::kFilesPerBundle) + " entries",
                   "pack them, or leave some out"};
    if (const std::string why = unfit_path(path); !why.empty()) {
      listing.skipped.push_back({path, why});
      return {};
    }
    struct stat status {};
    if (fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};  // gone meanwhile
    if (S_ISDIR(status.st_mode)) {
      const Descriptor below(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!below.valid()) {
        listing.skipped.push_back({path, "cannot be opened"});
        return {};
      }
      return walk(below.get(), path, depth + 1);
    }
    if (S_ISREG(status.st_mode))
      listing.files.push_back(
          {path, (status.st_mode & S_IXUSR) != 0, static_cast<std::uint64_t>(status.st_size)});
    else
      listing.skipped.push_back({path, S_ISLNK(status.st_mode) ? "a link" : "no regular file"});
    return {};
  }

  std::size_t entries_ = 0;
};

Result<void> unpack_file(const Descriptor& bundle, const BundleFile& file, const Descriptor& folder) {
  auto parent = open_parent(folder, file.path, true);
  if (!parent) return parent.error();
  const std::string name = last_part(file.path);
  if (unlinkat(parent->get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return io_error("cannot replace '" + file.path + "'");
  const Descriptor out(openat(parent->get(), name.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              file.executable ? 0777 : 0666));
  if (!out.valid()) return io_error("cannot make '" + file.path + "'");
  return copy_bytes(bundle.get(), out.get(), file.size_bytes, file.path);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Result<Descriptor> open_folder(const std::filesystem::path& path) {
  Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return io_error("cannot open the folder '" + path.string() + "'");
  return folder;
}

Result<Descriptor> open_below(const Descriptor& folder, const std::string& path) {
  if (const std::string why = unfit_path(path); !why.empty())
    return Error{ErrorCode::kInvalid, why, "name a file below the folder"};
  auto parent = open_parent(folder, path, false);
  if (!parent) return parent.error();
  // Not blocking: a pipe without a writer must not hold up its reader.
  Descriptor file(openat(parent->get(), last_part(path).c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0) return io_error("cannot open '" + path + "'");
  if (!S_ISREG(status.st_mode))
    return Error{ErrorCode::kInvalid, "'" + path + "' is no regular file", "name regular files"};
  return file;
}

Result<FolderListing> list_files(const Descriptor& folder) {
  Lister lister;
  if (auto walked = lister.walk(folder.get(), "", 0); !walked) return walked.error();
  std::sort(lister.listing.files.begin(), lister.listing.files.end(),
            [](const FoundFile& a, const FoundFile& b) { return a.path < b.path; });
  return std::move(lister.listing);
}

Result<std::uint64_t> write_bundle(const Descriptor& folder, const std::vector<FoundFile>& files,
                                   const Descriptor& out) {
  std::vector<BundleFile> listed;
  listed.reserve(files.size());
  for (const FoundFile& file : files)
    listed.push_back({file.path, file.executable, file.size_bytes});
  std::sort(listed.begin(), listed.end(),
            [](const BundleFile& a, const BundleFile& b) { return a.path < b.path; });
  auto head = encode_bundle_index(listed);
  if (!head) return head.error();
  if (auto written = write_all(out.get(), head->data(), head->size()); !written) return written.error();
  std::uint64_t total = head->size();
  for (const BundleFile& file : listed) {
    auto in = open_below(folder, file.path);
    if (!in) return in.error();
    struct stat status {};
    if (fstat(in->get(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) != file.size_bytes)
      return Error{ErrorCode::kConflict, "'" + file.path + "' changed its size while it was read",
                   "let nothing write to it meanwhile"};
    if (auto copied = copy_bytes(in->get(), out.get(), file.size_bytes, file.path); !copied)
      return copied.error();
    total += file.size_bytes;
  }
  return total;
}

Result<BundleIndex> read_bundle_index(const Descriptor& file) {
  struct stat status {};
  std::array<std::uint8_t, kBundlePrefixBytes> prefix{};
  if (fstat(file.get(), &status) != 0) return io_error("cannot read a bundle");
  const ssize_t n = pread(file.get(), prefix.data(), prefix.size(), 0);
  if (n < 0) return io_error("cannot read a bundle");
  const auto length = bundle_head_bytes({prefix.data(), static_cast<std::size_t>(n)});
  if (!length) return length.error();
  Bytes head(
      static_cast<std::size_t>(std::min<std::uint64_t>(*length, static_cast<std::uint64_t>(status.st_size))));
  std::size_t have = 0;
  while (have < head.size()) {
    const ssize_t got = pread(file.get(), head.data() + have, head.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return io_error("cannot read a bundle");
    have += static_cast<std::size_t>(got);
  }
  return decode_bundle_index(head, static_cast<std::uint64_t>(status.st_size));
}

Result<std::uint64_t> unpack_bundle(const std::filesystem::path& bundle,
                                    const std::filesystem::path& folder) {
  const Descriptor file(open(bundle.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return io_error("cannot open the bundle '" + bundle.string() + "'");
  const auto index = read_bundle_index(file);
  if (!index) return index.error();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  auto into = open_folder(folder);
  if (!into) return into.error();
  if (lseek(file.get(), static_cast<off_t>(index->data_begin), SEEK_SET) < 0)
    return io_error("cannot read the bundle '" + bundle.string() + "'");
  for (const BundleFile& entry : index->files)
    if (auto unpacked = unpack_file(file, entry, *into); !unpacked) return unpacked.error();
  return index->size_bytes() - index->data_begin;
}

}  // namespace reeve
