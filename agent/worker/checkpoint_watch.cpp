#include "agent/worker/checkpoint_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>

#include "protocol/bundle_files.h"
#include "protocol/leaves.h"

namespace reeve::agent::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::int64_t kSecond = 1'000'000'000;
/// Between two bundles: the region asks for no more.
constexpr std::int64_t kEvery = 5 * kSecond;
/// Files that never stand still are taken after this time, if they are the same before and after.
constexpr std::int64_t kPatience = 3 * kSecond;

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool counts(const std::string& path) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = path.find('/', begin);
    const std::string part = path.substr(begin, end == std::string::npos ? end : end - begin);
    if (part.starts_with(".") || part.ends_with(".tmp")) return false;
    if (end == std::string::npos) return true;
    begin = end + 1;
  }
}

/// The program may have put a link in its place, which is not followed.
Descriptor open_checkpoints(const fs::path& work) {
  const Descriptor folder(open(work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return Descriptor(openat(folder.get(), kCheckpointFolder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Those of its files that count.
std::vector<FoundFile> files_of(const Descriptor& folder) {
  if (!folder.valid()) return {};
  auto listing = list_files(folder);
  if (!listing) return {};
  std::erase_if(listing->files, [](const FoundFile& file) { return !counts(file.path); });
  return std::move(listing->files);
}

/// Of a whole file as one leaf.
std::optional<Digest> root_of(const Descriptor& file) {
  ResultHasher hasher(0);
  std::array<std::uint8_t, 65536> buffer;
  off_t at = 0;
  for (;;) {
    const ssize_t n = pread(file.get(), buffer.data(), buffer.size(), at);
    if (n < 0) return std::nullopt;
    if (n == 0) return hasher.finish().root;
    if (!hasher.add({buffer.data(), static_cast<std::size_t>(n)})) return std::nullopt;
    at += n;
  }
}

/// Of all watches of this process: each has names of its own.
std::uint64_t next_number() {
  static std::atomic<std::uint64_t> next{0};
  return ++next;
}

}  // namespace

CheckpointWatch::CheckpointWatch(fs::path work, fs::path out, std::uint64_t most_bytes)
    : work_(std::move(work)), out_(std::move(out)), most_bytes_(most_bytes) {
  shipped_ = list();  // what an earlier attempt left is known already
  thread_ = std::thread([this] { run(); });
}

CheckpointWatch::~CheckpointWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (made_) unlink(made_->file.c_str());
}

std::optional<MadeCheckpoint> CheckpointWatch::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(made_, std::nullopt);
}

std::string CheckpointWatch::too_large() const {
  const std::lock_guard lock(mutex_);
  return too_large_;
}

void CheckpointWatch::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLookEvery, [this] { return stop_; })) {
    lock.unlock();
    look(steady_ns());
    lock.lock();
  }
}

CheckpointWatch::Listing CheckpointWatch::list() const {
  Listing listing;
  const Descriptor folder = open_checkpoints(work_);
  for (const FoundFile& file : files_of(folder)) {
    struct stat at {};
    const auto opened = open_below(folder, file.path);
    if (!opened || fstat(opened->get(), &at) != 0) return {};  // it moves: there is another look
    listing.push_back(
        {file.path, file.size_bytes, at.st_ino, at.st_mtim.tv_sec * kSecond + at.st_mtim.tv_nsec});
  }
  return listing;
}

void CheckpointWatch::look(std::int64_t now_ns) {
  Listing listing = list();
  const bool stands_still = listing == last_;
  last_ = listing;
  if (listing.empty() || listing == shipped_) {
    moving_since_ns_ = 0;
    return;
  }
  if (moving_since_ns_ == 0) moving_since_ns_ = now_ns;
  if (!stands_still && now_ns - moving_since_ns_ < kPatience) return;
  if (made_ns_ != 0 && now_ns - made_ns_ < kEvery) return;
  std::optional<MadeCheckpoint> made = pack(listing);
  if (!made) return;
  shipped_ = std::move(listing);
  made_ns_ = steady_ns();
  moving_since_ns_ = 0;
  const std::lock_guard lock(mutex_);
  if (made_) unlink(made_->file.c_str());
  made_ = std::move(made);
}

std::optional<MadeCheckpoint> CheckpointWatch::pack(const Listing& expected) {
  std::uint64_t size = 0;
  for (const Seen& file : expected)
    size += file.size_bytes + file.path.size() + 16;
  if (size > most_bytes_) {
    const std::lock_guard lock(mutex_);
    too_large_ = "its checkpoint has " + std::to_string(size) + " bytes where the step allows " +
                 std::to_string(most_bytes_);
    return std::nullopt;
  }
  const Descriptor folder = open_checkpoints(work_);
  const std::vector<FoundFile> files = files_of(folder);
  const std::string path = (out_ / ("checkpoint-" + std::to_string(next_number()))).string();
  const Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return std::nullopt;
  const auto written = write_bundle(folder, files, file);
  std::optional<Digest> root;
  if (written && list() == expected) root = root_of(file);
  if (root) return MadeCheckpoint{path, *root, written.value()};
  unlink(path.c_str());
  return std::nullopt;
}

}  // namespace reeve::agent::worker
