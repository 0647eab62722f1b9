#include "scheduler/shell/folder_blob_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "protocol/digest.h"
#include "protocol/stream_file.h"
#include "scheduler/shell/descriptors.h"

namespace reeve::shell {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0600;
/// Smaller blobs stay in memory, whoever reads them; of larger ones so much is given back at once.
constexpr std::uint64_t kForgottenBytes = 4U << 20;

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.open() || fsync(fd.get()) != 0) return system_error(folder.string(), errno);
  return {};
}

Result<void> make_folder(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder.parent_path());
  if (errno == EEXIST) return {};
  return system_error(folder.string(), errno);
}

class FolderBlobWriter final : public BlobWriter {
 public:
  FolderBlobWriter(fs::path store, fs::path file, Descriptor fd, bool resumable,
                   std::shared_ptr<PieceWriter> pieces)
      : store_(std::move(store)),
        file_(std::move(file)),
        fd_(std::move(fd)),
        pieces_(std::move(pieces)),
        stream_(fd_.get(), 0, pieces_),
        resumable_(resumable) {}
  ~FolderBlobWriter() override {
    if (finished_) return;
    if (resumable_)
      stream_.flush();
    else
      unlink(file_.c_str());
  }

  /// Takes in what the file holds already.
  Result<void> read_back(std::uint64_t most_bytes) {
    std::array<std::uint8_t, 65536> buffer;
    std::uint64_t size_bytes = 0;
    while (size_bytes < most_bytes) {
      const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), most_bytes - size_bytes);
      const ssize_t bytes = ::read(fd_.get(), buffer.data(), wanted);
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0) return system_error(file_.string(), errno);
      if (bytes == 0) break;
      hash_.update({buffer.data(), static_cast<std::size_t>(bytes)});
      size_bytes += static_cast<std::uint64_t>(bytes);
    }
    if (ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0) return system_error(file_.string(), errno);
    stream_ = StreamFile(fd_.get(), size_bytes, pieces_);
    return {};
  }

  Result<void> write(ByteView bytes) override {
    hash_.update(bytes);
    if (const int error = stream_.write(bytes); error != 0) return system_error(file_.string(), error);
    return {};
  }
  std::uint64_t size_bytes() const override { return stream_.size_bytes(); }

  Result<void> finish(const Digest& expected) override {
    const Digest digest = hash_.finish();
    resumable_ = resumable_ && digest == expected;
    if (digest != expected)
      return Error{ErrorCode::kCorrupt,
                   "the bytes are those of sha256:" + to_hex(digest) + ", not of sha256:" + to_hex(expected),
                   "send the blob again"};
    const std::string name = to_hex(digest);
    const fs::path folder = store_ / name.substr(0, 2);
    if (const int error = stream_.flush(); error != 0) return system_error(file_.string(), error);
    if (fsync(fd_.get()) != 0) return system_error(file_.string(), errno);
    if (Result<void> made = make_folder(folder); !made) return made;
    if (rename(file_.c_str(), (folder / name.substr(2)).c_str()) != 0)
      return system_error(file_.string(), errno);
    finished_ = true;
    return sync_folder(folder);
  }

 private:
  fs::path store_;
  fs::path file_;
  Descriptor fd_;
  std::shared_ptr<PieceWriter> pieces_;
  StreamFile stream_;
  Sha256 hash_;
  bool resumable_;
  bool finished_ = false;
};

class FolderBlobReader final : public BlobReader {
 public:
  FolderBlobReader(fs::path file, Descriptor fd, std::uint64_t size_bytes, Readership::Shared shared)
      : file_(std::move(file)), fd_(std::move(fd)), size_bytes_(size_bytes), shared_(std::move(shared)) {}

  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> out) override {
    std::size_t got = 0;
    while (got < out.size()) {
      const ssize_t bytes =
          pread(fd_.get(), out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0) return system_error(file_.string(), errno);
      if (bytes == 0) break;
      got += static_cast<std::size_t>(bytes);
    }
    forget_before(offset + got);
    return got;
  }

 private:
  /// Gives the kernel back what it read ahead for nobody else.
  void forget_before(std::uint64_t offset) {
    const bool due = offset >= forgotten_ + kForgottenBytes || (offset == size_bytes_ && forgotten_ > 0);
    if (!due || *shared_) return;
    posix_fadvise(fd_.get(), 0, static_cast<off_t>(offset), POSIX_FADV_DONTNEED);
    forgotten_ = offset;
  }

  fs::path file_;
  Descriptor fd_;
  std::uint64_t size_bytes_;
  Readership::Shared shared_;
  std::uint64_t forgotten_ = 0;  // everything before
};

