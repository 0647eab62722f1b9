#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "protocol/bundle.h"
#include "protocol/result.h"

/// Bundles and folders. Every file is opened below one folder's descriptor, component by component, and never
/// through a link: a folder that a stranger's program wrote cannot lead out of itself.
namespace reeve {

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Opens a folder, following links. Errors: kNotFound, kIo.
Result<Descriptor> open_folder(const std::filesystem::path& path);
/// Opens what stands at `path` below `folder` for reading, if it is a regular file reached without a link.
/// Errors: kNotFound; kInvalid for anything that is no regular file.
Result<Descriptor> open_below(const Descriptor& folder, const std::string& path);

/// A regular file below a folder.
struct FoundFile {
  std::string path;
  bool executable = false;
  std::uint64_t size_bytes = 0;
};
/// What list_files() passed over.
struct SkippedFile {
  std::string path;
  std::string why;
};
struct FolderListing {
  std::vector<FoundFile> files;  // ascending by path
  std::vector<SkippedFile> skipped;
};
/// Every regular file below a folder. Links, devices, pipes and sockets are passed over and said.
/// Errors: kIo; kExhausted beyond limits::kFilesPerBundle entries, or 64 folders deep.
Result<FolderListing> list_files(const Descriptor& folder);

/// Writes a bundle of these files below `folder` to `out`, and returns its size. A file that has changed its
/// size since it was listed is an error (kConflict): nothing half is ever written as if it were whole.
Result<std::uint64_t> write_bundle(const Descriptor& folder, const std::vector<FoundFile>& files,
                                   const Descriptor& out);

/// Reads the index of a bundle in a file. Errors: kNotFound, kIo, kCorrupt.
Result<BundleIndex> read_bundle_index(const Descriptor& file);

/// Writes the files of a bundle below `folder`, which is made where it is missing. Files that are there are
/// replaced; a link there is never followed. Returns the bytes written.
Result<std::uint64_t> unpack_bundle(const std::filesystem::path& bundle, const std::filesystem::path& folder);

}  // namespace reeve
