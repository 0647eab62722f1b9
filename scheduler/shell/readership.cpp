#include "scheduler/shell/readership.h"

namespace reeve::shell {

Readership::Shared Readership::open(const Digest& blob) {
  const std::lock_guard lock(mutex_);
  auto& shared = known_[blob];
  if (shared) {
    *shared = true;
    return shared;
  }
  shared = std::make_shared<std::atomic<bool>>(false);
  order_.push_back(blob);
  const Shared mine = shared;
  if (order_.size() > kRemembered) {
    known_.erase(order_.front());
    order_.pop_front();
  }
  return mine;
}

}  // namespace reeve::shell