bool digest_from_path(const fs::path& file, Digest& digest) {
  return from_hex(file.parent_path().filename().string() + file.filename().string(), digest.bytes);
}

BlobInfo info_from(const Digest& digest, const struct stat& status) {
  return {digest, static_cast<std::uint64_t>(status.st_size),
          Time{std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec}};
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

Result<std::unique_ptr<FolderBlobStore>> FolderBlobStore::open(const fs::path& folder) {
  if (Result<void> made = make_folder(folder); !made) return made.error();
  if (Result<void> made = make_folder(folder / "incoming"); !made) return made.error();
  for (const fs::path& left_over : sorted_entries(folder / "incoming")) {
    Digest name;
    if (!from_hex(left_over.filename().string(), name.bytes)) unlink(left_over.c_str());
  }
  return std::unique_ptr<FolderBlobStore>(new FolderBlobStore(folder));
}

Result<std::unique_ptr<BlobWriter>> FolderBlobStore::begin() {
  std::string name = (folder_ / "incoming" / "XXXXXX").string();
  Descriptor fd(mkostemp(name.data(), O_CLOEXEC));
  if (!fd.open()) return system_error(name, errno);
  fchmod(fd.get(), kFileMode);
  return std::unique_ptr<BlobWriter>(
      std::make_unique<FolderBlobWriter>(folder_, name, std::move(fd), false, pieces_));
}

Result<std::unique_ptr<BlobWriter>> FolderBlobStore::resume(const Digest& name) {
  const fs::path file = partial_path(name);
  Descriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!fd.open()) return system_error(file.string(), errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return begin();  // another writer has it now
  auto writer = std::make_unique<FolderBlobWriter>(folder_, file, std::move(fd), true, pieces_);
  if (Result<void> done = writer->read_back(kResumedBytes); !done) return done.error();
  return std::unique_ptr<BlobWriter>(std::move(writer));
}

fs::path FolderBlobStore::partial_path(const Digest& name) const {
  return folder_ / "incoming" / to_hex(name);
}

bool FolderBlobStore::has_partial(const Digest& name) const {
  return access(partial_path(name).c_str(), F_OK) == 0;
}

Result<void> FolderBlobStore::sweep(Time before) {
  for (const fs::path& file : sorted_entries(folder_ / "incoming")) {
    Digest name;
    struct stat status {};
    if (!from_hex(file.filename().string(), name.bytes) || stat(file.c_str(), &status) != 0) continue;
    if (info_from(name, status).stored < before && unlink(file.c_str()) != 0 && errno != ENOENT)
      return system_error(file.string(), errno);
  }
  return {};
}

fs::path FolderBlobStore::path_of(const Digest& digest) const {
  const std::string name = to_hex(digest);
  return folder_ / name.substr(0, 2) / name.substr(2);
}

bool FolderBlobStore::has(const Digest& digest) const {
  return access(path_of(digest).c_str(), F_OK) == 0;
}

Result<BlobInfo> FolderBlobStore::info(const Digest& digest) const {
  struct stat status {};
  if (stat(path_of(digest).c_str(), &status) != 0) {
    if (errno == ENOENT)
      return Error{ErrorCode::kNotFound, "no blob sha256:" + to_hex(digest) + " is held", ""};
    return system_error(path_of(digest).string(), errno);
  }
  return info_from(digest, status);
}

Result<std::unique_ptr<BlobReader>> FolderBlobStore::open(const Digest& digest) const {
  const fs::path path = path_of(digest);
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open() && errno == ENOENT)
    return Error{ErrorCode::kNotFound, "no blob sha256:" + to_hex(digest) + " is held", ""};
  struct stat status {};
  if (!fd.open() || fstat(fd.get(), &status) != 0) return system_error(path.string(), errno);
  posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<BlobReader>(std::make_unique<FolderBlobReader>(
      path, std::move(fd), static_cast<std::uint64_t>(status.st_size), readership_.open(digest)));
}

Result<void> FolderBlobStore::remove(const Digest& digest) {
  const fs::path path = path_of(digest);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(path.string(), errno);
  return {};
}

Result<void> FolderBlobStore::list(const std::function<bool(const BlobInfo&)>& visit) const {
  for (const fs::path& folder : sorted_entries(folder_)) {
    for (const fs::path& file : sorted_entries(folder)) {
      Digest digest;
      struct stat status {};
      if (!digest_from_path(file, digest) || stat(file.c_str(), &status) != 0) continue;
      if (!visit(info_from(digest, status))) return {};
    }
  }
  return {};
}

std::uint64_t FolderBlobStore::free_bytes() const {
  struct statvfs status {};
  if (statvfs(folder_.c_str(), &status) != 0) return 0;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace reeve::shell
