#include "protocol/poll.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "protocol/socket_parts.h"

namespace reeve::net {

Wakeup::Wakeup() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  REEVE_CHECK(descriptor_ >= 0, "the system gives an eventfd");
}

Wakeup::~Wakeup() {
  ::close(descriptor_);
}

void Wakeup::wake() {
  const std::uint64_t one = 1;
  // EAGAIN: the counter is full, so the thread wakes anyhow.
  while (::write(descriptor_, &one, sizeof one) < 0 && errno == EINTR)
    continue;
}

void Wakeup::clear() {
  std::uint64_t count = 0;
  while (::read(descriptor_, &count, sizeof count) < 0 && errno == EINTR)
    continue;
}

struct Poller::Items {
  std::vector<zmq_pollitem_t> list;
};

Poller::Poller() : items_(std::make_unique<Items>()) {}
Poller::~Poller() = default;

Poller::Slot Poller::watch(void* socket) {
  items_->list.push_back({socket, 0, ZMQ_POLLIN, 0});
  return items_->list.size() - 1;
}

Poller::Slot Poller::watch(const Wakeup& wakeup) {
  return watch_descriptor(wakeup.descriptor());
}

Poller::Slot Poller::watch_descriptor(int descriptor) {
  items_->list.push_back({nullptr, descriptor, ZMQ_POLLIN, 0});
  return items_->list.size() - 1;
}

bool Poller::wait(Duration timeout) {
  auto& list = items_->list;
  const int ready = zmq_poll(list.data(), static_cast<int>(list.size()), milliseconds_of(timeout));
  if (ready < 0) {
    REEVE_CHECK(errno == EINTR, "a poller watches sockets that are open");
    for (auto& item : list)
      item.revents = 0;
  }
  return ready > 0;
}

bool Poller::ready(Slot slot) const {
  return (items_->list[slot].revents & ZMQ_POLLIN) != 0;
}

}  // namespace reeve::net
