#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "protocol/bytes.h"

namespace reeve::shell {

/// Which blobs are read more than once. A blob's first reader need not leave it in memory: most inputs of a
/// gigabyte are read by one agent, and would push out what others read. Who comes second shows that more will
/// come. May be used by several threads at once.
class Readership {
 public:
  /// A blob that so many others came after is as good as new: a megabyte or two of digests.
  static constexpr std::size_t kRemembered = 16384;

  /// Of one blob: true once it was opened a second time.
  using Shared = std::shared_ptr<const std::atomic<bool>>;

  /// Notes a reader.
  Shared open(const Digest& blob);

 private:
  std::mutex mutex_;
  std::map<Digest, std::shared_ptr<std::atomic<bool>>> known_;
  std::deque<Digest> order_;  // of their first readers
};

}  // namespace reeve::shell
