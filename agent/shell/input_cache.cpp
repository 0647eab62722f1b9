#include "agent/shell/input_cache.h"

#include <algorithm>
#include <vector>

#include "agent/shell/files.h"
#include "protocol/digest.h"

namespace reeve::agent {

Result<std::unique_ptr<InputCache>> InputCache::open(const std::filesystem::path& folder,
                                                     std::uint64_t limit_bytes) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{ErrorCode::kIo, "cannot create " + folder.string() + ": " + error.message(), ""};
  std::unique_ptr<InputCache> cache(new InputCache(folder, limit_bytes));
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::directory_entry>> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    files.emplace_back(entry.last_write_time(error), entry);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [time, entry] : files) {
    Digest digest;
    if (from_hex(entry.path().filename().string(), digest.bytes))
      cache->insert(digest, entry.file_size(error));
  }
  cache->shrink();
  return cache;
}

std::filesystem::path InputCache::path(const Digest& digest) const {
  return folder_ / to_hex(digest);
}

std::filesystem::path InputCache::partial_path(const Digest& digest) const {
  return folder_ / (to_hex(digest) + ".part");
}

void InputCache::insert(const Digest& digest, std::uint64_t size_bytes) {
  by_use_.push_front(digest);
  entries_[digest] = {size_bytes, by_use_.begin()};
  size_bytes_ += size_bytes;
}

void InputCache::pin(const Digest& digest) {
  pinned_.insert(digest);
  const auto entry = entries_.find(digest);
  if (entry == entries_.end()) return;
  by_use_.splice(by_use_.begin(), by_use_, entry->second.position);
  std::error_code ignored;  // only the order of eviction after a restart hangs on it
  std::filesystem::last_write_time(path(digest), std::filesystem::file_time_type::clock::now(), ignored);
}

void InputCache::unpin(const Digest& digest) {
  pinned_.erase(digest);
  shrink();
}

Result<void> InputCache::adopt(const Digest& digest, std::uint64_t size_bytes) {
  std::error_code error;
  std::filesystem::rename(partial_path(digest), path(digest), error);
  if (error)
    return Error{ErrorCode::kIo, "cannot rename a download in " + folder_.string() + ": " + error.message(),
                 ""};
  if (!has(digest)) insert(digest, size_bytes);
  return {};
}

void InputCache::shrink() {
  for (auto oldest = by_use_.end(); size_bytes_ > limit_bytes_ && oldest != by_use_.begin();) {
    --oldest;
    const auto entry = entries_.find(*oldest);
    if (pinned_.contains(*oldest)) continue;
    std::error_code ignored;  // a file that is gone already is what was wanted
    std::filesystem::remove(path(*oldest), ignored);
    size_bytes_ -= entry->second.size_bytes;
    entries_.erase(entry);
    oldest = by_use_.erase(oldest);
  }
}

}  // namespace reeve::agent
