#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "protocol/units.h"

namespace reeve::net {

/// Wakes a thread that waits in a Poller, from any other one (eventfd).
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// Thread-safe, never waits; many calls before clear() count as one.
  void wake();
  void clear();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Waits for several sockets, wakeups and file descriptors at once. Used by one thread.
class Poller {
 public:
  using Slot = std::size_t;

  Poller();
  ~Poller();
  /// `socket` is raw() of a socket, watched for something to receive.
  Slot watch(void* socket);
  Slot watch(const Wakeup& wakeup);
  Slot watch_descriptor(int descriptor);

  /// True if anything is ready; false after the timeout or a signal.
  bool wait(Duration timeout);
  /// Of the last wait().
  bool ready(Slot slot) const;

 private:
  struct Items;
  std::unique_ptr<Items> items_;
};

}  // namespace reeve::net
